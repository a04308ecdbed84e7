"""AWS event streams, beside AWS's own decoder."""

from __future__ import annotations

import json

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.dialects.eventstream import is_eventstream, messages
from tests.dialects import eventstreams

STREAM = eventstreams.events(*[{"contentBlockDelta": {"delta": {"text": word}}} for word in ("a", "bc", "d🙂")])
OBJECTS = messages(STREAM).objects


def test_each_message_reads_as_awss_own_decoder_reads_it():
    buffer = EventStreamBuffer()
    buffer.add_data(STREAM)
    told = [{event.headers[":event-type"]: json.loads(event.payload)} for event in buffer]
    assert told == OBJECTS


def test_the_inside_of_a_chunk_is_what_the_model_said():
    assert messages(eventstreams.chunks({"outputText": "a"}, {"outputText": "b"})).objects == [
        {"outputText": "a"},
        {"outputText": "b"},
    ]


def test_an_exception_is_the_error():
    read = messages(STREAM + eventstreams.exception("throttlingException", "slow down"))
    assert read.objects[-1] == {"error": {"type": "throttlingException", "message": "slow down"}}


@settings(deadline=None)
@given(st.integers(0, len(STREAM) - 1))
def test_of_a_cut_stream_every_whole_message_is_there_and_the_cut_is_said(cut):
    read = messages(STREAM[:cut])
    whole = [at for at in boundaries() if at <= cut]
    assert read.objects == OBJECTS[: len(whole)]
    assert bool(read.problem) == (cut not in (0, *whole))


def boundaries():
    ends, at = [], 0
    while at < len(STREAM):
        at += int.from_bytes(STREAM[at : at + 4], "big")
        ends.append(at)
    return ends


@settings(deadline=None)
@given(st.integers(0, len(STREAM) - 1), st.integers(1, 255))
def test_a_damaged_byte_is_never_taken_for_a_word(place, flip):
    damaged = bytearray(STREAM)
    damaged[place] ^= flip
    read = messages(bytes(damaged))
    assert read.problem
    assert read.objects == OBJECTS[: len(read.objects)]
    assert len(read.objects) < len(OBJECTS)


@pytest.mark.parametrize("data", [b"", b"{}", b"data: x\n\n", b"\0" * 40])
def test_what_is_none_is_not_taken_for_one(data):
    assert not is_eventstream(data)


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_in_a_message_with_right_checksums_never_raise(data):
    assert len(messages(eventstreams.message(data, {})).objects) == 1
