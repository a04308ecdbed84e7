"""The statistics, against exact enumeration that shares no code with them."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest

from replay.regression import stats
from replay.regression.stats import cases_to_tell, cases_to_tell_worse, mcnemar, power, reaches, wilson, worse

SHARES = [Fraction(n, 20) for n in (10, 14, 16, 18, 19)]


def binomial(count: int, cases: int, share: Fraction) -> Fraction:
    return comb(cases, count) * share**count * (1 - share) ** (cases - count)


def trinomial(broken: int, mended: int, cases: int, breaks: Fraction, mends: Fraction) -> Fraction:
    same = cases - broken - mended
    ways = comb(cases, broken) * comb(cases - broken, mended)
    return ways * breaks**broken * mends**mended * (1 - breaks - mends) ** same


@pytest.mark.parametrize(
    ("passed", "cases", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (1, 1, 0.2065, 1),
    ],
)
def test_wilson_gives_published_intervals(passed, cases, low, high):
    """81/263 and 15/148 are the examples of Newcombe 1998, Statistics in Medicine 17:857, table I, method 3."""
    assert wilson(passed, cases) == pytest.approx((low, high), abs=5e-5)


def test_no_cases_tell_nothing():
    assert wilson(0, 0) == (0.0, 1.0)
    assert reaches(0, 0, 0.9) == "undecided"


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("cases", [1, 2, 5, 8, 13, 20, 40])
def test_a_good_agent_is_refused_in_at_most_one_of_twenty(cases, share):
    """Type-I error of the gate, summed over every outcome, at the worst true share: the one asked for."""
    refused = sum(binomial(k, cases, share) for k in range(cases + 1) if reaches(k, cases, float(share)) == "no")
    assert refused <= Fraction(1, 20)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("cases", [1, 2, 5, 8, 13, 20, 40])
def test_an_agent_that_is_not_good_enough_is_let_through_as_certain_in_at_most_one_of_twenty(cases, share):
    passed = sum(binomial(k, cases, share) for k in range(cases + 1) if reaches(k, cases, float(share)) == "yes")
    assert passed <= Fraction(1, 20)


@pytest.mark.parametrize("changes", [Fraction(n, 20) for n in (1, 2, 5, 9, 10)])
@pytest.mark.parametrize("cases", [1, 4, 5, 6, 9, 14, 20])
def test_unchanged_agents_are_called_worse_in_at_most_one_of_twenty(cases, changes):
    """Type-I error of McNemar's test: a case is as likely to break as to be mended."""
    called = sum(
        trinomial(broken, mended, cases, changes, changes)
        for broken in range(cases + 1)
        for mended in range(cases + 1 - broken)
        if worse(broken, mended) == "yes"
    )
    assert called <= Fraction(1, 20)


@pytest.mark.parametrize(("broken", "mended"), [(0, 0), (1, 0), (5, 0), (5, 1), (7, 1), (30, 12)])
def test_mcnemar_is_the_binomial_tail(broken, mended):
    changed = broken + mended
    exact = sum(binomial(k, changed, Fraction(1, 2)) for k in range(broken, changed + 1))
    assert mcnemar(broken, mended) == pytest.approx(float(exact))


@pytest.mark.parametrize(
    ("broken", "mended", "verdict"), [(4, 0, "undecided"), (5, 0, "yes"), (3, 3, "no"), (0, 9, "no"), (7, 1, "yes")]
)
def test_fewer_than_five_broken_cases_prove_nothing(broken, mended, verdict):
    assert worse(broken, mended) == verdict


@pytest.mark.parametrize(("breaks", "mends"), [(Fraction(1, 5), Fraction(1, 20)), (Fraction(1, 2), Fraction(0))])
@pytest.mark.parametrize("cases", [5, 12, 24])
def test_the_power_is_that_of_the_test(cases, breaks, mends):
    exact = sum(
        trinomial(broken, mended, cases, breaks, mends)
        for broken in range(cases + 1)
        for mended in range(cases + 1 - broken)
        if worse(broken, mended) == "yes"
    )
    assert power(cases, float(breaks), float(mends)) == pytest.approx(float(exact), abs=1e-9)


@pytest.mark.parametrize(("passed", "cases", "share"), [(7, 8, 0.95), (8, 8, 0.95), (19, 20, 0.9), (3, 3, 0.5)])
def test_the_number_of_cases_told_decides_and_half_of_it_does_not(passed, cases, share):
    needed = cases_to_tell(passed, cases, share)
    assert needed is not None and needed > cases
    assert reaches(round(passed / cases * needed), needed, share) != "undecided"
    assert reaches(round(passed / cases * (needed // 2)), needed // 2, share) == "undecided"


def test_59_passing_cases_show_95_percent():
    """log(0.05) / log(0.95) is 58.4."""
    assert cases_to_tell(8, 8, 0.95) == 59


def test_a_share_that_is_met_exactly_is_never_decided():
    assert cases_to_tell(19, 20, 0.95) is None


def test_the_number_of_cases_that_would_show_a_loss_has_the_power_stated():
    needed = cases_to_tell_worse(3, 1, 20)
    assert needed is not None
    assert power(needed, 3 / 20, 1 / 20) >= stats.POWER > power(needed - 2, 3 / 20, 1 / 20) - 0.05
    assert cases_to_tell_worse(1, 1, 20) is None
