from __future__ import annotations

from functools import cache
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from replay.diff import affine
from replay.diff.affine import align

tables = st.integers(0, 5).flatmap(
    lambda new: st.lists(st.lists(st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]), min_size=new, max_size=new), max_size=5)
)


def worth(pairs, table, new):
    """The score of an alignment: what its pairs are worth, less what its gaps cost."""
    total, at = 0.0, (0, 0)
    for i, j in [*pairs, (len(table), new)]:
        for gap in (i - at[0], j - at[1]):
            total -= affine._OPEN + affine._EXTEND * (gap - 1) if gap else 0
        if i < len(table):
            total += table[i][j] - affine._LEVEL
        at = i + 1, j + 1
    return total


def best(table, new):
    """The same of the best alignment, by trying all."""

    @cache
    def chains(i, j):
        found = [[]]
        for k in range(i, len(table)):
            for m in range(j, new):
                if table[k][m] >= affine.ENOUGH:
                    found += [[(k, m), *rest] for rest in chains(k + 1, m + 1)]
        return found

    return max(worth(pairs, table, new) for pairs in chains(0, 0))


@given(tables)
def test_no_other_alignment_is_worth_more(table):
    new = len(table[0]) if table else 0
    pairs = align(len(table), new, lambda i, j: table[i][j])
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(pairs))
    assert all(table[i][j] >= affine.ENOUGH for i, j in pairs)
    assert abs(worth(pairs, table, new) - best(table, new)) < 1e-9


def test_a_block_that_came_stays_one_block():
    old, new = "abab", "abXYZab"
    assert align(4, 7, lambda i, j: float(old[i] == new[j])) == [(0, 0), (1, 1), (2, 5), (3, 6)]


def test_items_that_are_hardly_alike_are_not_set_against_each_other():
    assert align(1, 1, lambda i, j: affine.ENOUGH - 0.01) == []


def test_a_large_table_is_looked_at_along_a_band_only():
    looked = []

    def similarity(i, j):
        looked.append((i, j))
        return float(i == j)

    assert align(2000, 2000, similarity) == [(n, n) for n in range(2000)]
    assert len(looked) <= 2000 * (2 * affine.HALF_BAND + 1)
