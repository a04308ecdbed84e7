"""HAR files become events that say what the file says."""

from __future__ import annotations

import json

import pytest

from replay.canon.packed import UNPACKED
from replay.errors import CassetteError
from tests.interop.making import entry, har_text, read


def imported(tmp_path, *entries):
    return read(tmp_path, har_text(*entries), "x.har")


def only(tmp_path, told):
    found = imported(tmp_path, told)
    (event,) = found.events
    return event


def test_an_entry_is_an_exchange_with_its_times(tmp_path):
    later = entry(beside={"startedDateTime": "2026-01-28T14:27:51.420Z"})
    found = imported(tmp_path, entry("hello", headers=[("A", "1"), ("A", "2")]), later)
    first, second = found.events
    assert (first.request.action, first.request.target) == ("GET", "https://api.example.com/v1/items")
    assert (first.answer.head.status, first.answer.head.reason, first.answer.body) == (200, "OK", b"hello")
    assert first.answer.head.headers == (("A", "1"), ("A", "2"))
    assert (first.at, first.answer.head_at, first.answer.end_at) == (0, 200_000_000, 250_000_000)
    assert second.at == 1_000_000_000
    assert found.created == 1_769_610_470_420_000_000


BODIES = {
    "unpacked": ({"headers": [("Content-Encoding", "br")]}, UNPACKED + b"hello"),
    "base64": ({"content": {"text": "AP8=", "encoding": "base64"}}, b"\x00\xff"),
    "latin-1": ({"content": {"text": "é", "mimeType": "text/html; charset=ISO-8859-1"}}, b"\xe9"),
    "a charset that is not known": ({"content": {"text": "é", "mimeType": "text/html; charset=../os"}}, "é".encode()),
    "a text beyond its charset": ({"content": {"text": "€", "mimeType": "text/html; charset=latin1"}}, "€".encode()),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_text_becomes_the_bytes_that_were_sent(name, tmp_path):
    more, body = BODIES[name]
    assert only(tmp_path, entry("hello", **more)).answer.body == body


POSTS = {
    "text": ({"mimeType": "application/json", "text": '{"a":1}'}, b'{"a":1}'),
    "base64": ({"mimeType": "x/y", "text": "AP8=", "_encoding": "base64"}, b"\x00\xff"),
    "a form": (
        {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a b", "value": "&"}]},
        b"a+b=%26",
    ),
}


@pytest.mark.parametrize("name", POSTS)
def test_what_was_posted_becomes_the_bytes_that_were_sent(name, tmp_path):
    post, body = POSTS[name]
    assert only(tmp_path, entry(method="POST", post=post)).request.body == body


def test_pseudo_headers_are_no_fields_and_joined_fields_are_several(tmp_path):
    asked = [{"name": ":path", "value": "/"}, {"name": "A", "value": "1"}]
    event = only(tmp_path, entry(asked=asked, headers=[(":status", "200"), ("Set-Cookie", "a=1\nb=2")]))
    assert event.request.headers == (("A", "1"),)
    assert event.answer.head.headers == (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))


STRANGE = {
    "no answer came: net::ERR_ABORTED": entry(None, status=0, beside={"_error": "net::ERR_ABORTED"}),
    "body of 9 bytes is not in the file": entry(None, content={"size": 9}),
    "lies in another file": entry(None, content={"_file": "../../secret"}),
    "no URL of HTTP": entry(url="data:text/plain,x"),
    "a WebSocket": entry(beside={"_resourceType": "websocket"}),
    "multipart": entry(post={"mimeType": "multipart/form-data", "params": [{"name": "a"}]}),
    "no response": {"request": entry()["request"]},
    "no request": 7,
}


@pytest.mark.parametrize("reason", STRANGE)
def test_what_is_no_exchange_is_told_with_its_reason_and_kept(reason, tmp_path):
    found = imported(tmp_path, entry(), STRANGE[reason])
    (left,) = found.unimported
    assert left.place == 1
    assert reason in left.reason or reason.partition(":")[0] in left.reason
    assert len(found.events) == 1


def test_an_error_of_the_browser_is_part_of_the_reason(tmp_path):
    (left,) = imported(tmp_path, STRANGE["no answer came: net::ERR_ABORTED"]).unimported
    assert left.reason == "no answer came: net::ERR_ABORTED"


def test_odd_times_are_no_trouble(tmp_path):
    for odd in ({"startedDateTime": "yesterday"}, {"time": -1}, {"time": 1e300}, {"timings": 3}, {"time": "x"}):
        assert only(tmp_path, entry(beside=odd)).answer.body == b"hello"


@pytest.mark.parametrize("document", ['{"log": {"entries": {}}}', '{"log": {}}', "[]", '"log"'])
def test_what_is_no_har_is_an_error(document, tmp_path):
    with pytest.raises(CassetteError):
        read(tmp_path, document, "x.har")


def test_json_is_known_by_what_stands_in_it(tmp_path):
    assert read(tmp_path, har_text(entry()), "x.json").format == "har"
    assert read(tmp_path, json.dumps({"interactions": []}), "y.json").format == "vcr"
