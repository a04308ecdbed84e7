"""OpenAI assistants: threads, their messages, runs and the polling of these, as OpenAI and Azure speak it.

Shapes: OpenAI's API reference, "Assistants (legacy)". A run is asked for again and again until it is done: its usage is
told, and counted, where the finished run itself is the answer, not where runs are listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from replay.dialects import lenient, openai_chat
from replay.dialects.dialect import Dialect
from replay.dialects.lenient import Document, document, documents, items, string
from replay.dialects.model import LlmAnswer, LlmRequest, Message, Part, ToolCall, ToolResult
from replay.dialects.model import message as make_message

_NOT_PARAMS = frozenset(("model", "instructions", "messages", "thread", "role", "content", "tools", "stream"))


def _request(_path: str, body: Document) -> LlmRequest:
    return LlmRequest(
        model=string(body.get("model")),
        messages=tuple(_messages(body)),
        tools=tuple([openai_chat.tool(each) for each in documents(body.get("tools"))]),
        params={key: value for key, value in body.items() if key not in (*_NOT_PARAMS, "tool_outputs")},
        stream=body.get("stream") is True,
    )


def _messages(body: Document) -> Iterator[Message]:
    """Of a thread or run that is made with messages, of one message that is added, of results that are handed in."""
    if instructions := string(body.get("instructions")):
        yield Message("system", instructions, path="instructions")
    lists = {"messages": body.get("messages"), "thread.messages": document(body.get("thread")).get("messages")}
    for key, found in lists.items():
        for at, each in enumerate(documents(found)):
            yield _message(each, f"{key}[{at}]")
    if "content" in body:
        yield _message(body)
    for at, each in enumerate(documents(body.get("tool_outputs"))):
        yield _output(each, f"tool_outputs[{at}]")


def _message(doc: Document, path: str = "") -> Message:
    return make_message(string(doc.get("role")) or "user", _content(doc.get("content")), path=path)


def _content(content: object) -> Iterator[Part]:
    """Text lies one object deeper than elsewhere: ``{"type": "text", "text": {"value": …}}``."""
    if isinstance(content, str):
        yield Part("text", content)
    for doc in documents(content):
        text = doc.get("text")
        words = string(document(text).get("value")) or string(text)
        kind = string(doc.get("type")) or "unknown"
        yield Part("text", words) if kind == "text" else Part(kind, "", doc)


def _output(doc: Document, path: str) -> Message:
    return Message("tool", string(doc.get("output")), tool_call_id=string(doc.get("tool_call_id")), path=path)


def _answer(body: Document) -> LlmAnswer:
    is_run = body.get("object") == "thread.run"
    said = documents(body.get("messages") if is_run else body.get("data", body))
    messages = [_message(each) for each in said if each.get("object") == "thread.message"]
    if calls := tuple(_calls(body)):
        messages.append(Message("assistant", tool_calls=calls))
    return LlmAnswer(
        model=string(body.get("model")),
        messages=tuple(messages),
        usage=openai_chat.usage(body.get("usage")) if is_run else None,
        finish_reason=string(body.get("status")) or string(body.get("object")),
        error=lenient.error_text(body) or lenient.error_text({"error": body.get("last_error")}),
    )


def _calls(run: Document) -> Iterator[ToolCall]:
    action = document(run.get("required_action"))
    for call in documents(document(action.get("submit_tool_outputs")).get("tool_calls")):
        inner = document(call.get("function"))
        yield ToolCall(string(call.get("id")), string(inner.get("name")), lenient.compact(inner.get("arguments")))


def _assemble(objects: Iterable[Document]) -> Document:
    """The run as it was last, with the messages that it made; of one that is not finished, what came of it."""
    run: Document = {}
    messages: dict[str, Document] = {}
    for each in objects:
        kind = each.get("object")
        if kind == "thread.message":
            messages[string(each.get("id"))] = each
        elif kind == "thread.message.delta":
            _add(messages.setdefault(string(each.get("id")), {"object": "thread.message", "role": "assistant"}), each)
        elif kind == "thread.run" or "error" in each:
            run |= each
    return {**run, "messages": list(messages.values())}


def _add(message: Document, fragment: Document) -> None:
    lenient.grown(message, "content").extend(items(document(fragment.get("delta")).get("content")))


def _results(body: Document) -> Iterator[ToolResult]:
    for output in reversed(documents(body.get("tool_outputs"))):
        yield ToolResult(string(output.get("tool_call_id")), "", string(output.get("output")))


_ENDPOINT = (
    r"^[^/]*(?:openai|azure)[^/]*/(?:.*/)?(?:threads|assistants)(?:/.*)?$"
    r"|/(?:threads/thread_|assistants/asst_)[^/]+(?:/.*)?$"
)
"""Others have threads too: elsewhere than at OpenAI and Azure, only ids of their kind tell."""

DIALECT = Dialect(
    name="openai.assistants",
    provider="openai",
    endpoint=re.compile(_ENDPOINT),
    fields=(),
    read_request=_request,
    read_answer=_answer,
    assemble=_assemble,
    results=_results,
    result_marks=(b'"tool_outputs"',),
    call_marks=(b'"required_action"',),
    methods=("POST", "GET", "DELETE"),
    does="",
    billed=False,
)
