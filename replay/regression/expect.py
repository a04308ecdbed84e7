"""Assertions on what a run did. Each reads like a sentence, returns the same object, and fails with what was instead.

::

    cassette.expect.called("lookup_order", ("refund_order", {"order_id": 7})).llm_calls(3).cost(at_most=0.01)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

from replay.dialects.steps import Step
from replay.engine.hosts import matches_host
from replay.regression import prefix, tools
from replay.regression.like import differences
from replay.regression.tools import Wanted
from replay.report.amounts import money
from replay.taps.tools import span

if TYPE_CHECKING:
    from replay.regression.trajectory import Trajectory

SECRET = "<secret:"
"""How a cassette writes what was a secret (:mod:`replay.canon.redact`)."""


class Expect:
    """See the module. All raise ``AssertionError``."""

    __slots__ = ("_run",)

    def __init__(self, run: Trajectory) -> None:
        self._run = run

    # Tools -----------------------------------------------------------------------------------------------------------

    def called(self, *wanted: Wanted) -> Self:
        """Exactly these tools were called, in this order.

        Each is a name, or a name and what its arguments must be like (:mod:`replay.regression.like`).
        """
        return self._unless(tools.in_order(self._tools, wanted))

    def called_in_any_order(self, *wanted: Wanted) -> Self:
        """Exactly these tools were called."""
        return self._unless(tools.in_any_order(self._tools, wanted))

    def called_among_others(self, *wanted: Wanted) -> Self:
        """These tools were called, each as often as it is named, whatever else was."""
        return self._unless(tools.among_others(self._tools, wanted))

    def not_called(self, *wanted: Wanted) -> Self:
        """None of these tools was called."""
        return self._unless(tools.none_of(self._tools, wanted))

    @property
    def _tools(self) -> list[Step]:
        return [step for step in self._run.steps if step.kind == "tool"]

    # Amounts ---------------------------------------------------------------------------------------------------------

    def llm_calls(self, exactly: int | None = None, *, at_most: int | None = None) -> Self:
        """So many calls to models were made."""
        made = self._run.llm_calls
        shown = "".join(f"\n   {step.number} {step.model} {step.name}" for step in made)
        if exactly is not None and len(made) != exactly:
            return self._unless(f"expected {exactly} LLM calls; {len(made)} were made{shown}")
        if at_most is not None and len(made) > at_most:
            return self._unless(f"expected at most {at_most} LLM calls; {len(made)} were made{shown}")
        return self

    def cost(self, at_most: float) -> Self:
        """The list price of all LLM calls, in USD. A price that is not known is an error, never nothing."""
        cost = self._run.cost
        if cost is None:
            models = ", ".join(sorted({step.model for step in self._run.llm_calls}))
            return self._unless(f"the cost is not known: no price of {models}, or the extra [prices] is not installed")
        return self._unless(
            f"expected a cost of at most {money(at_most)}; it is {money(cost)}" if cost > at_most else ""
        )

    def tokens(self, at_most: int) -> Self:
        """Tokens in and out, of all LLM calls."""
        usage = self._run.usage
        total = usage.input + usage.output
        said = f"expected at most {at_most} tokens; there were {usage.input} in and {usage.output} out"
        return self._unless(said if total > at_most else "")

    def latency(self, at_most: float) -> Self:
        """Seconds spent in calls to models, tools and other services, one after the other.

        Of a call that is served it is what it took when it was recorded, so a replay says the same as the recording.
        """
        took = _durations(self._run)
        total = sum(seconds for _, seconds in took)
        if total <= at_most:
            return self
        slowest = sorted(took, key=lambda each: -each[1])[:3]
        shown = "".join(f"\n   {step.number} {step.kind} {step.name}: {seconds:.2f} s" for step, seconds in slowest)
        return self._unless(f"expected at most {at_most:.2f} s in calls; it were {total:.2f} s, most of all in{shown}")

    # The output ------------------------------------------------------------------------------------------------------

    def output(
        self,
        like: Any = ...,
        *,
        satisfying: Callable[[Any], Any] | None = None,
        judged_by: Callable[[Any], Any] | None = None,
    ) -> Self:
        """What the run came to: what the test kept (``cassette.keep(…)``), else the words of the last LLM answer.

        ``like``: a value, a JSON-like pattern, or a compiled regular expression (:mod:`replay.regression.like`).
        ``satisfying``: a function that says whether it is right. ``judged_by``: one that may ask a model: its calls are
        recorded in the cassette and are no part of what is judged. Either returns a bool, or a bool and a reason.
        """
        value = self._run.output
        found = [] if like is ... else list(differences(like, value, "output"))
        for judge in (satisfying, judged_by):
            if judge is not None:
                found += _judged(judge, value)
        return self._unless(
            "\n".join(["the output is not as expected", *(f"   {line}" for line in found)]) if found else ""
        )

    # What must not be ------------------------------------------------------------------------------------------------

    def no_call_to(self, *hosts: str) -> Self:
        """No HTTP call went to any of ``hosts`` (shell patterns, with or without a port)."""
        made = [step for step in self._run.steps if step.source and step.source.request.kind == "http"]
        met = [step for step in made if step.source and matches_host(step.source.request.target, hosts)]
        shown = "".join(f"\n   {step.number} {step.kind} {step.source.request.target}" for step in met if step.source)
        return self._unless(f"expected no call to {', '.join(hosts)}{shown}" if met else "")

    def no_secret(self) -> Self:
        """No secret stands in what models and tools were told, or in what came back. Headers do not count."""
        met = [
            f"\n   {step.number} {step.kind} {step.name}: in the {where}" for step, where in _secrets(self._run.steps)
        ]
        return self._unless(f"a secret is in what crossed the boundary{''.join(met)}" if met else "")

    def stable_prefix(self) -> Self:
        """Each turn of a conversation begins with the whole prompt of the turn before, so that the provider's prompt
        cache finds it."""
        moved = prefix.first_move(self._run.llm_calls)
        return self._unless(str(moved) if moved else "")

    def _unless(self, problem: str) -> Self:
        if problem:
            raise AssertionError(problem)
        return self


def _judged(judge: Callable[[Any], Any], value: Any) -> list[str]:
    from replay.regression.trajectory import JUDGE

    with span(JUDGE):
        said = judge(value)
    good, reason = said if isinstance(said, tuple) else (said, "")
    name = getattr(judge, "__name__", "the judge")
    return [] if good else [f"{name} says no{f': {reason}' if reason else ''}, to {value!r}"]


def _durations(run: Trajectory) -> list[tuple[Step, float]]:
    """Each call with its seconds: as recorded where the recording has the same call."""
    recorded: dict[bytes, list[int]] = {}
    for step in run.recorded.steps if run.recorded is not None else ():
        if step.source and step.duration is not None:
            recorded.setdefault(step.source.fingerprint, []).append(step.duration)
    found = []
    for step in run.steps:
        if step.source is None or step.kind == "span":
            continue
        known = recorded.get(step.source.fingerprint) if step.source.origin != "live" else None
        found.append((step, (known.pop(0) if known else step.duration or 0) / 1e9))
    return found


def _secrets(steps: Sequence[Step]) -> list[tuple[Step, str]]:
    found = []
    for step in steps:
        if step.source is None:
            continue
        if SECRET.encode() in step.source.request.body or SECRET in step.source.request.target:
            found.append((step, "request"))
        elif step.value and SECRET in step.value:
            found.append((step, "answer"))
    return found
