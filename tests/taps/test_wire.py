"""Whatever way a body comes and is read, a replay reads the same, and nothing is read ahead."""

from __future__ import annotations

import http.client
import io
import itertools
from typing import Any

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from replay.events import Answer, Chunk, End, Failure, Head
from replay.taps import wire
from tests.taps.fake import Tape, TapeCall
from tests.taps.server import CHUNKED, LAST, chunk, head

READS = ("read", "read1", "readinto", "readline", "peek", "urllib3.read", "urllib3.read1", "urllib3.stream")


class Arrivals(io.RawIOBase):
    """A socket on which these pieces arrive, one a read; then it is closed, or breaks."""

    def __init__(self, pieces: list[bytes], error: Exception | None) -> None:
        self.pieces = pieces
        self.error = error

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        if not self.pieces and self.error:
            raise self.error
        data = self.pieces.pop(0) if self.pieces else b""
        if len(data) > len(into):
            self.pieces.insert(0, data[len(into) :])
        into[: len(data[: len(into)])] = data[: len(into)]
        return min(len(data), len(into))

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[one:two] for one, two in itertools.pairwise(places)]


def consume(response: http.client.HTTPResponse, way: str, size: int | None) -> list[Any]:
    """All that a program sees that reads in one way, errors included."""
    seen: list[Any] = []
    try:
        for piece in _pieces(response, way, size):
            seen.append(piece)
    except Exception as error:
        seen.append((type(error), str(error), getattr(error, "partial", None)))
    return seen


def _pieces(response: http.client.HTTPResponse, way: str, size: int | None) -> Any:
    if way.startswith("urllib3"):
        modern = urllib3.HTTPResponse(
            response, response.headers.items(), preload_content=False, original_response=response
        )
        method = way.partition(".")[2]
        yield from modern.stream(size) if method == "stream" else iter(lambda: getattr(modern, method)(size), b"")
    elif way == "readinto":
        into = bytearray(size or 4)
        while count := response.readinto(into):
            yield bytes(into[:count])
    elif way == "peek":
        while shown := response.peek(size or 0):
            yield shown
            yield response.read(1)
    else:
        yield from iter(lambda: getattr(response, way)(*([] if size is None else [size])), b"")


def recorded(pieces: list[bytes], error: Exception | None, way: str, size: int | None) -> tuple[Answer, list[Any]]:
    call = TapeCall(Tape(), 0, None, None)  # type: ignore[arg-type]
    response = http.client.HTTPResponse(Arrivals(pieces, error), method="GET")  # type: ignore[arg-type]
    response.begin()
    call.deliver(wire.head(response))
    wire.record_body(call, response)
    seen = consume(response, way, size)
    response.close()
    return call.answer, seen


def replayed(answer: Answer, way: str, size: int | None) -> tuple[Answer, list[Any]]:
    call = TapeCall(Tape(), 0, None, answer)  # type: ignore[arg-type]
    response = wire.serve(call, answer, "GET")
    seen = consume(response, way, size)
    response.close()
    return call.answer, seen


@pytest.mark.parametrize("way", READS)
@given(
    chunks=st.lists(st.binary(min_size=1, max_size=9).map(lambda data: data.replace(b"0", b"\n")), max_size=5),
    framing=st.sampled_from(["chunked", "length", "close"]),
    kept=st.integers(0, 200),
    cuts=st.lists(st.integers(0, 10_000), max_size=6),
    error=st.sampled_from([None, ConnectionResetError(104, "Connection reset by peer"), TimeoutError("timed out")]),
    size=st.sampled_from([None, 1, 2, 3, 5, 64]),
)
def test_a_replay_reads_what_the_recording_read(way, chunks, framing, kept, cuts, error, size) -> None:
    body = b"".join(chunks)
    sent, field = {
        "chunked": (b"".join([chunk(data) for data in chunks]) + LAST, CHUNKED),
        "length": (body, f"Content-Length: {len(body)}"),
        "close": (body, "X-Nothing: 1"),
    }[framing]
    pieces = [head(field), *split(sent[: len(sent) - kept % (len(sent) + 1)], cuts)]
    answer, seen = recorded(pieces, error, way, size)
    assert replayed(answer, way, size) == (answer, seen)
    assert body.startswith(answer.body)


@given(chunks=st.lists(st.binary(min_size=1, max_size=40), min_size=1), cuts=st.lists(st.integers(0, 10_000)))
def test_whole_http_chunks_are_kept_whole_however_they_arrive(chunks, cuts) -> None:
    sent = b"".join([chunk(data) for data in chunks]) + LAST
    answer, _ = recorded([head(CHUNKED), *split(sent, cuts)], None, "urllib3.stream", 65_536)
    assert [one.data for one in answer.chunks] == chunks
    assert answer.end == End()


def test_a_reader_of_single_bytes_does_not_make_single_byte_chunks() -> None:
    sent = chunk(b"x" * 1000) + LAST
    answer, seen = recorded([head(CHUNKED), *split(sent, [300, 700])], None, "urllib3.stream", 1)
    assert seen == [b"x"] * 1000
    assert [len(one.data) for one in answer.chunks] == [1, 294, 400, 305]


def test_a_chunk_size_that_is_no_number_breaks_the_same_way() -> None:
    answer, seen = recorded([head(CHUNKED), chunk(b"one") + b"zzz\r\n"], None, "urllib3.stream", 64)
    assert answer.end is not None and answer.end.ending == "broken"
    assert seen[-1][0] is urllib3.exceptions.ProtocolError
    assert replayed(answer, "urllib3.stream", 64) == (answer, seen)


def test_reading_on_where_the_recorded_program_stopped_is_told_to_the_engine_as_complete() -> None:
    closed = Answer(
        Head(200, "OK", headers=(("Transfer-Encoding", "chunked"),)), chunks=(Chunk(b"one"),), end=End("closed")
    )
    answer, seen = replayed(closed, "read", None)
    assert seen == [b"one"]
    assert answer.end == End()


def test_the_length_is_that_of_the_body_that_is_served() -> None:
    edited = Answer(Head(200, "OK", headers=(("Content-Length", "3"),)), chunks=(Chunk(b"longer"),), end=End())
    assert replayed(edited, "read", None)[1] == [b"longer"]


@pytest.mark.parametrize(
    "failure", [Failure("os.system", "x", b'["rm"]'), Failure("x", "x", b"[" * 70_000), Failure("x", "y", b'{"a": 1}')]
)
def test_a_failure_of_unknown_name_is_a_broken_connection(failure) -> None:
    answer = Answer(Head(200, "OK"), end=End("broken", failure))
    assert replayed(answer, "read", None)[1] == [(ConnectionError, failure.message, None)]


def test_line_breaks_in_a_recorded_head_make_no_header_fields() -> None:
    head = Head(200, "OK\r\nX-Evil: 1", headers=(("X-A", "1\r\nX-Evil: 1"),))
    response = wire.serve(TapeCall(Tape(), 0, None, None), Answer(head, end=End()), "GET")  # type: ignore[arg-type]
    assert response.getheader("X-Evil") is None
