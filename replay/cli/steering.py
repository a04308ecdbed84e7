"""The part of ``replay play`` that leaves the recording on purpose: swaps checked, and a forecast of what they take."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replay.cli import output
from replay.errors import UsageError

if TYPE_CHECKING:
    from replay.cassette import Reader
    from replay.engine.swaps.forecast import Forecast
    from replay.engine.swaps.steering import Steering

LAST = Path(".replay", "last")
"""Where the fork goes that nobody named: what ran live may have cost money."""


def check_policy(policy: str) -> None:
    """Raise :class:`UsageError` for a policy that there is not, or that cannot ask here."""
    from replay.engine.swaps.deciding import decider, terminal

    if policy == "ask":
        terminal().close()
    elif ":" not in policy:
        decider(policy, None)


def check_budget(budget: str) -> None:
    """Raise :class:`UsageError` for a budget that makes no sense."""
    from replay.engine.swaps.budget import parse

    if budget:
        parse(budget)


def read_swaps(reader: Reader, texts: Sequence[str]) -> Steering:
    """The swaps, their files read. Raises :class:`UsageError` for one that matches nothing in the cassette."""
    from replay.engine.swaps.concerning import check
    from replay.engine.swaps.grammar import parse_all
    from replay.engine.swaps.steering import Steering

    given = parse_all(texts)
    steering = Steering(reader, given)
    check(given, steering.steps)
    return steering


def given_texts(steering: Steering) -> tuple[str, ...]:
    """The given swaps without names of files, as a plan holds them."""
    return tuple([entry.text for entry in steering.entries if entry.is_given])


def tell_forecast(steering: Steering) -> None:
    """Say what the run will come to, before anything runs."""
    from replay.engine.swaps.forecast import forecast

    output.note(f"replay: forecast: {in_words(forecast(steering))}")


def print_forecast(steering: Steering, schema: str, *, as_json: bool) -> None:
    """``--dry-run``: the forecast as data."""
    from replay.engine.swaps.forecast import forecast

    found = forecast(steering)
    if as_json:
        document: dict[str, Any] = {"swaps": list(given_texts(steering)), **found.to_dict()}
        output.json(schema, document)
    else:
        output.data(in_words(found))


def in_words(forecast: Forecast) -> str:
    """``5 steps served, 5 live from step 1, about 1.6k + 168 tokens, $0.0021``."""
    from replay.report.amounts import counted, money, scaled

    words = [f"{counted(len(forecast.served), 'step')} served", f"{len(forecast.live)} live"]
    words += [f"{len(forecast.swapped)} by swaps"] if forecast.swapped else []
    words += [f"the first that changes is step {forecast.first}"] if forecast.first else []
    if forecast.usage.input or forecast.usage.output:
        words.append(f"about {scaled(forecast.usage.input)} input and {scaled(forecast.usage.output)} output tokens")
        words.append(money(forecast.cost) or "at a cost that is not known")
    return ", ".join(words)


def default_fork(path: str) -> str:
    """Where the fork of the cassette at ``path`` goes. Raises :class:`UsageError` when that is the cassette itself."""
    name = Path(path).name.removesuffix(".zst").removesuffix(".cassette")
    fork = LAST / f"{name}.cassette"
    if fork.exists() and fork.samefile(path):
        raise UsageError("a replay does not overwrite the cassette it plays", hint="name another file with -o")
    return str(fork)
