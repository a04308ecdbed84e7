"""One wire format told as another, piece by piece."""

from __future__ import annotations

from itertools import pairwise

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay.dialects import anthropic, openai_chat
from replay.dialects.model import LlmRequest, Message, ToolCall, Usage
from replay.dialects.sse import server_events
from replay.dialects.translate.reading import Translated
from replay.dialects.translate.table import PROVIDERS, translated, voice_of
from replay.errors import UsageError
from replay.events import Answer, Chunk, End, Head
from tests.dialects.scripts import anthropic_pair, chat_pair

CHAT, MESSAGES = PROVIDERS["openai"], PROVIDERS["anthropic"]
STREAM = (("content-type", "text/event-stream"), ("content-length", "5"))
JSON = (("content-type", "application/json"), ("content-encoding", "identity"))


def told(of, to, body: bytes, fields, cuts=(), asked=None) -> tuple[Head, bytes]:
    reading = Translated(of, to, asked or {})
    head = reading.head(Head(200, headers=fields))
    places = sorted({0, *[cut for cut in cuts if cut < len(body)], len(body)})
    pieces = [reading.feed(body[start:end]) for start, end in pairwise(places)]
    return head, b"".join([*pieces, reading.finish()])


def read(dialect, head: Head, body: bytes):
    return dialect.answer(Answer(head, chunks=(Chunk(body),), end=End()))


STREAMS = {"openai.chat": chat_pair()[1], "anthropic": anthropic_pair()[1]}
PAIRS = [(CHAT, MESSAGES, chat_pair), (MESSAGES, CHAT, anthropic_pair)]


@pytest.mark.parametrize(("of", "to", "pair"), PAIRS, ids=["openai", "anthropic"])
@pytest.mark.parametrize("streamed", [False, True], ids=["json", "streamed"])
def test_what_was_said_called_and_used_is_the_same(of, to, pair, streamed):
    whole, stream = pair()
    body, fields = (stream, STREAM) if streamed else (orjson.dumps(whole), JSON)
    before = read(of.dialect, Head(200, headers=fields[:1]), body)
    head, after = told(of, to, body, fields, asked={"stream_options": {"include_usage": True}})
    answer = read(to.dialect, head, after)
    assert (answer.text, answer.model) == (before.text, before.model)
    assert [(c.id, c.name, orjson.loads(c.arguments)) for c in answer.tool_calls] == [
        (c.id, c.name, orjson.loads(c.arguments)) for c in before.tool_calls
    ]
    assert (answer.usage.input, answer.usage.output) == (before.usage.input, before.usage.output)
    assert {name.lower() for name, _ in head.headers} == {"content-type"}


@pytest.mark.parametrize(("of", "to"), [pair[:2] for pair in PAIRS], ids=["openai", "anthropic"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(cuts=st.lists(st.integers(0, 3000), max_size=20), crlf=st.booleans())
def test_where_a_stream_is_cut_makes_no_difference(of, to, cuts, crlf):
    stream = STREAMS[of.dialect.name]
    whole = told(of, to, stream, STREAM)
    assert told(of, to, stream.replace(b"\n", b"\r\n") if crlf else stream, STREAM, cuts) == whole


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(body=st.binary(max_size=200), streamed=st.booleans())
def test_nothing_that_a_server_says_raises(body, streamed):
    for of, to in ((CHAT, MESSAGES), (MESSAGES, CHAT)):
        told(of, to, body, STREAM if streamed else JSON)


def test_a_stream_that_fails_midway_fails_in_the_other_format():
    begun = b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"c"}}\n\n'
    failed = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n'
    _, body = told(MESSAGES, CHAT, begun + failed, STREAM)
    *_, last = server_events(body)
    assert orjson.loads(last.data)["error"] == {
        "message": "busy",
        "type": "overloaded_error",
        "param": None,
        "code": None,
    }
    assert b"[DONE]" not in body


def test_a_conversation_is_the_same_conversation():
    calls = (ToolCall("a", "look", '{"n":1}'), ToolCall("b", "look", '{"n":2}'))
    said = (
        Message("system", "Be brief."),
        Message("user", "hello"),
        Message("assistant", "wait", calls),
        Message("tool", "one", tool_call_id="a"),
        Message("tool", "two", tool_call_id="b"),
        Message("user", "and?"),
    )
    body = MESSAGES.request(LlmRequest("m", said, params={"max_tokens": 7}))
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"], "roles take turns"
    assert anthropic.DIALECT.read_request("/v1/messages", body).messages == said
    back = translated(body, "/v1/messages", anthropic.DIALECT, CHAT, "m")
    assert openai_chat.DIALECT.read_request("/chat/completions", back).messages == said


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"stop": "x"}, {"stop_sequences": ["x"]}),
        ({"temperature": 1.7}, {"temperature": 1}),
        ({"max_completion_tokens": 9}, {"max_tokens": 9}),
        ({"seed": 1, "n": 1, "user": "u"}, {"metadata": {"user_id": "u"}}),
        ({}, {"max_tokens": 4096}),
    ],
)
def test_parameters_have_their_other_names(given, expected):
    asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **given}
    body = translated(asked, "/chat/completions", openai_chat.DIALECT, MESSAGES, "c")
    assert expected.items() <= body.items()
    assert not {"stop", "seed", "n", "user", "max_completion_tokens"} & set(body)


@pytest.mark.parametrize("choice", ["auto", "required", "none", {"type": "function", "function": {"name": "look"}}])
def test_a_choice_of_tools_goes_there_and_back(choice):
    tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}]
    words = [{"role": "user", "content": "hi"}]
    asked = {"model": "m", "messages": words, "tools": tools, "tool_choice": choice, "parallel_tool_calls": False}
    there = translated(asked, "/chat/completions", openai_chat.DIALECT, MESSAGES, "c")
    assert there["tool_choice"]["disable_parallel_tool_use"] is True
    back = translated(there, "/v1/messages", anthropic.DIALECT, CHAT, "m")
    assert (back["tool_choice"], back["tools"], back["parallel_tool_calls"]) == (choice, tools, False)


def test_images_go_there_and_back():
    inline = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    linked = {"type": "image_url", "image_url": {"url": "https://host/cat.png"}}
    words = [{"role": "user", "content": [{"type": "text", "text": "look"}, inline, linked]}]
    there = translated({"model": "m", "messages": words}, "/chat/completions", openai_chat.DIALECT, MESSAGES, "c")
    assert [block["type"] for block in there["messages"][0]["content"]] == ["text", "image", "image"]
    assert translated(there, "/v1/messages", anthropic.DIALECT, CHAT, "m")["messages"] == words


@pytest.mark.parametrize("params", [{"logprobs": True}, {"n": 2}, {"response_format": {"type": "json_object"}}])
def test_what_cannot_be_said_is_an_error(params):
    asked = {"model": "m", "messages": [], **params}
    with pytest.raises(UsageError, match="cannot be said in the anthropic format"):
        translated(asked, "/chat/completions", openai_chat.DIALECT, MESSAGES, "c")


def test_a_format_that_is_only_read_is_told():
    from replay.dialects import gemini

    with pytest.raises(UsageError, match="the format gemini cannot be translated"):
        voice_of(gemini.DIALECT)


def test_tokens_read_from_a_cache_are_counted_once():
    usage = Usage(input=10, output=5, cached=4, cache_written=3)
    said = MESSAGES.telling({})
    from replay.dialects.translate.deltas import Begin, Done, Used

    body = b"".join([said.tell(delta) for delta in (Begin("m", "c"), Used(usage), Done("stop"))]) + said.finish()
    assert read(anthropic.DIALECT, Head(200, headers=STREAM[:1]), body).usage == usage
