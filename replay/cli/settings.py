"""Where an option's value comes from: the command line, ``REPLAY_<NAME>``, ``[tool.replay]``, or its default.

The settings file is the nearest ``pyproject.toml``, from the working directory upwards. Its keys are the options' long
names (``ignore-host = ["*.internal"]``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from replay.errors import UsageError


@dataclass(frozen=True, slots=True)
class File:
    """The table ``[tool.replay]`` of ``path``; no path when there is no settings file."""

    path: Path | None = None
    table: dict[str, Any] = field(default_factory=dict)


def load(start: Path) -> File:
    """The settings that hold in the directory ``start``. Raises :class:`UsageError` on a broken file."""
    found = (folder / "pyproject.toml" for folder in (start, *start.parents))
    path = next((file for file in found if file.is_file()), None)
    if path is None:
        return File()
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("replay", {})
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}", hint="correct the file, or run in another directory"
        ) from None
    return File(path, table)


def defaults(command: click.Command, file: File) -> dict[str, Any]:
    """The values that ``file`` gives the options of ``command``, by parameter name."""
    found = {}
    for option in options(command):
        if option.name and key(option) in file.table:
            found[option.name] = _checked(option, file.table[key(option)], file)
    return found


def options(command: click.Command) -> list[click.Option]:
    """The options of ``command`` that have twins: all but ``--help`` and ``--version``."""
    return [param for param in command.params if isinstance(param, click.Option) and param.name != "help"]


def key(option: click.Option) -> str:
    """The option's key in the settings file: its longest name without dashes."""
    return max(option.opts, key=len).lstrip("-")


def variable(option: click.Option) -> str:
    """The option's twin in the environment."""
    return f"REPLAY_{key(option).upper().replace('-', '_')}"


def _checked(option: click.Option, value: Any, file: File) -> Any:
    """click would take the letters of a string for the values of a repeatable option."""
    wanted: tuple[type, str] = (str, "a string")
    if option.multiple:
        wanted = (list, "a list of strings")
    elif option.is_flag:
        wanted = (bool, "true or false")
    if not isinstance(value, wanted[0]):
        raise UsageError(f"{file.path}: tool.replay.{key(option)} is not {wanted[1]}", hint=f"make it {wanted[1]}")
    return value
