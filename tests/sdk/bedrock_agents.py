"""Agents on ``boto3``'s Bedrock: Converse, and ConverseStream, which is a binary event stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config

from tests.sdk.shop_tools import run_tool
from tests.sdk.stage import World
from tests.testing.offers import DESCRIPTIONS, QUESTION, SCHEMAS, SYSTEM, schema

MODEL = "anthropic.claude-local-v1:0"
HELLO: Any = {"modelId": MODEL, "messages": [{"role": "user", "content": [{"text": "Hello, my kettle leaks."}]}]}
TOOLS: Any = {
    "tools": [
        {"toolSpec": {"name": name, "description": DESCRIPTIONS[name], "inputSchema": {"json": schema(name)}}}
        for name in SCHEMAS
    ]
}
ASKED: Any = {"modelId": MODEL, "system": [{"text": SYSTEM}], "toolConfig": TOOLS}


@contextmanager
def client(world: World) -> Iterator[Any]:
    bedrock = boto3.client(
        "bedrock-runtime",
        region_name="eu-west-1",
        endpoint_url=world.url,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=20),
    )
    try:
        yield bedrock
    finally:
        bedrock.close()


def converse(world: World) -> Any:
    with client(world) as bedrock:
        return [_said(bedrock.converse(**HELLO)) for _ in range(3)]


def streamed(world: World) -> Any:
    with client(world) as bedrock:
        return list(bedrock.converse_stream(**HELLO)["stream"])


def tool_loop(world: World) -> Any:
    messages: list[Any] = [{"role": "user", "content": [{"text": QUESTION}]}]
    with client(world) as bedrock:
        while True:
            answer = bedrock.converse(messages=messages, **ASKED)
            messages.append(answer["output"]["message"])
            if answer["stopReason"] != "tool_use":
                return messages
            messages.append(_results(part["toolUse"] for part in messages[-1]["content"] if "toolUse" in part))


def streamed_tool_loop(world: World) -> Any:
    messages: list[Any] = [{"role": "user", "content": [{"text": QUESTION}]}]
    with client(world) as bedrock:
        while True:
            calls, why = _joined(bedrock.converse_stream(messages=messages, **ASKED)["stream"])
            if why != "tool_use":
                return messages
            messages.append({"role": "assistant", "content": [{"toolUse": call} for call in calls]})
            messages.append(_results(calls))


def _joined(stream: Any) -> tuple[list[Any], str]:
    """The calls that a stream holds, and why it ended."""
    calls: dict[int, Any] = {}
    parts: dict[int, str] = {}
    why = ""
    for event in stream:
        if begun := event.get("contentBlockStart"):
            calls[begun["contentBlockIndex"]] = begun["start"]["toolUse"]
        elif more := event.get("contentBlockDelta"):
            index = more["contentBlockIndex"]
            parts[index] = parts.get(index, "") + more["delta"].get("toolUse", {}).get("input", "")
        why = event.get("messageStop", {}).get("stopReason", why)
    return [{**call, "input": json.loads(parts[index])} for index, call in calls.items()], why


def _results(calls: Any) -> Any:
    results = [
        {"toolUseId": call["toolUseId"], "content": [{"json": run_tool(call["name"], call["input"])}]} for call in calls
    ]
    return {"role": "user", "content": [{"toolResult": result} for result in results]}


def _said(answer: Any) -> Any:
    return answer["output"], answer["stopReason"], answer["usage"], answer["ResponseMetadata"]["HTTPStatusCode"]


AGENTS = {"sync": [converse], "streamed": [streamed], "tools": [tool_loop, streamed_tool_loop]}
