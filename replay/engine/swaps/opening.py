"""Opening a steered replay: the swaps are read and checked against the cassette before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from replay.canon.redact import Redactor
from replay.cassette import Reader, Writer
from replay.engine.plan import Plan
from replay.engine.swaps import budget
from replay.engine.swaps.concerning import check
from replay.engine.swaps.deciding import Decide
from replay.engine.swaps.grammar import parse_all
from replay.engine.swaps.steered import Steered
from replay.engine.swaps.steering import Steering
from replay.engine.swaps.swap import Swap


@dataclass(frozen=True, slots=True)
class Given:
    """What a caller in this process gives as objects, beside what the plan says in words."""

    swaps: tuple[Swap, ...] = ()
    decide: Decide | None = None


def steering(plan: Plan, source: Reader, given: Given) -> Steering:
    """The swaps of ``plan`` and ``given``. Raises :class:`UsageError` for one that matches nothing in ``source``."""
    swaps: Sequence[Swap] = (*parse_all(plan.swaps), *given.swaps)
    found = Steering(source, swaps)
    if swaps and not plan.report:  # the command line has checked before it started the program
        check(swaps, found.steps)
    return found


def steered(
    plan: Plan, source: Reader, sink: Writer | None, redactor: Redactor, steering: Steering, given: Given
) -> Steered:
    """The session. Raises :class:`UsageError` for a policy or a budget that makes no sense."""
    bound = budget.parse(plan.budget) if plan.budget else None
    return Steered(
        plan, source=source, sink=sink, redactor=redactor, steering=steering, decide=given.decide, budget=bound
    )
