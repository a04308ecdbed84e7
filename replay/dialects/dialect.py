"""What a dialect is: one wire format, read as requests to a model and its answers.

A dialect reads JSON objects. Everything below that is done here once: compression, forms, streams of any framing,
bodies that break off. A streamed answer is first assembled into the object that the same call returns without
streaming, so that both read the same. Nothing here raises on odd input: what cannot be read is left empty and said in
``note``, and an object that is no answer of the format is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from replay.dialects import lenient
from replay.dialects.body import Body, decoded
from replay.dialects.forms import form_document
from replay.dialects.framing import framed
from replay.dialects.lenient import Document
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, ToolResult, Usage
from replay.events import Answer, Head, Request

NO_END = "the stream ends before the answer does"
FOREIGN = "no answer in the format {}: shown as it is"


def _no_results(_body: Document) -> Iterator[ToolResult]:
    return iter(())


@dataclass(frozen=True, slots=True)
class Dialect:
    """One wire format. All functions are pure.

    * ``provider``: whose format it is, for display and prices.
    * ``endpoint``: searched in host and path (:func:`place`): where the format is spoken. ``methods``: by which ones.
    * ``fields``: top-level keys of which a posted body must have one; none where any body will do.
      ``beside``: of these it must have one as well, where a path alone is no proof.
    * ``does``: what a step of it is called: ``answer`` where the model speaks, else ``embeddings``, ``image``, …; empty
      where method and path say it best. ``billed``: whether an answer that tells no usage still costs something.
      ``says_end``: a whole stream tells why it ended.
    * ``read_request``: (path, body) -> request. ``read_answer``: body -> answer.
    * ``assemble``: the objects of a stream, in order -> the body of the same answer unstreamed.
    * ``read_head``: the usage that header fields tell. ``read_plain``: (content type, bytes) of an answer that is no
      JSON -> answer.
    * ``results``: the tool results in a request body, latest first; lazily, since histories are long.
    * ``result_marks``, ``call_marks``: bytes without which a request has no tool result, an answer no tool call.
    """

    name: str
    provider: str
    endpoint: re.Pattern[str]
    fields: tuple[str, ...]
    read_request: Callable[[str, Document], LlmRequest]
    read_answer: Callable[[Document], LlmAnswer]
    assemble: Callable[[Iterable[Document]], Document]
    results: Callable[[Document], Iterator[ToolResult]] = _no_results
    result_marks: tuple[bytes, ...] = ()
    call_marks: tuple[bytes, ...] = ()
    beside: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("POST",)
    does: str = "answer"
    billed: bool = True
    says_end: bool = True
    read_head: Callable[[Head], Usage | None] | None = None
    read_plain: Callable[[str, bytes], LlmAnswer] | None = None

    def claims(self, request: Request) -> bool:
        """Whether ``request``, made at this format's endpoint, has its method and, unparsed, the shape of its body."""
        method = request.action.upper()
        if method not in self.methods:
            return False
        if method != "POST" or not self.fields:
            return True
        body = _request_body(request).lstrip()
        has_fields = _has_one(body, self.fields) and (not self.beside or _has_one(body, self.beside))
        return has_fields and body.startswith(b"{")

    def request(self, request: Request) -> LlmRequest:
        """``request`` as an LLM request; what is missing or odd in it is left empty."""
        body = _request_body(request)
        form = form_document(body, request.header("content-type") or "")
        doc = form or lenient.document(lenient.parse(body))
        read = self.read_request(url_path(request.target), doc)
        return read if doc or not body.strip() else replace(read, messages=(_unread("unread", body),))

    def answer(self, answer: Answer) -> LlmAnswer:
        """``answer`` as an LLM answer, as far as it came. An HTTP error or a broken transport fills ``error``."""
        body = answer_body(answer)
        frames = framed(body.data, (answer.head.header("content-type") if answer.head else None) or "")
        doc = self.assemble(frames.objects) if frames.streamed else next(iter(frames.objects), {})
        read = self._read(doc, answer, body.data, streamed=frames.streamed)
        if read.usage is None and self.read_head is not None and answer.head is not None:
            read = replace(read, usage=self.read_head(answer.head))
        error = read.error or _plain_error(answer, body, doc)
        told = frames.ended or read.finish_reason or error or not self.says_end or self.does != "answer"
        unended = frames.streamed and not told
        note = body.problem or frames.problem or read.note or (NO_END if unended else "")
        return replace(read, error=error, note=note)

    def tool_results(self, request: Request) -> Iterator[ToolResult]:
        """The tool results that ``request`` carries, latest first."""
        body = _request_body(request)
        if not any(mark in body for mark in self.result_marks):
            return iter(())
        return self.results(lenient.document(lenient.parse(body)))

    def may_call(self, answer: Answer) -> bool:
        """False when ``answer`` certainly asks for no tool call; cheap."""
        body = answer_body(answer).data if self.call_marks else b""
        return any(mark in body for mark in self.call_marks)

    def _read(self, doc: Document, answer: Answer, data: bytes, *, streamed: bool) -> LlmAnswer:
        failed = answer.head is not None and answer.head.status >= 400
        if self.read_plain is not None and data and not doc and not failed:
            return self.read_plain((answer.head.header("content-type") if answer.head else "") or "", data)
        if data.strip() and not (doc or failed or streamed):
            return LlmAnswer(messages=(_unread("assistant", data),), note=FOREIGN.format(self.name))
        read = self.read_answer(doc)
        is_empty = not (read.messages or read.usage or read.finish_reason or read.error)
        if not (is_empty and any(doc.values())) or failed:
            return read
        shown = Message("assistant", parts=(Part("json", lenient.compact(doc), doc),))
        return replace(read, messages=(shown,), note=FOREIGN.format(self.name))


def place(url: str) -> str:
    """Host and path of ``url``, ``api.openai.com/v1/responses``: what endpoints are told by. Never raises."""
    authority = url.partition("://")[2].partition("/")[0].partition("?")[0]
    return authority.rpartition("@")[2].lower() + url_path(url)


def url_path(url: str) -> str:
    """The unquoted path of ``url`` without a trailing slash; of anything else, whatever that leaves. Never raises."""
    plain = url.split("?", 1)[0].split("#", 1)[0]
    _, _, after = plain.partition("://")
    return "/" + unquote((after or plain).partition("/")[2]).rstrip("/")


_MODEL_IN = re.compile(
    r"/(?:models|run|engines|deployments|endpoints|serving-endpoints)/(@?[^:]+?)"
    r"(?:/(?:chat/completions|completions|embeddings|responses|images/[a-z]+|audio/[a-z]+|[a-z]*predictions"
    r"|invocations[a-z-]*|generat[a-z_/]*))?(?::[A-Za-z]+)?$"
)


def model_in(path: str) -> str:
    """The model or deployment that a path names: ``/deployments/NAME/chat/completions``, ``/models/NAME:predict``."""
    found = _MODEL_IN.search(path)
    return found[1] if found else ""


def answer_body(answer: Answer) -> Body:
    """The body of ``answer``, unpacked."""
    return decoded(answer.body, answer.head.header("content-encoding") if answer.head else None)


def _request_body(request: Request) -> bytes:
    encoding = request.header("content-encoding")
    return decoded(request.body, encoding).data if encoding else request.body


def _unread(role: str, body: bytes) -> Message:
    """A body that is no object, as it is."""
    return Message(role, parts=(Part("unread", body.decode("utf-8", "replace")),))


def _has_one(body: bytes, fields: tuple[str, ...]) -> bool:
    return any(f'"{field}"'.encode() in body for field in fields)


def _plain_error(answer: Answer, body: Body, doc: dict[str, Any]) -> str:
    """The error of an answer that reports none in its format: the transport's, or the HTTP status with its words."""
    if answer.failure:
        return f"{answer.failure.name}: {answer.failure.message}"
    if answer.head is None or answer.head.status < 400:
        return ""
    words = lenient.compact(doc.get("message") or doc.get("detail")) if doc else body.data.decode("utf-8", "replace")
    status = f"HTTP {answer.head.status} {answer.head.reason}".rstrip()
    return f"{status}: {words[:500].strip()}" if words.strip() else status
