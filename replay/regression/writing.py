"""A test written from a recording: one that a person would have written, and goes on editing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import ceil
from pathlib import PurePath
from typing import Any

from replay.dialects.cassette import Cassette
from replay.errors import UsageError
from replay.events import Entry
from replay.regression.trajectory import Trajectory

LONGEST = 300
"""Characters of an output that is expected word for word."""

WIDTH = 100
INDENT = 4 + len("cassette.expect.")

_PYTHON = re.compile(r"(python|pypy)[0-9.]*t?(\.exe)?")


def source(cassette: Cassette, trajectory: Trajectory, mark: str, name: str) -> str:
    """The test file. ``mark``: what its mark calls the cassette; ``name``: of the test function.

    Raises :class:`UsageError` when the recorded program is none that a test can run.
    """
    head, call = _call(cassette.header.entry, str(cassette.path))
    checks = list(_checks(trajectory))
    body = [call, *(f"cassette.expect.{check}" for check in checks)]
    lines = [
        f'"""The run of {_words(cassette.path.stem)}, as it was recorded: no network, no key, no cost."""',
        "",
        *[f"import {module}" for module in sorted({"pytest", *(head or ())}, key=_order)],
        "",
        "",
        f"@pytest.mark.replay({json.dumps(mark, ensure_ascii=False)})",
        f"def {name}(cassette):",
        *[f"    {line}" for line in body],
    ]
    return "\n".join(lines) + "\n"


def test_name(text: str) -> str:
    """The name of a test function for what is called ``text``."""
    return f"test_{re.sub(r'[^a-z0-9]+', '_', text.lower()).strip('_') or 'run'}"


def _words(text: str) -> str:
    """``text`` as it can stand in a docstring."""
    return re.sub(r"[^\w .,()-]+", " ", text)


def _order(module: str) -> tuple[bool, str]:
    return module == "pytest", module


def _call(entry: Entry, path: str) -> tuple[tuple[str, ...], str]:
    """The modules to import, and the line that runs what was recorded."""
    if entry.function:
        module, _, function = entry.function.partition(":")
        if not all(part.isidentifier() for part in (*module.split("."), *function.split("."))):
            raise UsageError(f"{path} names no function: {entry.function!r}", hint="write the test by hand")
        return (module,), f"{module}.{function}()"
    if entry.node:
        raise UsageError(f"{path} was recorded by a test already", hint=f"pytest {entry.node}")
    program, *words = entry.argv or ("",)
    if not _PYTHON.fullmatch(PurePath(program).name):
        raise UsageError(
            f"{path} was recorded by {program or 'nobody'}, which no test can run", hint=f"replay play {path}"
        )
    return (), _python(words, path)


def _python(words: list[str], path: str) -> str:
    """The line that runs ``python WORDS``."""
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] not in ("-m", "-c", "-"):
        rest.pop(0)
    if rest[:1] == ["-m"] and len(rest) > 1:
        return f"cassette.run_module({_arguments(rest[1:])})"
    if not rest or rest[0] in ("-c", "-"):
        raise UsageError(f"{path} was recorded by code without a file", hint="record a script or a module")
    return f"cassette.run_script({_arguments(rest)})"


def _arguments(words: list[str]) -> str:
    return ", ".join(json.dumps(word, ensure_ascii=False) for word in words)


def _checks(run: Trajectory) -> Iterator[str]:
    """What holds of the recorded run, as sentences."""
    if run.tools:
        yield _folded("called", [json.dumps(tool, ensure_ascii=False) for tool in run.tools])
    if run.llm_calls:
        yield f"llm_calls({len(run.llm_calls)})"
    if run.cost:
        yield f"cost(at_most={_above(run.cost)})"
    output = run.output
    if output is not None and len(shown := _literal(output)) <= LONGEST:
        yield _folded("output", [shown])


def _folded(name: str, values: list[str]) -> str:
    line = f"{name}({', '.join(values)})"
    if len(line) + INDENT <= WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"        {value}," for value in values), "    )"])


def _literal(value: Any) -> str:
    """JSON-like data as Python writes it, text in double quotes."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _above(cost: float) -> str:
    """A round number of USD, a tenth above ``cost`` or a little more."""
    digits = 1
    while cost * 10**digits < 10:
        digits += 1
    return f"{ceil(cost * 1.1 * 10**digits) / 10**digits:.{digits}f}"
