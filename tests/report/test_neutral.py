from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from replay.report.neutral import neutral, neutral_line


@given(st.text(st.characters()))
def test_no_control_character_but_tab_and_newline_is_left(text):
    assert not [char for char in neutral(text) if unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\n"]
    assert not [char for char in neutral_line(text) if unicodedata.category(char) in ("Cc", "Cs")]


def test_sequences_that_steer_a_terminal_or_a_reader_become_visible():
    assert neutral("\x1b[31m\x9b\r\x7f") == r"\x1b[31m\x9b\r\x7f"
    assert neutral("a\u202eb\u2066c") == r"a\u202eb\u2066c"
    assert neutral("\U000e0041") == r"\U000e0041"


def test_words_of_any_language_and_emoji_stay():
    text = "naïve 日本語 עברית 👩‍👩‍👧 ok\n\tindented"
    assert neutral(text) == text


def test_a_line_is_one_line_of_the_width_asked_for():
    assert neutral_line("a\nb\tc") == r"a\nb\tc"
    assert neutral_line("abcdef", 4) == "abc…"
