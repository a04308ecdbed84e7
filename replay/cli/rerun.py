"""Running a cassette's program again, and the verdict on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.cassette import Reader
from replay.cli import entry, proxied
from replay.cli.launch import Outcome, launch
from replay.cli.proxied import Way
from replay.cli.verdict import Verdict, judge
from replay.engine.plan import Plan
from replay.errors import UsageError


@dataclass(frozen=True, slots=True)
class Replayed:
    """``verdict`` is None when no session ever started."""

    outcome: Outcome
    verdict: Verdict | None


def plan_of(path: str, **options: Any) -> Plan:
    """The plan of a replay of the cassette at ``path``."""
    return Plan("play", str(Path(path).absolute()), **options)


def rerun(
    reader: Reader,
    plan: Plan,
    argv: tuple[str, ...],
    streams: Mapping[str, Any] | None = None,
    *,
    hash_seed: str = "",
    way: Way | None = None,
) -> Replayed:
    """Run ``argv`` against the cassette of ``plan``, with this hash seed, or the recorded one.

    ``way``: behind the proxy, as is also done with what was recorded there. Raises :class:`UsageError`.
    """
    if not len(reader):
        raise UsageError("the cassette holds no event: there is nothing to replay", hint="record the run again")
    recorded = reader.header.hash_seed
    seed = hash_seed or (recorded if recorded.isdigit() else "")
    if way is None and proxied.recorded_upstreams(reader) is not None:
        way = proxied.way_to_play(reader, (), 0, plan.policy)
    if way is not None:
        outcome = proxied.launch(entry.checked(argv) if argv else (), plan, way, streams)
    else:
        outcome = launch(entry.checked(argv), plan, hash_seed=seed, streams=streams)
    if outcome.result is None:
        return Replayed(outcome, None)
    verdict = judge(outcome.result, reader, plan.cassette, live=plan.policy != "raise", hash_seed=seed)
    return Replayed(outcome, verdict)
