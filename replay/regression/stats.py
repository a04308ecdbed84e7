"""How sure one can be with so few cases. Everything is exact, by summing binomial probabilities, but the interval.

* A share of passing cases: shown with Wilson's interval (Wilson 1927, JASA 22:209); decided by the exact binomial test.
* Before and after, case by case: McNemar's test in its exact form (McNemar 1947, Psychometrika 12:153): under the
  hypothesis that nothing changed, a case that changed is as likely to have broken as to have been mended.

Both are one-sided at :data:`ALPHA`, so a gate that closes does so wrongly in at most one of twenty.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import ceil, exp, lgamma, log, sqrt
from statistics import NormalDist
from typing import Literal

ALPHA = 0.05
"""The probability, at most, that a gate closes although there is nothing wrong."""

POWER = 0.8
"""How surely the number of cases that is asked for would show a change of the size seen."""

MOST = 20_000
"""Cases beyond which no number is told."""

Verdict = Literal["yes", "no", "undecided"]


def wilson(passed: int, cases: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of shares that ``passed`` of ``cases`` is consistent with; (0, 1) for no cases."""
    if not cases:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, weight = passed / cases, z * z / cases
    middle = (share + weight / 2) / (1 + weight)
    width = z * sqrt(share * (1 - share) / cases + weight / (4 * cases)) / (1 + weight)
    return (0.0 if passed == 0 else max(0.0, middle - width)), (1.0 if passed == cases else min(1.0, middle + width))


def at_most(count: int, cases: int, share: float) -> float:
    """The probability of ``count`` or fewer of ``cases``, when each has the probability ``share``."""
    return min(1.0, sum(_probability(k, cases, share) for k in range(count + 1)))


def at_least(count: int, cases: int, share: float) -> float:
    """The probability of ``count`` or more."""
    return min(1.0, sum(_probability(k, cases, share) for k in range(count, cases + 1)))


def reaches(passed: int, cases: int, share: float) -> Verdict:
    """Whether the true share of passing cases is at least ``share``: ``no`` and ``yes`` are each wrong in at most one
    of twenty."""
    if cases and at_most(passed, cases, share) <= ALPHA:
        return "no"
    if cases and at_least(passed, cases, share) <= ALPHA:
        return "yes"
    return "undecided"


def cases_to_tell(passed: int, cases: int, share: float) -> int | None:
    """How many cases it would take to decide :func:`reaches`, if they went on passing at this rate; None: too many."""
    rate = passed / cases if cases else 1.0
    return _smallest(lambda n: reaches(round(rate * n), n, share) != "undecided", max(1, cases))


def mcnemar(broken: int, mended: int) -> float:
    """The probability of at least so many ``broken`` among the cases that changed, if nothing had got worse."""
    return at_least(broken, broken + mended, 0.5) if broken + mended else 1.0


def worse(broken: int, mended: int) -> Verdict:
    """Whether fewer cases pass than before. ``no``: no more broke than were mended."""
    if broken <= mended:
        return "no"
    return "yes" if mcnemar(broken, mended) <= ALPHA else "undecided"


def power(cases: int, broken: float, mended: float) -> float:
    """How surely :func:`worse` says yes of ``cases`` cases, each of which breaks with the probability ``broken`` and is
    mended with the probability ``mended``."""
    changed = broken + mended
    if not changed:
        return 0.0
    middle, width = cases * changed, 8 * sqrt(cases * changed * (1 - min(changed, 1.0))) + 8
    counts = range(max(0, int(middle - width)), min(cases, ceil(middle + width)) + 1)
    return sum(_probability(n, cases, changed) * at_least(_critical(n), n, broken / changed) for n in counts)


def cases_to_tell_worse(broken: int, mended: int, cases: int) -> int | None:
    """How many cases would show a loss of this rate with the power :data:`POWER`; None: too many, or there is none."""
    if not cases or broken <= mended:
        return None
    return _smallest(lambda n: power(n, broken / cases, mended / cases) >= POWER, cases)


@lru_cache(maxsize=4096)
def _critical(changed: int) -> int:
    """The fewest broken of ``changed`` that are significant; more than all, when none are."""
    low, high = changed // 2 + 1, changed + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if mcnemar(middle, changed - middle) <= ALPHA else (middle + 1, high)
    return low


def _smallest(holds: Callable[[int], bool], start: int) -> int | None:
    """The smallest number from ``start`` for which ``holds`` is true, as nearly as doubling and halving find it."""
    low, high = start, start
    while not holds(high):
        low, high = high, high * 2
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _probability(count: int, cases: int, share: float) -> float:
    """Of exactly ``count`` of ``cases``; by logarithms, for the factors overflow."""
    if count > cases or share <= 0 or share >= 1:
        return float(count == (cases if share >= 1 else 0))
    ways = lgamma(cases + 1) - lgamma(count + 1) - lgamma(cases - count + 1)
    return exp(ways + count * log(share) + (cases - count) * log(1 - share))
