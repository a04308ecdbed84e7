"""The answers that swaps give: a file or a value in the form that the program's library waits for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from replay.canon import values
from replay.dialects import lenient
from replay.dialects.dialect import Dialect
from replay.dialects.lenient import Document, document, documents, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, ToolCall, Usage
from replay.dialects.translate import table as voices
from replay.dialects.translate.deltas import Begin, CallBegins, CallWords, Delta, Done, Used, Words
from replay.dialects.translate.voice import Voice
from replay.errors import UsageError
from replay.events import Answer, Chunk, End, Head

_WHOLE = frozenset({"status", "headers", "body"})
_WIRE = ("choices", "content", "output", "candidates", "error")
"""Keys by which an answer is known to be in its provider's own form."""

_PLAIN = frozenset({"text", "tool_calls"})
"""The keys of an answer in words of our own."""

_JSON = "application/json"
_STREAM = "text/event-stream; charset=utf-8"


def of_tool(text: str, recorded: Answer | None) -> Answer:
    """The JSON ``text`` as a tool's value. Where the recorded tool gave items one by one, so does a list."""
    value = orjson.loads(text)
    one_by_one = recorded is not None and len(recorded.chunks) != 1 and recorded.failure is None
    items = value if one_by_one and isinstance(value, list) else [value]
    return Answer(chunks=tuple([Chunk(values.dump(item)) for item in items]), end=End())


def of_http(text: str) -> Answer:
    """``text`` as a body, or an object of ``status``, ``headers`` and ``body`` as a whole response."""
    value = lenient.parse(text)
    if not (isinstance(value, dict) and value and set(value) <= _WHOLE):
        return _response(text.encode(), _JSON if value is not None else "text/plain; charset=utf-8")
    body = value.get("body", "")
    plain = isinstance(body, str)
    answer = _response(
        body.encode() if plain else orjson.dumps(body), "text/plain; charset=utf-8" if plain else _JSON, value
    )
    return answer


def of_model(text: str, dialect: Dialect, asked: Document, read: LlmRequest) -> Answer:
    """What a model says, for a request with the body ``asked``, which ``dialect`` reads as ``read``; streamed if that
    asks for a stream.

    ``text``: the provider's JSON; or ``{"text": …, "tool_calls": [{"name": …, "arguments": {…}}]}``; or plain words.
    Raises :class:`UsageError` when that form cannot be written for this dialect.
    """
    doc = document(lenient.parse(text))
    is_wire = any(key in doc for key in _WIRE) or not set(doc) <= _PLAIN
    streams = read.stream
    if is_wire and not streams:
        return _response(orjson.dumps(doc), _JSON)
    try:
        voice = voices.voice_of(dialect)
    except UsageError:
        hint = "give the provider's own JSON, and let the program not stream"
        raise UsageError(f"an answer cannot be written in the format {dialect.name}", hint=hint) from None
    answer = dialect.read_answer(doc) if is_wire else _plain(text, doc, read.model)
    if streams:
        return _response(b"".join(_events(answer, voice, asked)), _STREAM)
    return _response(orjson.dumps(voice.answer(answer, "swapped")), _JSON)


def _response(body: bytes, kind: str, given: Document | None = None) -> Answer:
    given = given or {}
    status = lenient.count(given.get("status")) or 200
    headers = [(str(name), str(value)) for name, value in document(given.get("headers")).items()]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", kind))
    head = Head(status, "OK" if status == 200 else "", headers=(*headers, ("content-length", str(len(body)))))
    return Answer(head, chunks=(Chunk(body),) if body else (), end=End())


def _plain(text: str, doc: Document, model: str) -> LlmAnswer:
    calls = tuple([_call(call, at) for at, call in enumerate(documents(doc.get("tool_calls")), 1)])
    words = string(doc.get("text")) if calls or "text" in doc else text
    reason = "tool_calls" if calls else "stop"
    return LlmAnswer(model, (Message("assistant", words, calls),), Usage(), reason)


def _call(call: Document, at: int) -> ToolCall:
    given: Any = call.get("arguments", {})
    return ToolCall(string(call.get("id")) or f"call_swapped_{at}", string(call.get("name")), lenient.compact(given))


def _events(answer: LlmAnswer, voice: Voice, asked: Document) -> Iterator[bytes]:
    telling = voice.telling(asked)
    yield from (telling.tell(delta) for delta in _deltas(answer, voice))
    yield telling.finish()


def _deltas(answer: LlmAnswer, voice: Voice) -> Iterator[Delta]:
    yield Begin("swapped", answer.model)
    if answer.text:
        yield Words(answer.text)
    for number, call in enumerate(answer.tool_calls):
        yield CallBegins(number, call.id, call.name)
        yield CallWords(number, call.arguments or "{}")
    yield Used(answer.usage or Usage())
    yield Done(voice.finish.get(answer.finish_reason, answer.finish_reason) or "stop")
