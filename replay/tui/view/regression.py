"""A pytest test that runs this run again and holds what was looked at."""

from __future__ import annotations

import re

from replay.dialects.cassette import Cassette
from replay.dialects.steps import Step
from replay.errors import UsageError
from replay.tui.view.viewer import Viewer

MAX_VALUE = 2_000
"""Characters of a value that is asserted in full; of a longer one, its beginning."""

_TEMPLATE = '''"""Holds what was seen at step {number} of {name}."""

from pathlib import Path

import replay

CASSETTE = Path({path!r})


def test_{slug}_runs_as_recorded():
    assert replay.verify(CASSETTE).identical


def test_{slug}_step_{number}():
    step = replay.open(CASSETTE).steps[{index}]
{asserts}
'''


def slug(cassette: Cassette) -> str:
    """The cassette's name as a part of a Python name."""
    return re.sub(r"\W+", "_", cassette.path.stem).strip("_").lower() or "run"


def test_source(viewer: Viewer, path: str) -> str:
    """The source of the test; the cassette is ``path`` to it.

    Raises :class:`UsageError` when the run cannot be run again by its command line.
    """
    cassette = viewer.runs.b or viewer.runs.a
    row = viewer.row
    step = (row.b if viewer.runs.b else row.a) if row else None
    if step is None:
        raise UsageError("this row is not in the run now", hint="choose a row that is, then o")
    entry = cassette.header.entry
    if not entry.argv:
        made = f"the test {entry.node}" if entry.node else "replay.record(…) in a program"
        raise UsageError(f"this run was recorded by {made}", hint="use @pytest.mark.replay there")
    asserts = "\n".join(f"    assert {each}" for each in _asserts(step))
    return _TEMPLATE.format(
        number=step.number, index=step.number - 1, name=cassette.path.name, path=path, slug=slug(cassette),
        asserts=asserts,
    )  # fmt: skip


def _asserts(step: Step) -> list[str]:
    found = [f"(step.kind, step.name, step.status) == {(step.kind, step.name, step.status)!a}"]
    value = step.value
    if value is not None:
        is_whole = len(value) <= MAX_VALUE
        found.append(f"step.value == {value!a}" if is_whole else f"step.value.startswith({value[:MAX_VALUE]!a})")
    if step.answer is not None and step.answer.tool_calls:
        calls = [(call.name, call.arguments) for call in step.answer.tool_calls]
        found.append(f"[(call.name, call.arguments) for call in step.answer.tool_calls] == {calls!a}")
    return found
