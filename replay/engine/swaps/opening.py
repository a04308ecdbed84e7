"""Opening a steered replay: the swaps are read and checked against the cassette before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from replay.canon.redact import Redactor
from replay.cassette import Reader, Writer
from replay.engine.plan import Plan
from replay.engine.result import Divergence
from replay.engine.swaps import budget
from replay.engine.swaps.budget import Budget
from replay.engine.swaps.concerning import check
from replay.engine.swaps.deciding import Decide, Decision, decider
from replay.engine.swaps.grammar import parse_all
from replay.engine.swaps.steered import Steered
from replay.engine.swaps.steering import Steering
from replay.engine.swaps.swap import Swap


@dataclass(frozen=True, slots=True)
class Given:
    """What a caller in this process gives as objects, beside what the plan says in words."""

    swaps: tuple[Swap, ...] = ()
    decide: Decide | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """All that steers one replay, checked."""

    steering: Steering
    decide: Callable[[Divergence], Decision]
    budget: Budget | None


def course(plan: Plan, source: Reader, given: Given, redact: Callable[[str], str]) -> Course:
    """What ``plan`` and ``given`` say. Raises :class:`UsageError` for a swap that matches nothing in ``source``, a
    policy that there is not, a budget that makes no sense."""
    swaps: Sequence[Swap] = (*parse_all(plan.swaps), *given.swaps)
    steering = Steering(source, swaps, redact)
    if swaps and not plan.report:  # the command line has checked before it started the program
        check(swaps, steering.steps)
    bound = budget.parse(plan.budget) if plan.budget else None
    return Course(steering, decider(plan.policy, given.decide), bound)


def steered(plan: Plan, source: Reader, sink: Writer | None, redactor: Redactor, course: Course) -> Steered:
    """The session."""
    return Steered(
        plan,
        source=source,
        sink=sink,
        redactor=redactor,
        steering=course.steering,
        decide=course.decide,
        budget=course.budget,
    )
