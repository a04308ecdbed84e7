"""Files of vcrpy and its relatives become events that say what the file says."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
import yaml

import replay
from replay.canon.packed import UNPACKED
from replay.errors import CassetteError
from replay.interop import fields, loading, plain, vcr_export
from replay.interop.keeping import keep
from replay.interop.vcr import read_vcr
from tests.interop.making import read, record, vcr_text


def only(imported):
    (event,) = imported.events
    assert not imported.unimported
    return event


def test_an_interaction_is_an_exchange(tmp_path):
    told = record(
        "hello", method="POST", body='{"a": 1}', asked={"Content-Type": ["application/json"], "X-N": ["1", "2"]}
    )
    event = only(read(tmp_path, vcr_text(told)))
    assert (event.request.action, event.request.target) == ("POST", "https://api.example.com/v1/items")
    assert event.request.headers == (("Content-Type", "application/json"), ("X-N", "1"), ("X-N", "2"))
    assert event.request.body == b'{"a": 1}'
    assert (event.answer.head.status, event.answer.head.reason, event.answer.body) == (200, "OK", b"hello")


def test_events_are_in_the_order_of_the_file_one_after_another(tmp_path):
    imported = read(tmp_path, vcr_text(record("a"), record("b"), record("c")))
    assert [event.id for event in imported.events] == [0, 1, 2]
    ticks = [tick for event in imported.events for tick in (event.tick, event.answer.head_tick, event.answer.end_tick)]
    assert ticks == sorted(set(ticks))


def test_the_path_may_be_text(tmp_path):
    (tmp_path / "x.yaml").write_text(vcr_text(record("a")))
    assert len(read_vcr(str(tmp_path / "x.yaml")).events) == 1


RESPONSE = {"status": {"code": 200, "message": "OK"}, "headers": {}}
BODIES = {
    "text": ({"body": {"string": "é"}}, "é".encode()),
    "bytes": ({"body": {"string": b"\x00\xff"}}, b"\x00\xff"),
    "nothing": ({"body": {"string": None}}, b""),
    "no body": ({}, b""),
    "parsed": ({"parsed_body": {"a": [1, "é"]}}, json.dumps({"a": [1, "é"]}).encode()),
    "false, parsed": ({"parsed_body": False}, b"false"),
    "a mapping": ({"body": {"a": 1}}, b'{"a": 1}'),
    "base64": ({"body": {"encoding": "", "base64_string": base64.b64encode(b"\x1f").decode()}}, b"\x1f"),
    "with its encoding": ({"body": {"encoding": "UTF-8", "string": "x"}}, b"x"),
    "old httpx": ({"content": "x"}, b"x"),
    "plain text": ({"body": "x"}, b"x"),
    "letters for bytes": ({"body": {"string": "\x1f\x8b\x08"}}, b"\x1f\x8b\x08"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_response_keeps_its_body_in_many_ways(name, tmp_path):
    written, body = BODIES[name]
    told = {"request": record()["request"], "response": {**RESPONSE, **written}}
    assert only(read(tmp_path, vcr_text(told))).answer.body == body


ASKED = {
    "text": ({"body": "a=1"}, b"a=1"),
    "nothing": ({"body": None}, b""),
    "pieces": ({"body": ["a", b"b"]}, b"ab"),
    "parsed": ({"parsed_body": {"a": 1}}, b'{"a": 1}'),
    "a mapping": ({"body": {"a": 1}}, b'{"a": 1}'),
    "Ruby's": ({"body": {"encoding": "US-ASCII", "string": ""}}, b""),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_request_keeps_its_body_in_many_ways(name, tmp_path):
    written, body = ASKED[name]
    asked = {"method": "POST", "uri": "https://h/", "headers": {}, **written}
    assert only(read(tmp_path, vcr_text({**record(), "request": asked}))).request.body == body


@pytest.mark.parametrize(
    ("tag", "body"),
    [
        ("!!python/object/new:_io.BytesIO {state: !!python/tuple [!!binary aGk=, 0, null]}", b"hi"),
        ("!!python/object/apply:builtins.iter {args: [[!!binary aGk=, ho]]}", b"hiho"),
        ("!!python/unicode 'hi'", b"hi"),
        ("2024-01-01", b"2024-01-01"),
    ],
)
def test_the_tags_that_vcrpy_has_written_are_read(tag, body, tmp_path):
    text = vcr_text(record(body="BODY", method="POST")).replace("body: BODY", f"body: {tag}")
    assert only(read(tmp_path, text)).request.body == body


STATUSES = {
    "a mapping": ({"status": {"code": 404, "message": "Not Found"}}, (404, "Not Found")),
    "text in a mapping": ({"status": {"code": "404", "message": None}}, (404, "")),
    "a number": ({"status_code": 404}, (404, "")),
    "go-vcr": ({"status": "404 Not Found", "code": 404}, (404, "Not Found")),
    "none": ({}, (200, "OK")),
}


@pytest.mark.parametrize("name", STATUSES)
def test_a_status_is_written_in_many_ways(name, tmp_path):
    written, expected = STATUSES[name]
    told = {"request": record()["request"], "response": {"headers": {}, "body": {"string": ""}, **written}}
    head = only(read(tmp_path, vcr_text(told))).answer.head
    assert (head.status, head.reason) == expected


def test_headers_are_a_mapping_pairs_or_lines(tmp_path):
    for headers in ({"A": "1", "B": ["2", 3]}, [["A", "1"], ["B", "2"], ["B", "3"]], ["A: 1\r\n", "B: 2\r\n", "B: 3"]):
        head = only(read(tmp_path, vcr_text(record(headers=headers)))).answer.head
        assert head.headers == (("A", "1"), ("B", "2"), ("B", "3"))


def test_a_header_outside_latin_1_is_the_bytes_of_its_utf_8(tmp_path):
    head = only(
        read(tmp_path, vcr_text(record(headers={"X": ["€"], "Y": [b"\xff"], "Z": ["a\r\nEvil: 1"]})))
    ).answer.head
    assert head.headers == (("X", "€".encode().decode("latin-1")), ("Y", "\xff"), ("Z", "a Evil: 1"))


def test_a_body_that_was_unpacked_stands_behind_the_mark_and_a_packed_one_as_it_is(tmp_path):
    packed = gzip.compress(b"hello")
    told = [record(body, headers={"Content-Encoding": ["gzip"]}) for body in (packed, "hello", "")]
    bodies = [event.answer.body for event in read(tmp_path, vcr_text(*told)).events]
    assert bodies == [packed, UNPACKED + b"hello", b""]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_text_is_taken_for_packed_by_no_coding(coding, tmp_path):
    for text in ("hello", '{"id": "x"}', "data: [DONE]\n\n", "[1]", "é", " ", "x" * 5000):
        told = record(text, headers={"Content-Encoding": [coding]})
        assert only(read(tmp_path, vcr_text(told))).answer.body == UNPACKED + text.encode(), text


def test_ruby_and_betamax_keep_their_records_under_another_name(tmp_path):
    told = {
        "request": {"method": "get", "uri": "https://h/", "body": {"encoding": "", "string": ""}, "headers": {}},
        "response": {**RESPONSE, "body": {"encoding": "", "string": "x"}, "http_version": "1.1"},
        "recorded_at": "Tue, 01 Nov 2011 04:58:44 GMT",
    }
    event = only(read(tmp_path, json.dumps({"http_interactions": [told], "recorded_with": "betamax/0.9"}), "x.json"))
    assert (event.request.action, event.answer.body, event.answer.head.http_version) == ("GET", b"x", "HTTP/1.1")


def test_langchain_packs_its_files_and_keeps_requests_and_responses_apart(tmp_path):
    told = record("hello")
    text = vcr_text().encode().replace(b"interactions: []", b"requests: X\nresponses: Y")
    lists = [yaml.safe_dump([told[half]], default_flow_style=True).strip().encode() for half in ("request", "response")]
    packed = gzip.compress(text.replace(b"X", lists[0]).replace(b"Y", lists[1]))
    assert only(read(tmp_path, packed, "x.yaml.gz")).answer.body == b"hello"


def test_a_packed_file_is_bounded_and_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "MAX_DECODED", 1 << 16)
    for data in (gzip.compress(b" " * (1 << 16)), b"\x1f\x8b\x08broken"):
        with pytest.raises(CassetteError, match="unpack"):
            read(tmp_path, data, "x.yaml.gz")


def test_an_address_is_that_which_a_client_sends(tmp_path):
    event = only(read(tmp_path, vcr_text(record(uri="https://h/<LOGIN>/é b?q=%3Ca%20b"))))
    assert event.request.target == "https://h/%3CLOGIN%3E/%C3%A9%20b?q=%3Ca%20b"


def test_a_file_from_before_vcrpy_1_is_read(tmp_path):
    text = """
- request: !!python/object:vcr.request.Request
    body: null
    headers: !!python/object/apply:__builtin__.frozenset
    - - !!python/tuple [Accept, '*/*']
    host: example.com
    method: GET
    path: /a
    port: 443
    protocol: https
  response:
    body: {string: !!python/unicode hi}
    headers: ["content-type: text/html\\r\\n"]
    status: {code: 200, message: OK}
"""
    event = only(read(tmp_path, text))
    assert event.request.target == "https://example.com/a"
    assert event.request.headers == (("Accept", "*/*"),)
    assert event.answer.head.headers == (("content-type", "text/html"),)


STRANGE = {
    "no response": {"request": record()["request"]},
    "no method": {**record(), "request": {"uri": "https://h/"}},
    "absolute URL": {**record(), "request": {"method": "GET", "uri": "/relative"}},
    "no status": {**record(), "response": {"status": {"code": "fine"}}},
    "no mapping": "text",
    "base64": {**record(), "response": {**RESPONSE, "body": {"base64_string": "?"}}},
    "WebSocket": {"kind": "message", "direction": "sent", "data": {"type": "x"}},
    "protobuf": {"request_sample": {"raw": b"\x00"}, "response_sample": {}},
    "no request": {"collections_method": "x"},
}


@pytest.mark.parametrize("reason", STRANGE)
def test_what_is_no_exchange_is_told_with_its_reason_and_kept(reason, tmp_path):
    imported = read(tmp_path, vcr_text(record("a"), STRANGE[reason], record("b")))
    (left,) = imported.unimported
    assert left.place == 1
    assert reason in left.reason
    assert [event.id for event in imported.events] == [0, 2]


HOSTILE = {
    "a tag that would run code": "interactions: [!!python/object/apply:os.system ['true']]",
    "brackets without end": "interactions: " + "[" * 200_000,
    "braces without end": "interactions: " + "{a: " * 200_000,
    "dashes without end": "- " * 200_000,
    "aliases that multiply": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9))
    + "interactions: [{request: {method: GET, uri: 'https://h/', parsed_body: *j}, response: {}}]",
    "an alias of itself": "interactions: [&a {request: *a, response: *a}]",
    "no YAML": "a: [",
    "another document": "name: ci\non: push\n",
    "nothing": "",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_an_error_or_nothing(what, tmp_path, monkeypatch):
    monkeypatch.setattr(plain, "MAX_WEIGHT", 1 << 20)
    with pytest.raises(CassetteError):
        read(tmp_path, HOSTILE[what])


def test_json_is_bounded_too(tmp_path):
    for text in ('{"interactions": ' + "[" * 100_000, '{"interactions": [' + "{}," * (1 << 20) + "{}]}", "{"):
        with pytest.raises(CassetteError):
            read(tmp_path, text, "x.json")


def test_a_body_that_unpacks_to_too_much_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(fields, "MAX_DECODED", 1 << 20)
    bomb = gzip.compress(b"0" * (1 << 20))
    (left,) = read(tmp_path, vcr_text(record(bomb, headers={"Content-Encoding": ["gzip"]}))).unimported
    assert "unpacks to" in left.reason


def test_half_a_character_is_no_trouble(tmp_path):
    half = "\ud83d x"
    told = record(uri=f"https://h/{half}", asked={half: [half]}, headers={"A": [half]})
    document = {"interactions": [told, {"kind": half, half: [2**70]}], half: 1}
    imported = read(tmp_path, json.dumps(document), "x.json")
    made = keep(imported, str(tmp_path / "made.cassette"), name="x.json")
    exported = json.loads(vcr_export.export(replay.open(made.path), as_json=True).text)["interactions"]
    assert exported[0]["request"]["uri"] == told["request"]["uri"]
    assert exported[1]["kind"] == half
    assert replay.open(made.path).to_har()
    with pytest.raises(replay.UsageError, match="half a character"):
        replay.open(made.path).to_vcr()
