from __future__ import annotations

import gzip
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from replay.diff.fields import differing
from replay.events import Request
from tests.diff.runs import chat, said

HISTORY = [said("user", f"turn {number}") for number in range(800)]


def changed(recorded: Request, asked: Request) -> list[tuple[str, str]]:
    return [(change.path, change.how) for change in differing(recorded, asked)]


def http(body: Any, url: str = "http://x.test/", method: str = "POST") -> Request:
    return Request("http", method, url, body=json.dumps(body).encode())


def test_a_changed_text_is_named_by_its_path():
    (change,) = differing(chat(said("user", "a"), said("user", "b")), chat(said("user", "a"), said("user", "c")))
    assert (change.path, change.before, change.after) == ("request.messages[1].content", "b", "c")


def test_one_inserted_message_among_800_is_one_difference():
    asked = chat(*HISTORY[:400], said("user", "new"), *HISTORY[400:])
    assert changed(chat(*HISTORY), asked) == [("request.messages[400]", "added")]


def test_one_removed_message_is_one_difference():
    assert changed(chat(*HISTORY), chat(*HISTORY[:5], *HISTORY[6:])) == [("request.messages[5]", "removed")]


def test_an_insertion_and_a_change_stay_apart():
    recorded = chat(said("system", "s"), said("user", "a"), said("user", "b"))
    asked = chat(said("developer", "n"), said("system", "s"), said("user", "a"), said("user", "B"))
    assert changed(recorded, asked) == [("request.messages[0]", "added"), ("request.messages[3].content", "changed")]


def test_content_parts_are_aligned_too():
    def parts(*words: str) -> list[dict[str, str]]:
        return [{"type": "text", "text": word} for word in words]

    recorded, asked = chat({"role": "user", "content": parts("a", "b")}), chat({"role": "user", "content": parts("b")})
    assert changed(recorded, asked) == [("request.messages[0].content[0]", "removed")]


def test_fields_that_came_went_or_changed_their_type():
    assert changed(http({"a": 1, "b": [1, 2]}), http({"b": [1, 3], "c": None})) == [
        ("request.a", "removed"), ("request.b[1]", "changed"), ("request.c", "added"),
    ]  # fmt: skip
    assert changed(http({"a": 1}), http({"a": "1"})) == [("request.a", "changed")]
    assert changed(http({"a": 1}), http({"a": True})) == [("request.a", "changed")]


def test_method_and_url():
    assert changed(http({}), http({}, "http://y.test/", "PUT")) == [
        ("request.method", "changed"), ("request.url", "changed"),
    ]  # fmt: skip


def test_a_tools_arguments_are_named_as_such():
    recorded, asked = Request("tool", "call", "f", body=b'{"id": 1}'), Request("tool", "call", "f", body=b'{"id": 2}')
    assert changed(recorded, asked) == [("arguments.id", "changed")]


def test_bodies_that_are_no_json_and_compressed_ones():
    assert changed(Request("http", "POST", "u", body=b"a"), Request("http", "POST", "u", body=b"b")) == [
        ("request.body", "changed")
    ]
    packed = Request("http", "POST", "u", (("content-encoding", "gzip"),), gzip.compress(b'{"a": 1}'))
    assert changed(packed, Request("http", "POST", "u", body=b'{"a": 2}')) == [("request.a", "changed")]


def test_a_hostile_body_is_bounded():
    deep = Request("http", "POST", "u", body=b'{"a":' * 900 + b"1" + b"}" * 900)
    other = Request("http", "POST", "u", body=b'{"a":' * 900 + b"2" + b"}" * 900)
    assert changed(deep, other) == [("request.body", "changed")]
    wide = [http([{"n": number + shift} for number in range(0, 4000, 2)]) for shift in (0, 1)]
    assert changed(*wide) == [("request", "changed")]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=2), VALUES), st.dictionaries(st.text(max_size=2), VALUES))
def test_there_is_a_difference_exactly_when_the_values_differ(before, after):
    same = json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
    assert bool(differing(http(before), http(after))) != same
