from __future__ import annotations

import json

import pytest

from replay.canon.redact import Redactor
from replay.canon.rules import Rules
from replay.events import Chunk, End, Head

SECRET = "sk-" + "proj-" + "aB3d" * 9


def event(text: str, index: int = 0, **more: object) -> bytes:
    delta = {"id": "chatcmpl-1", "choices": [{"index": index, "delta": {"content": text}}], **more}
    return b"data: " + json.dumps(delta, ensure_ascii=False).encode() + b"\n\n"


def kept(
    pieces: list[bytes],
    type: str = "text/event-stream",
    environ: dict[str, str] | None = None,
    *,
    rules: Rules | None = None,
    together: int = 1,
) -> list[Chunk]:
    redactor = Redactor(environ, rules)
    redactor.parts(1, Head(200, headers=(("content-type", type),)))
    chunks = list(map(Chunk, pieces))
    given = [chunks[at : at + together] for at in range(0, len(chunks), together)]
    parts = [part for some in given for part in redactor.chunks(1, some)]
    return [part for part in [*parts, *redactor.parts(1, End())] if isinstance(part, Chunk)]


def told(chunks: list[Chunk], index: int = 0) -> str:
    """The text that a client puts together."""
    lines = b"".join([chunk.data for chunk in chunks]).splitlines()
    deltas = [json.loads(line[6:])["choices"][0] for line in lines if line.startswith(b"data: {")]
    return "".join([delta["delta"]["content"] for delta in deltas if delta["index"] == index])


@pytest.mark.parametrize("together", [1, 4, 7, 64, 1000])
@pytest.mark.parametrize("step", [1, 2, 3, 5, 8, 40])
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"use {SECRET} now", "use <secret:openai-key:1> now"),
        (f"Authorization: Bearer {'q1w2e3r4' * 4}.", "Authorization: Bearer <secret:bearer:1>"),
        ('{"password": "tr0ub4dor&3", "a": 1}', '{"password": "<secret:password:1>", "a": 1}'),
        ("--password tr0ub4dor go", "--password <secret:password:1> go"),
        ("see postgres://me:tr0ub4dor@db/x now", "see postgres://me:<secret:password:1>@db/x now"),
        ("it is hunter2 hunter2 here", "it is <secret:env-my-key:1> here"),
    ],
)
def test_a_secret_spelled_over_events_is_replaced_in_the_text_they_make(text, wanted, step, together):
    plain = "Look here, my dear. " * 3
    pieces = [event(piece) for piece in [*plain.split("."), *cut(text, step), " ", *plain.split(".")]]
    found = kept([*pieces, b"data: [DONE]\n\n"], environ={"MY_KEY": "hunter2 hunter2"}, together=together)
    around = plain.replace(".", "")
    assert told(found) == f"{around}{wanted} {around}"
    assert len(found) == len(pieces) + 1


@pytest.mark.parametrize("together", [1, 5, 100])
@pytest.mark.parametrize("step", [1, 2, 3, 5, 40])
def test_what_the_user_calls_secret_is_found_over_events_as_well(step, together):
    text = "The badge is ACME 1234 today,\nand none. Once more: ACME 77!"
    rules = Rules(patterns=(("badge", r"ACME \d+"),))
    pieces = [event(piece) for piece in ["The", " lamp", " was", " sent. ", *cut(text, step)]]
    found = kept(pieces, rules=rules, together=together)
    assert told(found) == (
        "The lamp was sent. The badge is <secret:badge:1> today,\nand none. Once more: <secret:badge:2>!"
    )
    assert len(found) == len(pieces)


def test_known_words_of_which_one_ends_with_its_space_are_found_in_a_quiet_stream():
    pieces = [event(piece) for piece in ["The", " lamp", " was", " sent. ", "open ", "sesame", " now", " please"]]
    for together in (1, 6, 8):
        found = kept(pieces, environ={"MY_KEY": "open sesame"}, together=together)
        assert told(found) == "The lamp was sent. <secret:env-my-key:1> now please"


def cut(text: str, step: int) -> list[str]:
    return [text[at : at + step] for at in range(0, len(text), step)]


def test_a_stream_that_begins_with_nothing_is_kept_where_a_known_secret_has_words():
    chunks = kept(
        [event(""), event("two words"), event(" here-and-there")], environ={"A_PASSWORD": "two words here-and-there"}
    )
    assert told(chunks) == "<secret:env-a-password:1>"


def test_ordinary_text_is_kept_chunk_for_chunk_and_nearly_all_of_it_at_once():
    redactor = Redactor({"MY_KEY": "hunter2 hunter2"})
    redactor.parts(1, Head(200, headers=(("content-type", "text/event-stream"),)))
    words = ("The weather", "in Ghent", "is fine", "today:", "sunny,", "twenty", "degrees,", "hardly", "any", "wind")
    pieces = [Chunk(event(f" {word}")) for word in words]
    kept = [redactor.parts(1, piece) for piece in pieces]
    assert [part for parts in [*kept, redactor.parts(1, End())[:-1]] for part in parts] == pieces
    assert sum(parts == (piece,) for parts, piece in zip(kept, pieces, strict=True)) > len(pieces) * 0.7


def test_interleaved_texts_are_told_apart():
    pieces = [event(part, index) for part in ("it is ", SECRET[:9], SECRET[9:], " ok") for index in (0, 1)]
    found = kept(pieces)
    assert told(found, 0) == told(found, 1) == "it is <secret:openai-key:1> ok"


def test_what_was_held_back_at_the_end_is_kept():
    assert told(kept([event("this is s"), event("k-")])) == "this is sk-"


def test_lines_that_differ_around_the_fragment_are_looked_at_too():
    pieces = [event("a"), event("b"), event("c", note=SECRET), event("d")]
    found = b"".join([chunk.data for chunk in kept(pieces)])
    assert SECRET.encode() not in found
    assert told(kept(pieces)) == "abcd"


def test_plain_lines_and_lines_of_json_are_spelled_as_well():
    lines = [f"data: {SECRET[at : at + 4]}\n\n".encode() for at in range(0, len(SECRET), 4)]
    assert b"".join([chunk.data for chunk in kept(lines)]).startswith(b"data: <secret:openai-key:1>\n\ndata: \n\n")
    lines = [json.dumps({"response": SECRET[at : at + 4]}).encode() + b"\n" for at in range(0, len(SECRET), 4)]
    found = kept(lines, "application/x-ndjson")
    assert "".join([json.loads(chunk.data)["response"] for chunk in found]) == "<secret:openai-key:1>"


def test_a_line_that_comes_in_pieces_is_kept_in_its_pieces():
    whole = event("hello")
    pieces = [whole[:20], whole[20:40], whole[40:]]
    assert [chunk.data for chunk in kept(pieces)] == pieces
