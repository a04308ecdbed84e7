"""Scripted faults, as the real clients feel them."""

from __future__ import annotations

import httpx
import pytest
from openai import APIConnectionError, APITimeoutError, InternalServerError, OpenAI, RateLimitError

from replay.testing import ModelServer, Reply

HELLO = {"model": "m", "messages": [{"role": "user", "content": "Hello, my kettle leaks."}]}


@pytest.fixture
def client(models: ModelServer):
    with OpenAI(base_url=models.openai, api_key="any", max_retries=0, timeout=10) as client:
        yield client


def say(client: OpenAI) -> str:
    return client.chat.completions.create(**HELLO).choices[0].message.content


def test_a_429_with_retry_after_is_retried_by_the_sdk_itself(client, models):
    models.script([Reply(status=429, headers={"retry-after-ms": "1"})] * 2)
    with client.with_options(max_retries=2) as patient:
        assert say(patient)
    assert models.calls == 3


@pytest.mark.parametrize(("status", "error"), [(429, RateLimitError), (503, InternalServerError)])
def test_a_status_is_the_sdks_own_error(client, models, status, error):
    models.script([Reply(status=status)])
    with pytest.raises(error, match=f"scripted {status}"):
        say(client)


@pytest.mark.parametrize("end", ["cut", "reset"])
def test_a_stream_that_breaks_gives_its_first_chunks_and_then_the_sdks_error(client, models, end):
    models.script([Reply(end=end, after=3)])
    stream = client.chat.completions.create(**HELLO, stream=True)
    assert [next(stream).object for _ in range(3)] == ["chat.completion.chunk"] * 3
    with pytest.raises(APIConnectionError):
        next(stream)


def test_a_refused_request_is_a_connection_error(client, models):
    models.script([Reply(end="refuse")])
    with pytest.raises(APIConnectionError):
        say(client)
    assert say(client)


@pytest.mark.parametrize("reply", [Reply(end="hang"), Reply(end="stall"), Reply(delay=30)])
def test_a_silent_server_runs_into_the_clients_timeout(client, models, reply):
    models.script([reply])
    with client.with_options(timeout=0.2) as hasty, pytest.raises(APITimeoutError):
        say(hasty)


def test_scripted_words_and_calls_come_in_the_requests_own_wire_format(client, models):
    models.script([Reply(say="Moo."), Reply(calls=[{"name": "milk", "arguments": {"litres": 2}}])])
    assert say(client) == "Moo."
    (call,) = client.chat.completions.create(**HELLO).choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == ("milk", '{"litres":2}')


def test_a_malformed_body_arrives_as_it_was_written(client, models):
    models.script([Reply(body='{"choices": [')])
    with pytest.raises(ValueError, match="Expecting value"):
        say(client)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_stream_split_at_odd_offsets_still_reads_the_same(client, models, size):
    models.script([Reply(say="Grüße aus Köln — 你好.", split=size)])
    stream = client.chat.completions.create(**HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "Grüße aus Köln — 你好."


@pytest.mark.parametrize("stream", [False, True])
def test_gzip_is_really_on_the_wire_and_reads_the_same(client, models, stream):
    models.script([Reply(say="Moo.", gzip=True)] * 2)
    with httpx.stream("POST", f"{models.openai}/chat/completions", json=HELLO | {"stream": stream}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert b"".join(answer.iter_raw())[:2] == b"\x1f\x8b"
    whole = client.chat.completions.create(**HELLO, stream=stream)
    text = "".join(c.choices[0].delta.content or "" for c in whole) if stream else whole.choices[0].message.content
    assert text == "Moo."


def test_headers_reach_the_client(models):
    models.script([Reply(headers={"X-Request-Id": "r1"})])
    assert httpx.get(f"{models.url}/orders/1").headers["x-request-id"] == "r1"
