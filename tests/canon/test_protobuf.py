from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.canon import grpc, protobuf
from replay.canon.protobuf import BYTES, VARINT, Field, fields, number, rewritten
from replay.canon.redact import Redactor
from replay.dialects.grpc import Status, status, trailers, words
from replay.events import Chunk, End, Head, Request


def written(*pairs: tuple[int, int | bytes]) -> bytes:
    return b"".join([
        number(of << 3) + number(value)
        if isinstance(value, int)
        else number(of << 3 | BYTES) + number(len(value)) + value
        for of, value in pairs
    ])  # fmt: skip


SECRET = b"hunter2-hunter2"


def hidden(data: bytes) -> bytes:
    return data.replace(SECRET, b"<secret:password:1>")


def test_a_message_is_read_without_a_schema() -> None:
    message = written((1, b"hello"), (2, 150), (3, written((1, b"inner"))))
    assert fields(message) == [Field(1, BYTES, b"hello"), Field(2, VARINT, 150), Field(3, BYTES, b"\n\x05inner")]
    assert words(grpc.frame(message)) == "{1: 'hello', 2: 150, 3: {1: 'inner'}}"


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_message_that_is_cut_is_none(cut: int) -> None:
    message = written((1, b"hello"), (2, 300), (4, b"x"))
    assert fields(message[:-cut]) is None or fields(message[:-cut]) in [fields(message)[:n] for n in range(3)]


def test_lengths_stay_true_around_what_is_replaced_however_deep() -> None:
    def message(said: bytes) -> bytes:
        return written(
            (1, 7),
            (
                4,
                written((5, written((6, said), (7, b"and")))),
            ),
            (8, said),
        )

    assert rewritten(message(b"my " + SECRET), hidden) == message(b"my <secret:password:1>")
    plain = message(b"nothing")
    assert rewritten(plain, hidden) is plain


@given(st.recursive(st.binary(max_size=20), lambda inner: st.lists(st.tuples(st.integers(1, 20), inner)), max_leaves=8))
def test_rewriting_never_leaves_a_secret(tree: object) -> None:
    def encoded(tree: object) -> bytes:
        return tree + SECRET if isinstance(tree, bytes) else written(*[(of, encoded(one)) for of, one in tree])

    assert SECRET not in hidden(rewritten(encoded(tree), hidden))
    if not isinstance(tree, bytes):
        assert SECRET not in rewritten(encoded(tree), hidden)


def test_what_only_two_fields_together_say_is_hidden_too() -> None:
    def change(data: bytes) -> bytes:
        return re.sub(rb"key:\s+\w+", b"<gone>", data)

    message = written((1, b"key:"), (1, b"ninebytes"))  # the tag is a newline, the length a tab
    assert b"ninebytes" not in rewritten(message, change)


SAYS = grpc.frame(written((1, b"my " + SECRET), (2, b"and")))
WELL = grpc.frame(written((1, b"is well"))) + grpc.frame(b"", grpc.MESSAGE)


def redacted(*pieces: bytes, type: str = grpc.TYPE) -> bytes:
    redactor = Redactor({"MY_PASSWORD": SECRET.decode()})
    parts = redactor.parts(0, Head(200, (("content-type", type),)))
    for place, piece in enumerate(pieces):
        parts += redactor.parts(0, Chunk(piece, place, place))
    return b"".join([part.data for part in (*parts, *redactor.parts(0, End())) if isinstance(part, Chunk)])


@pytest.mark.parametrize("at", range(len(SAYS + WELL)))
def test_frames_cut_anywhere_into_chunks_are_kept_whole(at: int) -> None:
    whole = redacted(SAYS + WELL)
    assert [len(data) for _, data in grpc.frames(whole)] != [len(data) for _, data in grpc.frames(SAYS + WELL)]
    assert redacted((SAYS + WELL)[:at], (SAYS + WELL)[at:]) == whole
    assert redacted(WELL[:at], WELL[at:]) == WELL


@pytest.mark.parametrize("at", range(1, len(SAYS)))
def test_a_frame_that_never_ends_is_kept_as_far_as_it_came(at: int) -> None:
    assert redacted(WELL, SAYS[:at]).startswith(WELL)
    assert SECRET not in redacted(WELL, SAYS[:at])
    assert redacted(WELL, WELL[:at]) == WELL + WELL[:at]


def test_a_frame_of_any_size_is_kept() -> None:
    large = grpc.frame(b"\x00" * (4 << 20)) + SAYS
    pieces = [large[at : at + 65_536] for at in range(0, len(large), 65_536)]
    assert SECRET not in redacted(*pieces)
    assert redacted(*pieces).startswith(large[: -len(SAYS)])


@given(st.lists(st.binary(max_size=40)))
def test_what_is_called_grpc_and_is_not_loses_nothing(pieces: list[bytes]) -> None:
    assert redacted(*pieces) == b"".join(pieces)
    asked = Request("http", "POST", "https://x.test/", (("content-type", grpc.TYPE),), b"".join(pieces))
    assert Redactor({}).request(asked).body == asked.body


@given(st.binary(max_size=200))
def test_any_bytes_can_be_looked_at(data: bytes) -> None:
    protobuf.fields(data)
    words(data)
    list(grpc.frames(data))


def test_numbers_too_long_are_none() -> None:
    assert fields(b"\x08" + b"\xff" * 11) is None


@given(
    st.integers(0, 16),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.lists(st.tuples(st.from_regex(r"x-[a-z]{1,5}", fullmatch=True), st.text(min_size=1, max_size=9))),
)
def test_a_status_survives_its_frame(code: int, details: str, metadata: list[tuple[str, str]]) -> None:
    told = Status(code, details, tuple(metadata), "debug")
    ((kind, data),) = grpc.frames(trailers(told))
    assert kind == grpc.TRAILERS
    assert status(data) == told


@pytest.mark.parametrize("data", [b"", b"grpc-status: x\r\n", b"grpc-status: 99\r\n", "grpc-status: ²\r\n".encode()])
def test_an_odd_status_is_unknown(data: bytes) -> None:
    assert status(data).code == 2
