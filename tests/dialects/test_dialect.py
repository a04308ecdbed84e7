"""What holds for every dialect."""

import gzip
import json
from dataclasses import replace

import pytest

from replay.dialects.dialect import url_path
from replay.dialects.framing import CUT
from replay.dialects.model import Part
from replay.dialects.table import find
from replay.events import Failure, Request
from tests.dialects.exchanges import CHAT, GEMINI, MESSAGES, RESPONSES, answer, post
from tests.dialects.scripts import PAIRS, WORDS, expected, gemini_chunks

BODIES = {CHAT: {"messages": []}, RESPONSES: {"input": "hi"}, MESSAGES: {"messages": []}, GEMINI: {"contents": []}}
NAMES = {CHAT: "openai.chat", RESPONSES: "openai.responses", MESSAGES: "anthropic", GEMINI: "gemini"}


def dialect_of(url):
    return find(post(url, BODIES[url]))


@pytest.mark.parametrize("url", PAIRS)
def test_each_format_is_recognised(url):
    assert dialect_of(url).name == NAMES[url]


@pytest.mark.parametrize(
    ("url", "like"),
    [
        ("http://127.0.0.1:8000/v1/chat/completions", CHAT),
        ("https://x.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2025-01-01", CHAT),
        ("https://gateway.example/router/v2/openai/chat/completions/", CHAT),
        ("https://x.openai.azure.com/openai/v1/responses?api-version=preview", RESPONSES),
        ("https://proxy.example/anthropic/v1/messages?beta=true", MESSAGES),
        ("https://eu.googleapis.com/v1/projects/p/locations/l/publishers/anthropic/models/c:rawPredict", MESSAGES),
        ("https://eu.googleapis.com/v1/projects/p/publishers/google/models/g:streamGenerateContent?alt=sse", GEMINI),
        ("https://proxy.example/v1beta/models/g%3AgenerateContent?key=k", GEMINI),
    ],
)
def test_a_format_is_recognised_behind_any_host_and_prefix(url, like):
    assert find(post(url, BODIES[like])).name == NAMES[like]


@pytest.mark.parametrize(
    "request_",
    [
        post("https://api.openai.com/v1/files", {"input": "hi"}),
        post("https://agents.example/threads/t/messages", {"role": "user", "content": "hi"}),
        post("https://api.anthropic.com/v1/messages/batches", {"requests": [{"messages": []}]}),
        Request("http", "GET", "https://forum.example/v1/threads/7"),
        post("https://shop.example/v1/chat", {"message": "hi"}),
        post("https://shop.example/api/chat", {"messages": []}),
        post("https://shop.example/v1/embed", {"url": "x"}),
        post(CHAT, {"prompt": "hi"}),
        post(CHAT, b""),
        post(CHAT, b'["messages"]'),
        Request("http", "GET", RESPONSES, (), b'{"input": 1}'),
        Request("tool", "call", CHAT, (), b'{"messages": []}'),
        post("http://[", {"messages": []}),
        post("", {"messages": []}),
    ],
)
def test_anything_else_is_no_llm_call(request_):
    assert find(request_) is None


def test_a_compressed_request_is_read():
    body = gzip.compress(b'{"model": "m", "messages": [{"role": "user", "content": "hi"}]}')
    request = post(CHAT, body, **{"Content-Encoding": "gzip"})
    assert find(request).request(request).messages[0].text == "hi"


@pytest.mark.parametrize("url", PAIRS)
def test_streamed_and_plain_answers_read_the_same(url):
    pair, finish_reason = PAIRS[url]
    plain, streamed = pair()
    assert dialect_of(url).answer(answer(plain)) == expected(finish_reason)
    assert dialect_of(url).answer(answer(streamed)) == expected(finish_reason)


@pytest.mark.parametrize("url", PAIRS)
@pytest.mark.parametrize("size", [1, 7])
def test_chunk_boundaries_and_compression_change_nothing(url, size):
    pair, finish_reason = PAIRS[url]
    packed = gzip.compress(pair()[1])
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]
    read = dialect_of(url).answer(answer(chunks, headers=(("Content-Encoding", "gzip"),)))
    assert read == expected(finish_reason)


@pytest.mark.parametrize("url", PAIRS)
def test_of_a_stream_cut_anywhere_everything_that_came_is_shown(url):
    pair, finish_reason = PAIRS[url]
    streamed = pair()[1]
    whole = expected(finish_reason)
    for cut in range(0, len(streamed), 11):
        read = dialect_of(url).answer(answer(streamed[:cut], ending="closed"))
        assert whole.text.startswith(read.text)
        for mine, full in zip(read.tool_calls, whole.tool_calls, strict=False):
            assert mine.name in (full.name, "")
            assert full.arguments.replace(" ", "").startswith(mine.arguments.replace(" ", "")[:-1] or "")
    late = dialect_of(url).answer(answer(streamed[: streamed.rindex(b"data:")], ending="broken"))
    assert late.text == WORDS
    assert [call.name for call in late.tool_calls][:1] == ["lookup"]


@pytest.mark.parametrize("cut", [0, 1])
def test_a_gemini_json_array_reads_as_the_stream_whole_or_cut(cut):
    body = json.dumps(gemini_chunks()).encode()
    read = dialect_of(GEMINI).answer(answer(body[: len(body) - cut]))
    assert read == replace(expected("STOP"), note=CUT if cut else "")


@pytest.mark.parametrize("url", PAIRS)
def test_a_json_answer_that_breaks_off_is_said_to_and_shown_as_it_came(url):
    body = json.dumps(PAIRS[url][0]()[0])
    read = dialect_of(url).answer(answer(body[:-5].encode()))
    assert "breaks off" in read.note
    assert read.messages[0].parts == (Part("unread", body[:-5]),)


@pytest.mark.parametrize("url", PAIRS)
def test_an_unreadable_compression_is_said(url):
    read = dialect_of(url).answer(answer(b"\x1f\x9d", headers=(("content-encoding", "compress"),)))
    assert "compress-encoded" in read.note


ERRORS = [
    ({"error": {"message": "No such model", "type": "invalid_request_error", "code": None}}, "invalid_request_error"),
    ({"type": "error", "error": {"type": "overloaded_error", "message": "No such model"}}, "overloaded_error"),
    ({"error": {"code": 404, "message": "No such model", "status": "NOT_FOUND"}}, "NOT_FOUND"),
    ([{"error": {"code": 404, "message": "No such model", "status": "NOT_FOUND"}}], "NOT_FOUND"),
    ({"detail": "No such model"}, "HTTP 404"),
    (b"No such model\n", "HTTP 404"),
]


@pytest.mark.parametrize("url", PAIRS)
@pytest.mark.parametrize(("body", "kind"), ERRORS)
def test_an_http_error_is_told_with_its_kind_and_words(url, body, kind):
    reply = answer(body if isinstance(body, bytes) else json.dumps(body).encode(), status=404)
    assert dialect_of(url).answer(reply).error == f"{kind}: No such model"


@pytest.mark.parametrize("url", PAIRS)
def test_an_error_within_a_stream_keeps_the_words_before_it(url):
    streamed = PAIRS[url][0]()[1]
    streamed = streamed[: streamed.rindex(b"data:")].rpartition(b"event:")[0] or streamed[: streamed.rindex(b"data:")]
    failure = b'data: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}\n\n'
    read = dialect_of(url).answer(answer(streamed + failure))
    assert read.error == "overloaded_error: Overloaded"
    assert read.text == WORDS


@pytest.mark.parametrize("url", PAIRS)
def test_a_broken_transport_is_the_error(url):
    reply = answer(b"", ending="broken", failure=Failure("httpx.ReadError", "reset"))
    assert dialect_of(url).answer(reply).error == "httpx.ReadError: reset"


def test_a_url_path_is_unquoted_and_loses_host_query_and_trailing_slash():
    assert url_path("https://h:1/a%3Ab/c/?q=/x#/y") == "/a:b/c"
    assert url_path("not a url") == "/"
