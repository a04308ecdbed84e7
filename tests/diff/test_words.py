from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from replay.diff.words import MAX_WORDS, Piece, word_pieces

texts = st.lists(st.sampled_from(["alpha", "beta", "gamma", " ", "\n", ",", "é", "世界"])).map("".join)


@given(texts, texts)
def test_pieces_hold_both_texts(before, after):
    pieces = word_pieces(before, after)
    assert "".join(piece.text for piece in pieces if piece.how != "added") == before
    assert "".join(piece.text for piece in pieces if piece.how != "removed") == after


@given(texts)
def test_equal_texts_are_one_equal_piece(text):
    assert word_pieces(text, text) == ([Piece("equal", text)] if text else [])


def test_whole_words_are_marked():
    assert word_pieces("the older dog barks", "the oldest dog barks") == [
        Piece("equal", "the "),
        Piece("removed", "older"),
        Piece("added", "oldest"),
        Piece("equal", " dog barks"),
    ]


def test_a_text_of_too_many_words_is_shown_as_a_whole():
    before, after = "x " * MAX_WORDS, "y " * MAX_WORDS
    assert [piece.how for piece in word_pieces(before, after)] == ["removed", "added", "equal"]
