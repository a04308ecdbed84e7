"""What all verbs share: options with their twins, ``--color``, and a program's command line after ``--``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from replay.cli import output, settings

F = TypeVar("F", bound=Callable[..., Any])
COMMAND = "replay.command"
"""Key of ``ctx.meta``: the words after ``--`` as a tuple, or None when there was no ``--``."""


class Verb(click.Command):
    """A verb of ``replay``. ``takes_program``: the words after ``--`` are a program's command line."""

    def __init__(self, *args: Any, takes_program: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.takes_program = takes_program
        self.params.append(_color_option())
        for option in settings.options(self):
            option.envvar = settings.variable(option)
            option.show_envvar = True

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        defaults = settings.defaults(self, settings.load(Path.cwd()))
        return super().make_context(info_name, args, parent, default_map=defaults, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if self.takes_program and "--" in args:
            at = args.index("--")
            ctx.meta[COMMAND] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        pieces = super().collect_usage_pieces(ctx)
        return [*pieces, "[-- CMD...]"] if self.takes_program else pieces


def verb(name: str, summary: str, *, takes_program: bool = False) -> Callable[[Callable[..., Any]], Verb]:
    """The decorator that makes a function the verb ``name``; ``summary`` is its line in ``replay --help``."""
    return click.command(name, cls=Verb, short_help=summary, takes_program=takes_program)


def program() -> tuple[str, ...] | None:
    """The words after ``--``, or None when there was no ``--``."""
    words: tuple[str, ...] | None = click.get_current_context().meta.get(COMMAND)
    return words


def json_option(function: F) -> F:
    """``--json`` as the parameter ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Data for programs, with a schema version.")(function)


def _color_option() -> click.Option:
    return click.Option(
        ["--color"],
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        expose_value=False,
        callback=output.choose_color,
        help="Colour; NO_COLOR and FORCE_COLOR are heard too.",
    )
