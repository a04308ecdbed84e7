"""Calls to models that do not speak: vectors, pictures, sound, order, counts; and those that are polled."""

from __future__ import annotations

import pytest

from replay.dialects import price
from replay.dialects.model import Message, Part, ToolCall, Usage
from replay.dialects.steps import steps
from replay.dialects.table import find
from replay.events import Request
from tests.dialects import eventstreams
from tests.dialects.exchanges import answer, event, post, sse

OPENAI = "https://api.openai.com/v1"
BEDROCK = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/m-1"
GOOGLE = "https://generativelanguage.googleapis.com/v1beta/models/m-1"


def read(url, asked, reply, **rest):
    """The dialect's name, the request and the answer."""
    request = post(url, asked, **rest)
    dialect = find(request)
    return dialect.name, dialect.request(request), dialect.answer(reply)


VECTOR = [0.25, -1.0, 3.5]
SHOWN = Part("embedding", "3 numbers", VECTOR)


@pytest.mark.parametrize(
    ("url", "asked", "said", "name"),
    [
        (
            f"{OPENAI}/embeddings",
            {"model": "m-1", "input": ["a", "b"]},
            {"model": "m-1", "data": [{"embedding": VECTOR}], "usage": {"prompt_tokens": 7, "total_tokens": 7}},
            "embeddings",
        ),
        (
            "http://127.0.0.1:11434/api/embed",
            {"model": "m-1", "input": ["a", "b"]},
            {"embeddings": [VECTOR], "prompt_eval_count": 7},
            "ollama.embed",
        ),
        (
            "https://api.cohere.com/v2/embed",
            {"model": "m-1", "texts": ["a", "b"], "input_type": "search_query"},
            {"embeddings": {"float": [VECTOR]}, "meta": {"billed_units": {"input_tokens": 7}}},
            "cohere.embed",
        ),
        (
            f"{GOOGLE}:batchEmbedContents",
            {"requests": [{"content": {"parts": [{"text": word}]}} for word in "ab"]},
            {"embeddings": [{"values": VECTOR}], "usageMetadata": {"promptTokenCount": 7}},
            "gemini.embed",
        ),
        (
            "https://eu-aiplatform.googleapis.com/v1/projects/p/publishers/google/models/m-1:predict",
            {"instances": [{"content": "a"}, {"content": "b"}]},
            {"predictions": [{"embeddings": {"values": VECTOR, "statistics": {"token_count": 7}}}]},
            "vertex.predict",
        ),
        (
            f"{BEDROCK}/invoke",
            {"texts": ["a", "b"], "input_type": "search_query"},
            {"embeddings": [VECTOR], "meta": {"billed_units": {"input_tokens": 7}}},
            "bedrock.invoke",
        ),
    ],
)
def test_texts_become_vectors(url, asked, said, name):
    found, request, reply = read(url, asked, answer(said))
    assert (found, request.model) == (name, "m-1")
    assert [message.text for message in request.messages] == ["a", "b"]
    assert reply.messages[0].parts == (SHOWN,)
    assert reply.usage == Usage(input=7)


def test_tokens_that_only_a_header_tells_are_read():
    headers = (("X-Amzn-Bedrock-Input-Token-Count", "5"), ("X-Amzn-Bedrock-Output-Token-Count", "2"))
    asked, said = {"prompt": "hi"}, {"outputs": [{"text": "yes", "stop_reason": "stop"}]}
    _, request, reply = read(f"{BEDROCK}/invoke", asked, answer(said, headers=headers))
    assert (request.messages[0].text, reply.text, reply.usage) == ("hi", "yes", Usage(5, 2))


def test_an_exception_within_a_stream_of_bedrock_is_the_error():
    said = eventstreams.events({"contentBlockDelta": {"delta": {"text": "Hel"}}})
    said += eventstreams.exception("modelStreamErrorException", "it broke")
    _, _, reply = read(f"{BEDROCK}/converse-stream", {"messages": []}, answer(said))
    assert (reply.text, reply.error) == ("Hel", "modelStreamErrorException: it broke")


def test_a_picture_shows_its_place_and_the_prompt_it_was_made_from():
    said = {"data": [{"url": "https://x.example/1.png", "revised_prompt": "a cat"}], "usage": {"input_tokens": 4}}
    name, request, reply = read(f"{OPENAI}/images/generations", {"model": "m", "prompt": "cat"}, answer(said))
    assert (name, request.messages[0].text, reply.usage) == ("openai.images", "cat", Usage(4))
    assert reply.messages[0].parts[0].text == "https://x.example/1.png: a cat"


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\nContent-Type: audio/mpeg\r\n\r\n'
    b"\x00\x01\xff\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    ("said", "usage"),
    [
        (answer({"text": "hello", "usage": {"type": "tokens", "input_tokens": 9, "output_tokens": 2}}), Usage(9, 2)),
        (answer({"text": "hello", "usage": {"type": "duration", "seconds": 3}}), None),
        (answer(b"hello", headers=(("content-type", "text/plain"),)), None),
        (answer(sse({"type": "transcript.text.delta", "delta": "hel"}, {"type": "x", "delta": "lo"})), None),
    ],
)
def test_a_transcript_is_read_from_a_form_and_in_any_answer(said, usage):
    headers = {"content-type": "multipart/form-data; boundary=b"}
    name, request, reply = read(f"{OPENAI}/audio/transcriptions", FORM, said, **headers)
    assert (name, request.model) == ("openai.transcription", "whisper-1")
    assert request.messages[0].parts[0].text == "a.mp3, audio/mpeg, 3 bytes"
    assert (reply.text, reply.usage, reply.note) == ("hello", usage, "")


def test_speech_is_told_by_its_kind_and_size():
    said = answer(b"\xff\xf3\x00" * 9, headers=(("content-type", "audio/mpeg"),))
    name, request, reply = read(f"{OPENAI}/audio/speech", {"model": "tts", "input": "hi", "voice": "v"}, said)
    assert (name, request.messages[0].text) == ("openai.speech", "hi")
    assert reply.messages[0].parts == (Part("audio", "audio/mpeg, 27 bytes"),)


def test_an_order_of_documents():
    said = {"results": [{"index": 1, "relevance_score": 0.9}], "meta": {"billed_units": {"search_units": 1}}}
    asked = {"model": "m", "query": "q", "documents": ["a", "b"]}
    name, request, reply = read("https://api.cohere.com/v2/rerank", asked, answer(said))
    assert (name, [message.text for message in request.messages]) == ("rerank", ["q", "a", "b"])
    assert (reply.messages[0].parts[0].text, reply.usage) == ("document 1: 0.9", None)


def test_what_a_moderation_flags():
    said = {"model": "m", "results": [{"flagged": True, "categories": {"hate": True, "violence": False}}]}
    name, _, reply = read(f"{OPENAI}/moderations", {"input": "x"}, answer(said))
    assert (name, reply.messages[0].parts[0].text) == ("openai.moderations", "hate")


@pytest.mark.parametrize(
    ("url", "asked", "said"),
    [
        ("https://api.anthropic.com/v1/messages/count_tokens", {"messages": [{"role": "user"}]}, {"input_tokens": 12}),
        (f"{GOOGLE}:countTokens", {"contents": [{"parts": [{"text": "x"}]}]}, {"totalTokens": 12}),
        (f"{BEDROCK}/count-tokens", {"input": {"converse": {"messages": [{"role": "user"}]}}}, {"inputTokens": 12}),
        (f"{OPENAI}/responses/input_tokens", {"input": "x"}, {"object": "r", "input_tokens": 12}),
    ],
)
def test_counting_tokens_is_no_usage_and_costs_nothing(url, asked, said):
    name, request, reply = read(url, asked, answer(said))
    assert name.endswith(".count")
    assert request.messages
    assert (reply.messages[0].parts[0].text, reply.usage) == ("12 tokens", None)
    (step,) = steps([event(1, post(url, asked), answer(said))])
    assert (step.kind, step.name, price.is_free(step)) == ("llm", "count", True)


RUN = {
    "object": "thread.run",
    "model": "m-1",
    "status": "requires_action",
    "usage": None,
    "required_action": {
        "submit_tool_outputs": {"tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": "{}"}}]}
    },
}


def test_a_run_of_an_assistant_asks_for_a_tool_whose_result_is_handed_in():
    url = f"{OPENAI}/threads/t/runs"
    polled = event(1, Request("http", "GET", f"{url}/r"), answer(RUN))
    outputs = post(f"{url}/r/submit_tool_outputs", {"tool_outputs": [{"tool_call_id": "c1", "output": "seen"}]})
    done = answer(RUN | {"status": "completed", "required_action": None, "usage": {"prompt_tokens": 3}})
    found = steps([polled, event(2, outputs, done)])
    assert [(step.kind, step.name) for step in found] == [
        ("llm", "look"),
        ("tool", "look"),
        ("llm", "POST /v1/threads/t/runs/r/submit_tool_outputs"),
    ]
    assert found[1].value == "seen"
    assert found[2].usage == Usage(3)


def test_a_streamed_run_is_put_together():
    text = {"index": 0, "type": "text", "text": {"value": "Hel"}}
    delta = {"id": "m", "object": "thread.message.delta", "delta": {"content": [text]}}
    more = {"id": "m", "object": "thread.message.delta", "delta": {"content": [text | {"text": {"value": "lo"}}]}}
    end = RUN | {"status": "completed", "required_action": None, "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
    stream = sse({"object": "thread.run", "status": "queued"}, delta, more, end, "[DONE]")
    name, _, reply = read(f"{OPENAI}/threads/t/runs", {"assistant_id": "a", "stream": True}, answer(stream))
    assert (name, reply.text, reply.usage, reply.finish_reason) == (
        "openai.assistants",
        "Hello",
        Usage(3, 1),
        "completed",
    )


def test_a_replicate_stream_of_plain_words():
    url = "https://stream.replicate.com/v1/streams/abc"
    request = Request("http", "GET", url)
    body = b"event: output\nid: 1\ndata: Hel\n\nevent: output\ndata: lo\n\nevent: done\ndata: {}\n\n"
    assert find(request).answer(answer(body)).text == "Hello"


def test_an_answer_of_another_format_is_shown_as_it_is_and_said_to_be():
    for body, kind in ((b'{"verdict": 7}', "json"), (b"<html>Welcome", "unread")):
        _, _, reply = read("http://127.0.0.1/v2/chat", {"messages": [], "model": "m"}, answer(body))
        assert reply.messages[0].parts[0].kind == kind
        assert reply.messages[0].parts[0].text.replace(" ", "") == body.decode().replace(" ", "")
        assert "no answer in the format cohere" in reply.note


def test_a_request_that_is_no_json_is_shown_as_it_is():
    request = post("https://api.openai.com/v1/chat/completions", b'{"messages": [1,]}')
    assert find(request).request(request).messages == (
        Message("unread", parts=(Part("unread", '{"messages": [1,]}'),)),
    )


def test_calls_without_names_of_models_are_called_by_their_deployment():
    url = "https://x.openai.azure.com/openai/deployments/our-gpt/chat/completions?api-version=1"
    request = post(url, {"messages": []})
    assert find(request).request(request).model == "our-gpt"


def test_the_results_of_tools_are_found_in_each_format():
    calls = {
        "http://127.0.0.1:11434/api/chat": {
            "model": "m",
            "messages": [{"role": "tool", "tool_name": "look", "content": "seen"}],
        },
        "https://api.cohere.com/v2/chat": {
            "messages": [
                {
                    "role": "tool",
                    "tool_call_id": "c1",
                    "content": [{"type": "document", "document": {"data": "seen"}}],
                }
            ]
        },
        f"{BEDROCK}/converse": {
            "messages": [
                {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "seen"}]}}]}
            ]
        },
    }
    for url, body in calls.items():
        request = post(url, body)
        (result,) = find(request).tool_results(request)
        assert (result.id or result.name, result.text) in (("c1", "seen"), ("look", "seen"))
        (message,) = find(request).request(request).messages
        assert (message.role, message.text) == ("tool", "seen")


@pytest.mark.parametrize(("told", "read_as"), [(1, "STOP"), (2.0, "2.0"), (8, "SPII"), (99, "99"), ("NEW", "NEW")])
def test_gemini_may_tell_the_reason_of_the_end_as_a_number(told, read_as):
    said = {"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": told}]}
    assert read(f"{GOOGLE}:generateContent", {"contents": []}, answer(said))[2].finish_reason == read_as


def test_a_tool_that_bedrock_asked_for_is_inferred():
    use = {"toolUse": {"toolUseId": "c1", "name": "look", "input": {}}}
    said = {"output": {"message": {"role": "assistant", "content": [use]}}, "stopReason": "tool_use"}
    result = {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"json": {"a": 1}}]}}]}
    first = event(1, post(f"{BEDROCK}/converse", {"messages": []}), answer(said))
    second = event(2, post(f"{BEDROCK}/converse", {"messages": [result]}), answer(said))
    found = steps([first, second])
    assert [(step.kind, step.name, step.value) for step in found][1] == ("tool", "look", '{"a":1}')
    assert found[0].answer.tool_calls == (ToolCall("c1", "look", "{}"),)
