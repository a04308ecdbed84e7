"""Options that several verbs have: what steers a replay, and what is no part of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

Option = Callable[[Callable[..., Any]], Callable[..., Any]]

SWAP: Final[Option] = click.option(
    "--swap",
    "swaps",
    multiple=True,
    metavar="WHAT=BY",
    help="Replace one component: model=NAME, prompt:system=@FILE, tool:NAME=@VALUE.json, response:STEP=@FILE, …",
)
ON_DIVERGENCE: Final[Option] = click.option(
    "--on-divergence",
    metavar="raise|live|nearest|ask|MOD:FUNC",
    default="raise",
    show_default=True,
    help="At a request that the cassette does not hold: end the program, make the request for real, serve the nearest"
    " recorded answer, ask on the terminal, or ask a function of yours.",
)
BUDGET: Final[Option] = click.option(
    "--budget", metavar="N", default="", help="End before live calls take more: 0.50 (USD), 20000tokens, 10calls."
)
DIFF: Final[Option] = click.option(
    "--diff", "show_diff", is_flag=True, help="Then show what changed; exit 1 if anything did."
)
SAVE: Final[Option] = click.option(
    "-o", "--save", metavar="FORK", help="Write what this run did into a cassette of its own."
)
EXIT_CODE: Final[Option] = click.option(
    "--exit-code",
    type=click.Choice(["replay", "program"]),
    default="replay",
    show_default=True,
    help="Of an identical replay: 0, or the program's own.",
)
TAG: Final[Option] = click.option(
    "--tag", "tags", multiple=True, metavar="K=V", help="A tag for the header; may be repeated."
)
ENCRYPT: Final[Option] = click.option(
    "--encrypt", is_flag=True, help="Encrypt what is written, with the key that REPLAY_KEY names."
)


def is_typed(option: str) -> bool:
    """Whether the option was given here, and not by a setting that is meant for other verbs too."""
    return click.get_current_context().get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE
