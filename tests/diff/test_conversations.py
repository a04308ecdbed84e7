"""Two recordings of a connection that stays open: what was said over it explains what came."""

from __future__ import annotations

import json

import replay
from replay.canon.grpc import frame
from replay.dialects.cassette import Cassette
from replay.dialects.grpc import Status, trailers
from replay.dialects.websocket import Closing, message
from replay.events import Answer, Chunk, End, Event, Head, Request
from tests.diff.runs import cassette

URL = "wss://api.openai.com/v1/realtime?model=gpt-realtime"


def talk(*said_and_heard: tuple[dict[str, str], str]) -> Cassette:
    """A WebSocket on which each message is answered by one text."""
    heard = [message(json.dumps({"type": "told", "text": text}).encode(), is_text=True) for _, text in said_and_heard]
    chunks = tuple([Chunk(data) for data in (*heard, Closing((1000, ""), (1000, ""), False).encoded())])
    opened = Event(0, Request("http", "GET", URL), answer=Answer(Head(101), chunks=chunks, end=End()))
    said = [
        Event(at, Request("http", "SEND", URL, body=json.dumps(one).encode()), parent=0, answer=Answer(end=End()))
        for at, (one, _) in enumerate(said_and_heard, 1)
    ]
    return cassette(opened, *said)


def test_another_message_explains_what_came_over_the_connection() -> None:
    found = replay.diff(
        talk(({"type": "ask", "what": "a"}, "A"), ({"type": "ask", "what": "b"}, "B")),
        talk(({"type": "ask", "what": "a"}, "A"), ({"type": "ask", "what": "c"}, "C")),
    )
    opened, first, second = found.rows
    assert (first.mark, second.changes[0].path) == ("=", "request.what")
    assert [change.path for change in opened.changes] == ["response.messages[1].text"]
    assert (opened.cause.kind, opened.cause.row) == ("upstream", 3)
    assert second.cause.kind == "code"
    assert [link.row for link in opened.chain] == [3, 1]


def test_another_answer_to_the_same_messages_is_the_servers_doing() -> None:
    said = {"type": "ask", "what": "a"}
    opened, first = replay.diff(talk((said, "A")), talk((said, "B"))).rows
    assert (first.mark, opened.cause.kind) == ("=", "chance")


def test_messages_of_grpc_are_compared_as_they_are_shown() -> None:
    def run(text: bytes, status: Status) -> Cassette:
        body = frame(b"\x0a" + bytes([len(text)]) + text)
        asked = Request("http", "POST", "grpc://host/shop.Shop/Answer", (("content-type", "application/grpc"),), body)
        chunks = (Chunk(body), Chunk(trailers(status)))
        return cassette(Event(0, asked, answer=Answer(Head(200), chunks=chunks, end=End())))

    (row,) = replay.diff(run(b"hello", Status(0)), run(b"goodbye", Status(5, "gone"))).rows
    changes = [(change.path, change.before, change.after) for change in row.changes]
    assert changes == [
        ("request.body", "{1: 'hello'}", "{1: 'goodbye'}"),
        ("response.messages[0]", "{1: 'hello'}", "{1: 'goodbye'}"),
        ("response.error", None, "NOT_FOUND: gone"),
    ]
