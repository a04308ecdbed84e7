"""Bodies in every framing, whole and cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.dialects.framing import CUT, framed
from tests.dialects import eventstreams

VALUES = st.text(max_size=6) | st.integers(-9, 9)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=4), VALUES, min_size=1, max_size=3), min_size=2, max_size=5)


def dumped(each):
    return json.dumps(each, ensure_ascii=False).encode()


def server_events(objects, end):
    return b"".join([b": ping" + end + end + b"event: x" + end + b"data: " + dumped(o) + end + end for o in objects])


FRAMINGS = {
    "lines": lambda objects: b"".join([dumped(each) + b"\n" for each in objects]),
    "lines without a last end": lambda objects: b"\n".join([dumped(each) for each in objects]),
    "an array": lambda objects: b"[" + b",\r\n".join([dumped(each) for each in objects]) + b"]",
    "server-sent events": lambda objects: server_events(objects, b"\n"),
    "server-sent events with CRLF": lambda objects: server_events(objects, b"\r\n"),
    "an AWS event stream": lambda objects: eventstreams.chunks(*objects),
}


@pytest.mark.parametrize("name", FRAMINGS)
@settings(deadline=None, max_examples=40)
@given(OBJECTS)
def test_all_objects_are_found(name, objects):
    read = framed(FRAMINGS[name](objects))
    assert list(read.objects) == objects
    assert (read.streamed, read.problem) == (True, "")


@pytest.mark.parametrize("name", FRAMINGS)
@settings(deadline=None, max_examples=60)
@given(OBJECTS, st.data())
def test_of_a_cut_body_all_whole_objects_are_found_and_no_other(name, objects, data):
    body = FRAMINGS[name](objects)
    cut = data.draw(st.integers(1, len(body) - 1))
    read = framed(body[:cut])
    found = list(read.objects)
    assert found == objects[: len(found)]


def test_a_cut_within_an_event_is_said():
    assert framed(b'data: {"a": 1}\n\ndata: {"b"').problem == CUT
    assert framed(b'{"a": 1}\n{"b"').problem == CUT
    assert framed(b'[{"a": 1}, {"b"').problem == CUT


def test_one_object_is_no_stream():
    read = framed(b'\xef\xbb\xbf {"a":\n 1}\n')
    assert (list(read.objects), read.streamed, read.problem) == ([{"a": 1}], False, "")


def test_one_line_is_all_that_came_of_many_where_the_type_says_so():
    assert framed(b'{"a": 1}\n', "application/x-ndjson").streamed
    assert not framed(b'{"a": 1}\n', "application/json").streamed


@pytest.mark.parametrize("body", [b'{"a":\n 1,\n', b'{"a": "'])
def test_one_object_that_breaks_off_is_said_to(body):
    read = framed(body)
    assert (list(read.objects), read.streamed) == ([], False)
    assert "breaks off" in read.problem


def test_words_that_are_no_json_keep_the_name_of_their_event():
    assert list(framed(b"event: output\ndata: Hel\n\ndata: [DONE]\n\n").objects) == [{"event": "output", "data": "Hel"}]


@pytest.mark.parametrize("body", [b"[[0.5, 1]]", b"[1]", b"hello", b""])
def test_what_holds_no_object_has_none(body):
    read = framed(body)
    assert (list(read.objects), read.streamed, read.problem) == ([], False, "")


def test_an_end_that_is_marked_is_one():
    assert framed(b'data: {"a": 1}\n\ndata: [DONE]').ended
    assert framed(b"[]").ended
    assert not framed(b'data: {"a": 1}\n\n').ended


def test_a_bomb_is_not_unfolded():
    read = framed(b"[" + b"[]," * (4 << 20))
    assert (list(read.objects), read.problem) == ([], "the JSON would take too much memory to read")
