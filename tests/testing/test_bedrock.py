from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from replay.testing import ModelServer, Reply
from tests.testing.offers import DESCRIPTIONS, EXPECTED, QUESTION, SCHEMAS, SYSTEM, made, result, schema

HELLO: Any = [{"role": "user", "content": [{"text": "Hello, my kettle leaks."}]}]
STEADY: Any = {"temperature": 0, "maxTokens": 500}
OFFERED: Any = {
    "tools": [
        {"toolSpec": {"name": name, "description": DESCRIPTIONS[name], "inputSchema": {"json": schema(name)}}}
        for name in SCHEMAS
    ]
}


@pytest.fixture
def client(models: ModelServer) -> Iterator[Any]:
    bedrock = boto3.client(
        "bedrock-runtime",
        region_name="eu-west-1",
        endpoint_url=models.bedrock,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield bedrock
    bedrock.close()


def test_a_tool_loop_goes_as_with_the_others(client):
    messages: list[Any] = [{"role": "user", "content": [{"text": QUESTION}]}]
    turns = []
    asked: Any = {"modelId": "m", "system": [{"text": SYSTEM}], "toolConfig": OFFERED}
    while (answer := client.converse(messages=messages, **asked))["stopReason"] == "tool_use":
        message = answer["output"]["message"]
        calls = [part["toolUse"] for part in message["content"]]
        turns.append(made([(call["name"], call["input"]) for call in calls]))
        results = [
            {"toolUseId": call["toolUseId"], "content": [{"json": result(call["name"], call["input"])}]}
            for call in calls
        ]
        messages += [message, {"role": "user", "content": [{"toolResult": one} for one in results]}]
    assert turns == EXPECTED
    assert "rf_1" in answer["output"]["message"]["content"][0]["text"]


def test_a_binary_stream_joins_to_the_whole_text(client):
    """botocore checks both checksums of each message."""
    whole = client.converse(modelId="m:0", messages=HELLO, inferenceConfig=STEADY)
    events = list(client.converse_stream(modelId="m:0", messages=HELLO, inferenceConfig=STEADY)["stream"])
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert len(deltas) > 2
    assert "".join(deltas) == whole["output"]["message"]["content"][0]["text"]
    assert [name for event in events[-2:] for name in event] == ["messageStop", "metadata"]
    assert events[-1]["metadata"]["usage"] == whole["usage"]


def test_a_tool_that_is_named_must_be_called(client):
    choice: Any = {**OFFERED, "toolChoice": {"tool": {"name": "delivery_estimate"}}}
    answer = client.converse(modelId="m", messages=HELLO, toolConfig=choice)
    assert [part["toolUse"]["name"] for part in answer["output"]["message"]["content"]] == ["delivery_estimate"]


def test_an_error_is_one_that_boto3_knows(client, models: ModelServer):
    models.script([Reply(status=429)])
    with pytest.raises(client.exceptions.ThrottlingException):
        client.converse(modelId="m", messages=HELLO)
    with pytest.raises(ClientError, match="ValidationException"):
        client.converse(modelId="m", messages=[{"role": "robot", "content": [{"text": "Hello"}]}])
