from hypothesis import given, settings
from hypothesis import strategies as st

from replay.dialects.sse import ServerEvent, server_events


def read(stream):
    return list(server_events(stream))


def test_data_lines_are_joined_and_one_leading_space_is_dropped():
    assert read(b"data: a\ndata:  b\ndata:c\n\n") == [ServerEvent("a\n b\nc")]


def test_comments_unknown_fields_and_events_without_data_fall_away():
    assert read(b": ping\n\nevent: x\n\nretry: 5\nfoo: bar\ndata: y\n\n") == [ServerEvent("y")]


def test_an_event_has_a_name_and_keeps_the_last_id():
    assert read(b"id: 7\nevent: delta\ndata: a\n\ndata: b\n\n") == [
        ServerEvent("a", "delta", "7"),
        ServerEvent("b", "message", "7"),
    ]


def test_an_id_with_a_null_is_ignored_and_a_field_without_colon_is_empty():
    assert read(b"id: a\0b\ndata\n\n") == [ServerEvent("")]


def test_an_unfinished_last_event_is_dropped():
    assert read(b"data: a\n\ndata: b\n") == [ServerEvent("a")]


def test_a_byte_order_mark_and_bad_utf8_do_no_harm():
    assert read(b"\xef\xbb\xbfdata: \xff\n\n") == [ServerEvent("\ufffd")]


def test_other_separators_of_unicode_end_no_line():
    assert read("data: a\u2028b\x0bc\n\n".encode()) == [ServerEvent("a\u2028b\x0bc")]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1), min_size=1))
def test_all_three_line_ends_read_the_same(words):
    lines = "".join([f"data: {word}\n\n" for word in words])
    expected = [ServerEvent(word) for word in words]
    for end in ("\n", "\r\n", "\r"):
        assert read(lines.replace("\n", end).encode()) == expected
