"""What is exported of an import is what was imported, record by record."""

from __future__ import annotations

import json
from tempfile import TemporaryDirectory

import orjson
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vcr.serialize import deserialize
from vcr.serializers import jsonserializer, yamlserializer

import replay
from replay.interop import formats, har_export, vcr_export
from replay.interop.har import imported as har_imported
from replay.interop.keeping import keep
from replay.interop.vcr import imported as vcr_imported
from tests.interop.making import entry, har_text, read, record, vcr_text

QUICK = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

_words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029\x85"))
_values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12)
_names = st.from_regex(r"[A-Za-z][A-Za-z-]{0,12}", fullmatch=True)
_headers = st.dictionaries(_names, st.lists(_values, min_size=1, max_size=3), max_size=4)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | _words,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(_words, inside, max_size=3),
    max_leaves=8,
)
_bodies = _words | st.binary(max_size=40)
_said = st.one_of(
    st.fixed_dictionaries({"body": st.fixed_dictionaries({"string": _bodies})}),
    st.fixed_dictionaries({"parsed_body": _json.filter(lambda value: value is not None)}),
    st.just({"body": {"string": None}}),
    st.just({}),
)
_asked = st.one_of(
    st.fixed_dictionaries({"body": st.none() | _bodies}),
    st.fixed_dictionaries({"parsed_body": _json.filter(lambda value: value is not None)}),
    st.fixed_dictionaries({"body": st.dictionaries(_words.filter(lambda key: "string" not in key), _json, max_size=3)}),
)
_coding = st.sampled_from([{}, {"Content-Encoding": ["gzip"]}, {"content-encoding": ["br"]}])
_vcr_records = st.lists(
    st.builds(
        lambda path, asked, headers, said, answer, coding, status, message, beside: {
            "request": {"method": "POST", "uri": f"https://h.example/{path}?b=c", "headers": headers, **asked},
            "response": {"status": {"code": status, "message": message}, "headers": {**answer, **coding}, **said},
            **beside,
        },
        st.sampled_from(["a", "<b>", "é"]),
        _asked,
        _headers,
        _said,
        _headers.filter(lambda found: all(name.lower() != "content-encoding" for name in found)),
        _coding,
        st.integers(100, 599),
        st.none() | _values,
        st.dictionaries(st.sampled_from(["recorded_at", "x"]), _json, max_size=2),
    )
    | st.dictionaries(st.sampled_from(["kind", "data", "direction"]), _json, min_size=1),
    max_size=4,
)


def comparable(value):
    """Text and its UTF-8 are one body to vcrpy."""
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return value.encode() if isinstance(value, str) else value


def through(imported, export):
    """What is exported of ``imported`` when it has been a cassette in between."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/made.cassette"
        keep(imported, path, name="x", verbatim=True)
        exported = export(replay.open(path))
    assert not exported.left_out
    return exported.text


@QUICK
@given(_vcr_records)
def test_records_of_vcrpy_come_out_as_they_went_in(records):
    document = {"interactions": records, "version": 1}
    text = through(vcr_imported(document), vcr_export.export)
    assert comparable(yaml.safe_load(text)) == comparable(document)


@QUICK
@given(st.lists(st.builds(
    lambda text, type, post, odd: odd or entry(text, content={"mimeType": type}, **({"post": post} if post else {})),
    _words,
    st.sampled_from(["text/plain", "application/json; charset=utf-8"]),
    st.none() | st.builds(lambda text: {"mimeType": "x/y", "params": [], "text": text}, _words.filter(bool)),
    st.none() | st.just({"request": 1}),
), max_size=3))  # fmt: skip
def test_entries_of_har_come_out_as_they_went_in(entries):
    document = json.loads(har_text(*entries))
    for each in document["log"]["entries"]:
        if isinstance(each["request"], dict):
            each["response"]["content"]["size"] = len(each["response"]["content"]["text"].encode())
    text = through(har_imported(document), har_export.export)
    assert json.loads(text) == document


def test_vcrpy_itself_reads_what_is_exported_as_it_reads_the_original(tmp_path):
    text = vcr_text(
        record("é", method="POST", body="a", asked={"A": ["1"]}),
        record(b"\xff\x00", headers={"Content-Encoding": ["gzip"]}),
        record(None),
    )
    exported = through(read(tmp_path, text), vcr_export.export)
    (asked, said), (asked_now, said_now) = deserialize(text, yamlserializer), deserialize(exported, yamlserializer)
    assert [each._to_dict() for each in asked_now] == [each._to_dict() for each in asked]
    assert said_now == said


def test_json_comes_out_as_json_and_says_when_it_cannot(tmp_path):
    def as_json(cassette):
        return vcr_export.export(cassette, as_json=True)

    text = through(read(tmp_path, vcr_text(record("hello"))), as_json)
    assert deserialize(text, jsonserializer)[1][0]["body"] == {"string": b"hello"}
    with pytest.raises(replay.UsageError, match="binary"):
        through(read(tmp_path, vcr_text(record(b"\xff"))), as_json)


def test_a_redacted_body_is_packed_again(tmp_path):
    import gzip

    key = "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0" * 2
    body = gzip.compress(json.dumps({"echo": key}).encode())
    imported = read(tmp_path, vcr_text(record(body, headers={"Content-Encoding": ["gzip"]})))
    keep(imported, str(tmp_path / "made.cassette"), name="x")
    written = yaml.safe_load(replay.open(tmp_path / "made.cassette").to_vcr())["interactions"][0]["response"]["body"]
    assert orjson.loads(gzip.decompress(written["string"])) == {"echo": "<secret:openai-key:1>"}


def test_a_har_of_vcrpys_has_the_bodies_unpacked(tmp_path):
    import gzip

    imported = read(tmp_path, vcr_text(record(gzip.compress(b"hello"), headers={"Content-Encoding": ["gzip"]})))
    found = json.loads(through(imported, har_export.export))["log"]["entries"][0]["response"]["content"]
    assert (found["text"], found["size"]) == ("hello", 5)


def test_what_we_recorded_is_exported_and_what_has_no_place_there_is_told(tmp_path):
    with replay.record(tmp_path / "own.cassette"):

        @replay.tool(effect="read")
        def look():
            return 1

        look()
    exported = vcr_export.export(replay.open(tmp_path / "own.cassette"))
    assert exported.records == 0
    assert [left.reason for left in exported.left_out] == ["a tool: the format holds HTTP alone"]


def test_every_sample_cassette_can_be_exported_and_imported_again(tmp_path):
    from pathlib import Path

    samples = sorted((Path(__file__).parents[2] / "cassettes").glob("*.cassette"))
    assert samples
    for sample in samples:
        cassette = replay.open(sample)
        for name, text in (("x.yaml", cassette.to_vcr()), ("x.har", cassette.to_har())):
            (tmp_path / name).write_text(text)
            events = formats.read(tmp_path / name).events
            ours = [event for event in cassette.events if event.request.kind == "http"]
            assert [event.request.target for event in events] == [event.request.target for event in ours]
            assert [event.request.body for event in events] == [event.request.body for event in ours]
            if name == "x.yaml":
                assert [event.answer.body for event in events] == [event.answer.body for event in ours]
