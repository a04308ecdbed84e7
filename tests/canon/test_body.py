from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from replay.canon.body import canonical_body, canonical_json

JSON = "application/json"

DIFFERENT = [
    (b'{"n":1}', b'{"n":1.0}'),
    (b'{"n":1}', b'{"n":true}'),
    (b'{"n":1}', b'{"n":"1"}'),
    (b'{"n":0}', b'{"n":false}'),
    (b'{"n":null}', b"{}"),
    (b'{"n":123456789012345678901}', b'{"n":123456789012345678902}'),
    (b'{"n":-9223372036854775809}', b'{"n":-9223372036854775810}'),
    (b'{"n":18446744073709551616}', b'{"n":1.8446744073709552e+19}'),
    (b'{"n":0.12345678901234567891}', b'{"n":0.12345678901234567892}'),
    (b'{"n":0.12345678901234567891}', b'{"n":"0.12345678901234567891"}'),
    (b'{"n":1e400}', b'{"n":null}'),
    (b'{"n":NaN}', b'{"n":null}'),
    (b'{"a":1,"a":2}', b'{"a":2}'),
    (b'{"a":1,"a":2}', b'{"a":2,"a":1}'),
    (b'{"a":"\\u0022","a":"x","b":"y"}', b'{"a":"x","b":"y"}'),
    (b"[1,2]", b"[2,1]"),
]

EQUAL = [
    (b'{"a":1,"b":[{"d":1,"c":2}]}', b'{ "b" : [ {"c": 2, "d": 1} ],\n "a": 1 }'),
    (b'{"a":"\xc3\xa9"}', b'{"a":"\\u00e9"}'),
    (b'{"a":"\\u0022","b":123456789012345678901}', b'{"b": 123456789012345678901, "a": "\\""}'),
    (b'{"t":1700000000000000000,"a":0}', b'{"a":0,"t":1700000000000000000}'),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_json_that_says_different_things_stays_different(one, other):
    assert canonical_body(one, JSON) != canonical_body(other, JSON)


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_json_that_says_the_same_is_equal(one, other):
    assert canonical_body(one, JSON) == canonical_body(other, "application/vnd.api+json; charset=utf-8")
    assert canonical_body(one, "") == canonical_body(other, JSON)


@pytest.mark.parametrize("body", [b"{", b'{"a":01}', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 500 + b"1" + b"}" * 500])
def test_what_is_no_json_or_too_deep_is_its_own_bytes(body):
    assert canonical_body(body, JSON) == body


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)


@given(plain, plain)
def test_canonical_json_is_equal_exactly_when_the_values_are(one, other):
    def exact(value):
        return json.dumps(value, sort_keys=True)

    canonical = [canonical_body(json.dumps(value, indent=1).encode(), JSON) for value in (one, other)]
    assert (canonical[0] == canonical[1]) == (exact(one) == exact(other))
    assert canonical[0] == canonical_body(json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode(), JSON)


def test_a_form_is_sorted_by_name_and_keeps_the_order_of_equal_names():
    kind = "application/x-www-form-urlencoded"
    assert canonical_body(b"b=2&a=1", kind) == canonical_body(b"a=1&b=2", kind)
    assert canonical_body(b"a=1&a=2", kind) != canonical_body(b"a=2&a=1", kind)


def multipart(boundary: bytes, *parts: bytes) -> bytes:
    return b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts) + b"--%s--\r\n" % boundary


def test_a_multipart_body_does_not_depend_on_its_boundary_or_the_case_of_header_names():
    one = multipart(b"abc", b'Content-Disposition: form-data; name="a"\r\nX-Y: 1\r\n\r\nvalue', b"\r\n\r\n")
    other = multipart(b"x.y", b'x-y:1\r\ncontent-disposition: form-data; name="a"\r\n\r\nvalue', b"\r\n\r\n")
    changed = multipart(b"x.y", b'x-y:1\r\ncontent-disposition: form-data; name="a"\r\n\r\nVALUE', b"\r\n\r\n")
    kind = "multipart/form-data; boundary="
    assert canonical_body(one, kind + "abc") == canonical_body(other, kind + '"x.y"')
    assert canonical_body(one, kind + "abc") != canonical_body(changed, kind + "x.y")


def test_a_multipart_body_that_lacks_its_end_is_its_own_bytes():
    body = b"--abc\r\nA: b\r\n\r\nvalue"
    assert canonical_body(body, "multipart/form-data; boundary=abc") == body


def test_other_types_are_bytes_even_when_they_look_like_json():
    assert canonical_body(b'{ "a": 1 }', "text/plain") == b'{ "a": 1 }'


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)
)


@given(VALUES)
@example([2**62, 1e-07])
def test_a_body_is_the_same_whoever_wrote_it(value: object) -> None:
    spaced, compact = json.dumps(value), json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    assert canonical_json(spaced.encode()) == canonical_json(compact.encode()) == canonical_json(orjson.dumps(value))
