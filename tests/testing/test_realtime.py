"""OpenAI's Realtime interface, through the SDK: spoken by the loopback server, recorded, and replayed without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

import replay
from replay.errors import DivergenceError
from replay.testing import ModelServer, Reply
from tests.taps.crossed import check, record, replayed

TOOL: Any = {
    "type": "function",
    "name": "lookup_order",
    "description": "Look up an order.",
    "parameters": {"type": "object", "properties": {"number": {"type": "string"}}, "required": ["number"]},
}


def options(url: str) -> dict[str, Any]:
    talks = f"{url.replace('http:', 'ws:')}/v1"
    return {"base_url": f"{url}/v1", "websocket_base_url": talks, "api_key": "sk-local-0123456789"}


def said(text: str) -> Any:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def ask(url: str, text: str) -> list[dict[str, Any]]:
    with OpenAI(**options(url)) as client, client.realtime.connect(model="gpt-realtime") as connection:
        connection.conversation.item.create(item=said(text))
        connection.response.create()
        heard = []
        for event in connection:
            heard.append(event.model_dump())
            if event.type == "response.done":
                return heard
    return []


async def use_a_tool(url: str) -> list[Any]:
    heard: list[Any] = []
    async with (
        AsyncOpenAI(**options(url)) as client,
        client.realtime.connect(model="gpt-realtime") as connection,
    ):
        await connection.session.update(session={"type": "realtime", "instructions": "Be brief.", "tools": [TOOL]})
        await connection.conversation.item.create(item=said("Where is order A-1001?"))
        await connection.response.create()
        async for event in connection:
            heard.append(event.model_dump())
            if event.type == "response.function_call_arguments.done":
                result: Any = {"type": "function_call_output", "call_id": event.call_id, "output": '{"status": "sent"}'}
                await connection.conversation.item.create(item=result)
                await connection.response.create()
            elif event.type == "response.output_text.done":
                return heard
    return heard


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.cassette"


def test_the_blocking_client_hears_the_same_events_again(models: ModelServer, path: Path) -> None:
    models.script([Reply(say="The kettle is fine.")])
    heard = check(path, ask, models.url, "Hello, my kettle leaks.")
    assert [event["type"] for event in heard][:4] == [
        "session.created",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
    ]
    assert "".join([event["delta"] for event in heard if "delta" in event]) == "The kettle is fine."
    assert heard[-1]["response"]["usage"]["output_tokens"] == 5
    names = [step.name.partition(" < ")[2] for step in replay.open(path).steps]
    assert names == ["", "conversation.item.create", "response.create", "close"]


def test_a_tool_loop_of_the_asyncio_client_is_heard_again(models: ModelServer, path: Path) -> None:
    models.script(
        [Reply(calls=[{"name": "lookup_order", "arguments": {"number": "A-1001"}}]), Reply(say="It is sent.")]
    )
    heard = check(path, use_a_tool, models.url)
    done = next(event for event in heard if event["type"] == "response.function_call_arguments.done")
    assert json.loads(done["arguments"]) == {"number": "A-1001"}
    assert heard[-1]["text"] == "It is sent."
    assert models.calls == 6


def test_another_question_is_a_divergence_that_names_it(models: ModelServer, path: Path) -> None:
    record(path, ask, models.url, "Hello, my kettle leaks.")
    with pytest.raises(DivergenceError) as caught:
        replayed(path, ask, models.url, "Hello, my kettle sings.")
    assert b"my kettle sings" in caught.value.asked.body
    assert b"sk-local" not in path.read_bytes()


def test_what_is_no_event_is_answered_by_an_error(models: ModelServer) -> None:
    with OpenAI(**options(models.url)) as client, client.realtime.connect(model="gpt-realtime") as connection:
        connection.send({"type": "session.dance"})  # type: ignore[misc]
        connection.conversation.item.create(item={"type": "message"})  # type: ignore[typeddict-item]
        heard = [connection.recv() for _ in range(3)]
    assert [event.type for event in heard] == ["session.created", "error", "error"]
