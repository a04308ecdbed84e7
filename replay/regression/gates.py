"""Gates over the cases of ``each=…`` tests: enough of them pass; no fewer than before.

A gate that is open or closed says so with the figures; one that cannot tell says that, and how many cases it would
take. Only a closed gate fails the session.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from replay.errors import UsageError
from replay.regression import stats

SCHEMA = "replay.baseline/1"

Passed = dict[str, dict[str, bool]]
"""By test, then by case: whether it passed."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate's answer. ``closed``: the session fails."""

    closed: bool
    said: str


def gates(passed: Passed, baseline: Passed, *, min_pass: float | None, no_regression: bool) -> Iterator[Gate]:
    """What there is to say of each ``each=…`` test."""
    for test, cases in passed.items():
        yield Gate(False, f"{test}: {_rate(cases)}")
        if min_pass is not None:
            yield _enough(cases, min_pass)
        if no_regression:
            yield _no_worse(cases, baseline.get(test, {}))


def _rate(cases: Mapping[str, bool]) -> str:
    good = sum(cases.values())
    low, high = stats.wilson(good, len(cases))
    return f"{good} of {len(cases)} cases pass, {good / len(cases):.1%} (95 % interval {low:.1%} to {high:.1%})"


def _enough(cases: Mapping[str, bool], share: float) -> Gate:
    good, wanted = sum(cases.values()), f"at least {share:.1%} pass"
    verdict = stats.reaches(good, len(cases), share)
    if verdict == "no":
        chance = stats.at_most(good, len(cases), share)
        return Gate(True, f"closed: {wanted} does not hold (if it did, so few would come by chance {chance:.2g})")
    if verdict == "yes":
        return Gate(False, f"open: {wanted}")
    return Gate(False, f"not enough cases to tell whether {wanted}; {_take(good, len(cases), share)}")


def _take(good: int, cases: int, share: float) -> str:
    needed = stats.cases_to_tell(good, cases, share)
    return f"at this rate it would take {needed}" if needed else f"at this rate more than {stats.MOST} would not do"


def _no_worse(cases: Mapping[str, bool], before: Mapping[str, bool]) -> Gate:
    known = [case for case in cases if case in before]
    if not known:
        return Gate(False, "not enough cases to tell whether fewer pass than before: there is no baseline of them")
    broken = [case for case in known if before[case] and not cases[case]]
    mended = [case for case in known if not before[case] and cases[case]]
    facts = f"{len(broken)} broke and {len(mended)} were mended of {len(known)}"
    named = f": {', '.join(broken[:5])}{', …' if len(broken) > 5 else ''}" if broken else ""
    verdict = stats.worse(len(broken), len(mended))
    if verdict == "yes":
        chance = stats.mcnemar(len(broken), len(mended))
        return Gate(True, f"closed: fewer pass than before, {facts} (by chance {chance:.2g}){named}")
    if verdict == "no":
        return Gate(False, f"open: no sign that fewer pass than before, {facts}{named}")
    needed = stats.cases_to_tell_worse(len(broken), len(mended), len(known))
    takes = f"it would take {needed} like these" if needed else f"more than {stats.MOST} like these would not do"
    return Gate(False, f"not enough cases to tell whether fewer pass than before, {facts}; {takes}{named}")


def load_baseline(path: Path) -> Passed:
    """What passed before; empty when there is no such file. Raises :class:`UsageError` when it is none of ours."""
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise ValueError("another schema")
        tests = data["tests"].items()
        return {str(test): {str(case): bool(good) for case, good in cases.items()} for test, cases in tests}
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise UsageError(f"{path} is no baseline", hint="write one with --replay-update") from None


def save_baseline(path: Path, baseline: Passed, passed: Passed) -> None:
    """Write ``passed`` over what ``baseline`` says of the same tests."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"schema": SCHEMA, "tests": {**baseline, **passed}}
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
