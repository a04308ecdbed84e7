"""What a step shows, read from its event when asked: a run of 10,000 events must list without parsing every body.

Each reading offers the same attributes; what does not apply is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal
from urllib.parse import unquote

from replay.dialects import grpc
from replay.dialects.dialect import Dialect, answer_body, url_path
from replay.dialects.model import LlmAnswer, LlmRequest, ToolCall, ToolResult, Usage
from replay.dialects.processes import command_line, said, told
from replay.dialects.table import find
from replay.dialects.websocket import SWITCHED, heard, is_websocket, topic
from replay.dialects.websocket import words as message_words
from replay.events import Event, Head

StepKind = Literal["llm", "tool", "http", "span", "process"]


@dataclass(frozen=True)
class Reading:
    """The empty reading; also that of a span."""

    event: Event | None

    @property
    def name(self) -> str:
        return self.event.request.target if self.event else ""

    @property
    def model(self) -> str:
        return ""

    @property
    def usage(self) -> Usage | None:
        return None

    @property
    def error(self) -> str:
        failure = self.event.answer.failure if self.event and self.event.answer else None
        return f"{failure.name}: {failure.message}" if failure else ""

    @property
    def request(self) -> LlmRequest | None:
        return None

    @property
    def answer(self) -> LlmAnswer | None:
        return None

    @property
    def arguments(self) -> str:
        return ""

    @property
    def value(self) -> str | None:
        return None


@dataclass(frozen=True)
class CallReading(Reading):
    """A tool: arguments and value are the JSON text that was recorded; a generator's items a list."""

    event: Event

    @cached_property
    def arguments(self) -> str:
        return _words(self.event.request.body)

    @cached_property
    def value(self) -> str | None:
        answer = self.event.answer
        if answer is None or not answer.chunks:
            return None
        if len(answer.chunks) == 1:
            return _words(answer.body)
        return f"[{','.join([_words(chunk.data) for chunk in answer.chunks])}]"


@dataclass(frozen=True)
class ProcessReading(Reading):
    """A subprocess, named after its command line; or what was written to one."""

    event: Event

    @cached_property
    def name(self) -> str:
        request = self.event.request
        return f"{request.target} <" if request.action == "write" else command_line(request)

    @cached_property
    def error(self) -> str:
        code = said(self.event.answer).code if self.event.answer else None
        return super().error or (f"exit code {code}" if code else "")

    @cached_property
    def arguments(self) -> str:
        return _words(self.event.request.body)

    @cached_property
    def value(self) -> str | None:
        return told(self.event.answer) if self.event.answer and self.event.answer.chunks else None


@dataclass(frozen=True)
class HttpReading(Reading):
    """An exchange that is no LLM call: ``GET host/path``; arguments and value are the bodies as text."""

    event: Event

    @cached_property
    def name(self) -> str:
        request = self.event.request
        host = request.target.partition("://")[2].partition("/")[0].partition("?")[0]
        return f"{request.action} {unquote(host)}{url_path(request.target)}"

    @cached_property
    def error(self) -> str:
        return super().error or _http_error(self.event.answer.head if self.event.answer else None)

    @cached_property
    def arguments(self) -> str:
        return _words(self.event.request.body)

    @cached_property
    def value(self) -> str | None:
        return _words(answer_body(self.event.answer).data) if self.event.answer else None


@dataclass(frozen=True)
class WebSocketReading(HttpReading):
    """A connection: ``WS host/path``, its value what came, by lines. Or what was sent over it, after a ``<``."""

    @cached_property
    def name(self) -> str:
        request = self.event.request
        place = super().name.partition(" ")[2]
        if request.action == "GET":
            return f"WS {place}"
        return f"WS {place} < {topic(request.body) if request.action == 'SEND' else 'close'}".rstrip()

    @cached_property
    def arguments(self) -> str:
        request = self.event.request
        return f"close {_words(request.body)}" if request.action == "CLOSE" else message_words(request.body)

    @cached_property
    def value(self) -> str | None:
        answer = self.event.answer
        if answer is None or answer.head is None or answer.head.status != SWITCHED:
            return super().value if self.event.request.action == "GET" else None
        return heard(answer)


@dataclass(frozen=True)
class GrpcReading(HttpReading):
    """A gRPC call: ``gRPC host/package.Service/Method``; messages by field number. Or what was streamed to one."""

    @cached_property
    def name(self) -> str:
        place = self.event.request.target.partition("://")[2]
        return f"gRPC {place}{_STREAMED.get(self.event.request.action, '')}"

    @cached_property
    def error(self) -> str:
        status = grpc.ended(self.event.answer) if self.event.answer else None
        told = f"{grpc.CODES[status.code]}: {status.details}" if status and status.code else ""
        return super().error or told

    @cached_property
    def arguments(self) -> str:
        return grpc.words(self.event.request.body)

    @cached_property
    def value(self) -> str | None:
        return grpc.words(self.event.answer.body) if self.event.answer and self.event.answer.chunks else None


_STREAMED = {"SEND": " <", "CLOSE": " < end"}


@dataclass(frozen=True)
class LlmReading(Reading):
    """A call to a model, named after the tools it asks for, else after what it does: ``answer``, ``embeddings``, …"""

    event: Event
    dialect: Dialect

    @cached_property
    def name(self) -> str:
        called = ", ".join([call.name for call in self.calls])
        return called or self.dialect.does or f"{self.event.request.action} {url_path(self.event.request.target)}"

    @cached_property
    def model(self) -> str:
        """The model that was asked for; who answered may carry a date in its name."""
        return self.request.model or (self.answer.model if self.answer else "")

    @cached_property
    def usage(self) -> Usage | None:
        return self.answer.usage if self.answer else None

    @cached_property
    def error(self) -> str:
        return self.answer.error if self.answer else ""

    @cached_property
    def request(self) -> LlmRequest:
        return self.dialect.request(self.event.request)

    @cached_property
    def answer(self) -> LlmAnswer | None:
        return self.dialect.answer(self.event.answer) if self.event.answer else None

    @cached_property
    def value(self) -> str | None:
        return self.answer.text if self.answer else None

    @cached_property
    def calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of the answer; an answer that certainly has none is not parsed."""
        if self.event.answer is None or not self.dialect.may_call(self.event.answer) or self.answer is None:
            return ()
        return self.answer.tool_calls


@dataclass(frozen=True)
class InferredReading(Reading):
    """A tool that nobody wrapped: the call as the model made it, the result as a later request carried it."""

    call: ToolCall
    result: ToolResult

    @property
    def name(self) -> str:
        return self.call.name

    @property
    def arguments(self) -> str:
        return self.call.arguments

    @property
    def value(self) -> str:
        return self.result.text

    @property
    def error(self) -> str:
        return self.result.text or "the tool failed" if self.result.error else ""


def read(event: Event) -> tuple[StepKind, Reading]:
    """The kind of step that ``event`` is, and its reading."""
    kind = event.request.kind
    if kind == "http":
        if grpc.is_grpc(event.request):
            return "http", GrpcReading(event)
        if is_websocket(event.request):
            return "http", WebSocketReading(event)
        dialect = find(event.request)
        return ("llm", LlmReading(event, dialect)) if dialect else ("http", HttpReading(event))
    if kind == "process":
        return kind, ProcessReading(event)
    return kind, Reading(event) if kind == "span" else CallReading(event)


def _words(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _http_error(head: Head | None) -> str:
    return f"HTTP {head.status} {head.reason}".rstrip() if head and head.status >= 400 else ""
