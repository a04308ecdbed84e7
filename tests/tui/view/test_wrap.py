"""Lines broken to a width: nothing is lost, nothing stands over the edge, and any height can be asked for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from replay.tui.view.page import LONG, numbered
from replay.tui.view.pairing import GRAINS, marks, paired, unified
from replay.tui.view.text import Span, cells, fitted, plain, shortened, steady_line
from replay.tui.view.wrap import MANY, Layout, breaks, height, wrapped

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cf", "Mn", "Me"]), max_size=200)
widths = st.integers(4, 60)


@settings(deadline=None)
@given(texts, widths, st.booleans())
def test_a_broken_text_is_whole_and_fits(text, width, words):
    pieces = breaks(text, width, between_words=words)
    assert "".join(text[start:end] for start, end in pieces) == text
    assert len(pieces) == height(text, width, between_words=words)
    assert all(cells(text[start:end].rstrip()) <= width for start, end in pieces)


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(["x", "漢", "x漢"]), widths)
def test_a_very_long_line_is_broken_by_counting(piece, width):
    text = piece * LONG
    pieces = breaks(text, width)
    assert "".join(text[start:end] for start, end in pieces) == text
    assert all(cells(text[start:end]) <= width for start, end in pieces)


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=20), widths)
def test_every_height_of_a_layout_shows_a_piece_of_its_line(lines, width):
    lines = [steady_line(line) for line in lines]
    layout = Layout((numbered(lines),), width + 5)
    shown = ["".join(span.text for span in layout.shown(y)[2:]) for y in range(layout.height)]
    assert "".join(shown) == "".join(lines)
    assert layout.shown(layout.height) == ()


@settings(deadline=None)
@given(st.lists(texts, max_size=12), st.lists(texts, max_size=12), st.sampled_from(GRAINS))
def test_two_texts_side_by_side_are_both_whole(before, after, grain):
    laid = paired(before, after, grain)
    left, right = laid.columns
    assert len(left) == len(right)
    assert [line.text for line in left if line.number is not None] == before
    assert [line.text for line in right if line.number is not None] == after
    assert bool(laid.hunks) == (before != after)
    one = unified(before, after, grain).columns[0]
    assert [line.text for line in one if line.sign != "+"] == before
    assert [line.text for line in one if line.sign != "-"] == after


@settings(deadline=None)
@given(texts, texts, st.sampled_from(["word", "character"]))
def test_what_is_not_marked_as_changed_is_equal(before, after, grain):
    gone, came = marks(before, after, grain)
    assert _without(before, gone) == _without(after, came)


def _without(text, cut):
    for start, end in reversed(cut):
        text = text[:start] + text[end:]
    return text


def test_many_lines_are_laid_out_without_looking_into_them():
    lines = ["a line"] * (20 * MANY) + ["x" * 100]
    layout = Layout((numbered(lines),), 60)
    assert layout.height == len(lines) + 1
    assert "a line" in plain(layout.shown(19 * MANY))


@settings(deadline=None)
@given(texts, st.integers(0, 30))
def test_a_cell_is_exactly_as_wide_as_it_should_be(text, width):
    assert cells(shortened(text, width)) <= width
    assert cells(fitted(text, width)) == width


@settings(deadline=None)
@given(st.lists(texts, max_size=5), st.integers(4, 40))
def test_spans_keep_their_roles_when_a_line_is_broken(texts, width):
    line = tuple(Span(text, f"role {at}") for at, text in enumerate(texts))
    pieces = [span for piece in wrapped(line, width) for span in piece]
    for at, text in enumerate(texts):
        assert "".join(span.text for span in pieces if span.role == f"role {at}") == text
