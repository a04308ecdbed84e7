"""What a dialect is: one wire format, read as LLM requests and answers.

A dialect reads JSON objects only. Everything below that is done here once: compression, server-sent events, bodies that
break off. A streamed answer is first assembled into the object that the same call returns without streaming, so that
both read the same. Nothing here raises on odd input: what cannot be read is left empty and said in ``note``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from replay.dialects import lenient
from replay.dialects.body import Body, decoded
from replay.dialects.lenient import Document
from replay.dialects.model import LlmAnswer, LlmRequest, ToolResult
from replay.dialects.sse import server_events
from replay.events import Answer, Request

_EVENT_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")


@dataclass(frozen=True, slots=True)
class Dialect:
    """One wire format. All functions are pure.

    * ``provider``: whose format it is, for display and prices.
    * ``endpoint``: whether a URL path (unquoted, no query, no trailing slash) may be this format's, on any host.
    * ``fields``: top-level keys of which the request body must have one.
    * ``read_request``: (path, body) -> request. ``read_answer``: body -> answer.
    * ``assemble``: the objects of a stream, in order -> the body of the same answer unstreamed.
    * ``results``: the tool results in a request body, latest first; lazily, since histories are long.
    * ``result_marks``, ``call_marks``: bytes without which a request has no tool result, an answer no tool call.
    """

    name: str
    provider: str
    endpoint: Callable[[str], bool]
    fields: tuple[str, ...]
    read_request: Callable[[str, Document], LlmRequest]
    read_answer: Callable[[Document], LlmAnswer]
    assemble: Callable[[Iterable[Document]], Document]
    results: Callable[[Document], Iterator[ToolResult]]
    result_marks: tuple[bytes, ...]
    call_marks: tuple[bytes, ...]

    def claims(self, request: Request) -> bool:
        """Whether ``request`` speaks this dialect: its path and, looked at without parsing, the shape of its body."""
        if request.kind != "http" or request.action.upper() != "POST" or not self.endpoint(url_path(request.target)):
            return False
        body = _request_body(request).lstrip()
        return body.startswith(b"{") and any(f'"{field}"'.encode() in body for field in self.fields)

    def request(self, request: Request) -> LlmRequest:
        """``request`` as an LLM request; what is missing or odd in it is left empty."""
        return self.read_request(url_path(request.target), lenient.document(lenient.parse(_request_body(request))))

    def answer(self, answer: Answer) -> LlmAnswer:
        """``answer`` as an LLM answer, as far as it came. An HTTP error or a broken transport fills ``error``."""
        body = answer_body(answer)
        doc, note = self._document(body)
        read = self.read_answer(doc)
        error = read.error or _plain_error(answer, body, doc)
        return replace(read, error=error, note=body.problem or note)

    def tool_results(self, request: Request) -> Iterator[ToolResult]:
        """The tool results that ``request`` carries, latest first."""
        body = _request_body(request)
        if not any(mark in body for mark in self.result_marks):
            return iter(())
        return self.results(lenient.document(lenient.parse(body)))

    def may_call(self, answer: Answer) -> bool:
        """False when ``answer`` certainly asks for no tool call; cheap."""
        body = answer_body(answer).data
        return any(mark in body for mark in self.call_marks)

    def _document(self, body: Body) -> tuple[Document, str]:
        """The answer's JSON object, assembled if it was streamed, and what was wrong with it."""
        data = body.data.lstrip().removeprefix(b"\xef\xbb\xbf")
        if data.startswith(_EVENT_FIELDS):
            parsed = (lenient.parse(event.data) for event in server_events(data))
            return self.assemble(chunk for chunk in parsed if isinstance(chunk, dict)), ""
        if data.startswith(b"["):
            return self.assemble(_json_array(data)), ""
        value = lenient.parse(data)
        if value is None and data.startswith(b"{"):
            return {}, f"the JSON breaks off or is broken within its {len(data)} bytes"
        return lenient.document(value), ""


def url_path(url: str) -> str:
    """The unquoted path of ``url`` without a trailing slash; of anything else, whatever that leaves. Never raises."""
    plain = url.split("?", 1)[0].split("#", 1)[0]
    _, _, after = plain.partition("://")
    return "/" + unquote((after or plain).partition("/")[2]).rstrip("/")


def answer_body(answer: Answer) -> Body:
    """The body of ``answer``, unpacked."""
    return decoded(answer.body, answer.head.header("content-encoding") if answer.head else None)


def _request_body(request: Request) -> bytes:
    encoding = request.header("content-encoding")
    return decoded(request.body, encoding).data if encoding else request.body


def _json_array(data: bytes) -> Iterator[Document]:
    """The objects of a JSON array that may break off: all that came whole."""
    whole = lenient.parse(data)
    if whole is not None:
        yield from lenient.documents(whole)
        return
    text = data.decode("utf-8", "replace")
    decoder, position = json.JSONDecoder(), 1
    while (start := text.find("{", position)) >= 0:
        try:
            value, position = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return
        yield value


def _plain_error(answer: Answer, body: Body, doc: dict[str, Any]) -> str:
    """The error of an answer that reports none in its format: the transport's, or the HTTP status with its words."""
    if answer.failure:
        return f"{answer.failure.name}: {answer.failure.message}"
    if answer.head is None or answer.head.status < 400:
        return ""
    words = lenient.compact(doc.get("message") or doc.get("detail")) if doc else body.data.decode("utf-8", "replace")
    status = f"HTTP {answer.head.status} {answer.head.reason}".rstrip()
    return f"{status}: {words[:500].strip()}" if words.strip() else status
