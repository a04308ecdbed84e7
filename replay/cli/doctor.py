"""``replay doctor``: what holds here, which libraries are seen, and what in a program is never the same twice."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import click

from replay.cli import output, settings
from replay.cli.command import json_option, program, verb
from replay.errors import UsageError

SCHEMA = "replay.doctor/1"
RUN_SCHEMA = "replay.doctor-run/1"


@verb("doctor", "What holds here; with --run, what in a program is never the same.", takes_program=True)
@click.option("--run", is_flag=True, help="Run CMD once for real and twice again; list what differs by itself.")
@json_option
def command(run: bool, as_json: bool) -> int:
    """\b
    Examples:
      replay doctor
      replay doctor --run -- python agent.py

    Print which settings won and where they come from, the libraries found in this interpreter and the taps they get,
    and whether the `python` on your PATH can be recorded.
    With --run, record CMD once for real, run it twice more against the recorded answers, in new processes and under
    another hash seed, and list by source line what is not deterministic in the program itself, with what to do.
    The exit code is 0 when there is nothing, 1 when there is something.
    """
    if run or program():
        return _examine(run, as_json)
    found = {
        "replay": version("replay-debugger"),
        "python": {"version": platform.python_version(), "path": sys.executable, "platform": platform.platform()},
        "settings": _settings(),
        "unknown_keys": _unknown_keys(),
        "libraries": _libraries(),
        "interpreters": [_interpreter(name) for name in ("python", "python3") if shutil.which(name)],
    }
    if as_json:
        output.json(SCHEMA, found)
    else:
        _print(found)
    return 0


def _examine(run: bool, as_json: bool) -> int:
    from replay.cli import steady
    from replay.report.steadiness import told

    argv = program()
    if not run or not argv:
        raise UsageError("which program shall be examined?", hint="replay doctor --run -- python agent.py")
    found = steady.examine(argv, lambda words: output.note(f"replay: {words}"))
    if as_json:
        output.json(RUN_SCHEMA, found.to_dict())
    else:
        output.data("\n".join(told(found.steps, found.findings, found.problems, found.served)))
    output.note(*(f"replay: error: {line}" for line in found.unseen))
    return found.code


def _settings() -> list[dict[str, Any]]:
    """Every option with its value and the place that this comes from: the variable, the file, or its default."""
    file = settings.load(Path.cwd())
    found: dict[str, dict[str, Any]] = {}
    for verb_command in _commands():
        values = settings.defaults(verb_command, file)
        for option in settings.options(verb_command):
            found[settings.key(option)] = _setting(option, values, file)
    return [found[name] for name in sorted(found)]


def _setting(option: click.Option, values: dict[str, Any], file: settings.File) -> dict[str, Any]:
    name, variable = settings.key(option), settings.variable(option)
    if os.environ.get(variable):
        value, source = os.environ[variable], variable
    elif option.name in values:
        value, source = values[option.name], str(file.path)
    else:
        value, source = option.to_info_dict()["default"], "default"
    return {"name": name, "value": value, "from": source, "variable": variable}


def _unknown_keys() -> list[str]:
    """Keys of ``[tool.replay]`` that no option has; a table below it belongs to another face."""
    known = {settings.key(option) for each in _commands() for option in settings.options(each)}
    table = settings.load(Path.cwd()).table
    return sorted(key for key, value in table.items() if key not in known and not isinstance(value, dict))


def _commands() -> list[click.Command]:
    from replay.cli.main import VERBS, group

    ctx = click.Context(group)
    return [found for name in VERBS if (found := group.get_command(ctx, name))]


def _libraries() -> list[dict[str, Any]]:
    """The libraries that can reach a model and are installed here; ``tap`` is None for those nobody sees."""
    from replay.inject.loaded import UNTAPPED
    from replay.taps import TAPS

    names = [(name, tap) for name, tap in TAPS.items()] + [(name, None) for name in UNTAPPED]
    return [
        {"name": name, "version": _version(name), "tap": tap if tap and find_spec(tap) else None}
        for name, tap in names
        if find_spec(name.partition(".")[0])
    ]


def _version(name: str) -> str:
    try:
        return version(name.partition(".")[0])
    except PackageNotFoundError:
        return "standard library"


def _interpreter(name: str) -> dict[str, Any]:
    """Whether the interpreter found under ``name`` can be recorded: tried, with a program that does nothing."""
    from replay.cli.launch import launch
    from replay.engine.plan import Plan

    path = shutil.which(name)
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        plan = Plan("record", str(Path(folder, "doctor.cassette")))
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), DEVNULL)
        outcome = launch((name, "-c", ""), plan, hash_seed="", streams=streams)
    if outcome.result is not None:
        words = "can be recorded"
    elif outcome.refusals:
        words = f"cannot be recorded: it is Python {outcome.refusals[0].version}, and replay is not installed there"
    else:
        words = "cannot be recorded: the recorder does not start there"
    return {"name": name, "path": path, "recordable": outcome.result is not None, "words": words}


def _print(found: dict[str, Any]) -> None:
    from replay.report.amounts import table

    python = found["python"]
    output.data(f"replay {found['replay']}, Python {python['version']} ({python['path']}), {python['platform']}")
    output.data("\ninterpreters")
    for each in found["interpreters"]:
        output.data(f"  {each['name']}: {each['path']} {each['words']}")
    output.data("\nlibraries")
    rows = [(f"  {each['name']}", each["version"], each["tap"] or "not seen by itself") for each in found["libraries"]]
    output.data("\n".join(table(rows)))
    output.data("\nsettings")
    rows = [(f"  {each['name']}", _shown(each["value"]), f"from {each['from']}") for each in found["settings"]]
    output.data("\n".join(table(rows)))
    for key in found["unknown_keys"]:
        output.note(f"replay: tool.replay.{key} in pyproject.toml is no option of any verb")


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "-"
    return "-" if value in (None, False, "") else str(value)
