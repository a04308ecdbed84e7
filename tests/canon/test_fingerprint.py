from __future__ import annotations

from dataclasses import replace

import pytest

from replay.canon import fingerprint, volatile_fingerprint
from replay.events import Request

HEADERS = (("Content-Type", "application/json"), ("authorization", "Bearer x"))
REQUEST = Request("http", "POST", "https://h/p?a=1&b=2", HEADERS, b'{"a":1,"b":2}')


def test_the_value_is_part_of_the_format_and_never_changes_unnoticed():
    assert fingerprint(REQUEST).hex() == "17405a54d21bea0f917cfab0e4cfdfac"
    assert len(volatile_fingerprint(REQUEST)) == 16


@pytest.mark.parametrize(
    "change",
    [
        {"headers": (("x", "y"), ("content-type", "application/json"))},
        {"target": "HTTPS://H/p?b=2&a=1"},
        {"body": b'{"b": 2, "a": 1}'},
        {"effect": "write"},
    ],
)
def test_what_means_the_same_has_the_same_fingerprint(change):
    assert fingerprint(replace(REQUEST, **change)) == fingerprint(REQUEST)


@pytest.mark.parametrize(
    "change",
    [{"kind": "tool"}, {"action": "PUT"}, {"target": "https://h/q?a=1&b=2"}, {"body": b'{"a":1,"b":3}'}, {"body": b""}],
)
def test_what_means_something_else_has_another(change):
    assert fingerprint(replace(REQUEST, **change)) != fingerprint(REQUEST)


def test_parts_of_a_request_cannot_be_shifted_into_each_other():
    one = Request("tool", "call", "name\n1\nx", (), b"")
    other = Request("tool", "call", "name", (), b"1\nx")
    assert fingerprint(one) != fingerprint(other)


def test_a_named_header_takes_part():
    other = replace(REQUEST, headers=(*HEADERS[:1], ("Authorization", "Bearer y")))
    assert fingerprint(REQUEST) == fingerprint(other)
    assert fingerprint(REQUEST, ("Authorization",)) != fingerprint(other, ("authorization",))


def test_the_name_and_the_number_of_a_placeholder_take_no_part():
    def request(number: int, name: str = "jwt") -> Request:
        return Request(
            "http", "GET", f"https://h/?k=<secret:{name}:{number}>", (), b"<secret:%s:%d>" % (name.encode(), number)
        )

    assert fingerprint(request(1)) == fingerprint(request(12))
    assert fingerprint(request(1)) == fingerprint(request(1, "openai-key"))


def chat(first: str, second: str, when: str = "2026-01-02T03:04:05Z") -> Request:
    body = f'{{"messages":[{{"id":"{first}","at":"{when}"}},{{"tool_call_id":"{second}"}}]}}'
    return Request("http", "POST", "https://h/p", HEADERS, body.encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("call_abc123XYZ", "call_9"),
        ("toolu_01A09q90qw90lq917835lq9", "toolu_bdrk_01ABCdef".replace("bdrk_", "")),
        ("chatcmpl-9fGhIjKlMnOp", "chatcmpl-1"),
        ("123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000000000"),
        ("msg_abcdefghijklmnopqrst", "msg_1"),
    ],
)
def test_volatile_values_do_not_count_but_their_pattern_of_use_does(one, other):
    assert fingerprint(chat(one, one)) != fingerprint(chat(other, other))
    assert volatile_fingerprint(chat(one, one)) == volatile_fingerprint(chat(other, other))
    assert volatile_fingerprint(chat(one, one)) != volatile_fingerprint(chat(one, other))


def test_times_are_volatile_and_dates_and_words_are_not():
    volatile = volatile_fingerprint
    assert volatile(chat("a", "b")) == volatile(chat("a", "b", "2027-12-31 23:59:59.123456+02:00"))
    assert volatile(chat("a", "b", "2026-01-02")) != volatile(chat("a", "b", "2026-01-03"))
    assert volatile(chat("call_customer", "b")) != volatile(chat("call_back", "b"))


def test_volatile_values_in_the_url_and_the_boundary_of_a_multipart_body():
    def upload(boundary: str, run: str) -> Request:
        body = f"--{boundary}\r\nA: b\r\n\r\n{run}\r\n--{boundary}--\r\n".encode()
        headers = (("content-type", f"multipart/form-data; boundary={boundary}"),)
        return Request("http", "POST", f"https://h/{run}", headers, body)

    one = upload("123e4567-e89b-12d3-a456-426614174000", "run_1")
    assert volatile_fingerprint(one) == volatile_fingerprint(upload("run_77", "run_2"))
