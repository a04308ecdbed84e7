"""Requests as the vendors' own clients build them, read off a loopback socket; and streams as they assemble them."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from replay.dialects.model import ToolCall
from replay.dialects.table import find
from replay.events import Request
from tests.dialects.exchanges import answer
from tests.dialects.formats import SAMPLES
from tests.dialects.scripts import CALLS, WORDS, anthropic_pair, chat_pair, gemini_pair, responses_pair

SCHEMA = {"type": "object", "properties": {"order": {"type": "integer"}}}
CALL = ToolCall("c1", "lookup", '{"order":7}')


class Server(ThreadingHTTPServer):
    """Answers each POST with ``reply``, as JSON or as a stream, and keeps what was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply, self.asked = b"", []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def last(self):
        """The last request as the program's boundary would see it, and its dialect's reading."""
        return find(self.asked[-1]).name, find(self.asked[-1]).request(self.asked[-1])


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        target = self.server.url + self.path
        self.server.asked.append(Request("http", "POST", target, tuple(self.headers.items()), body))
        kind = "application/json" if self.server.reply.startswith(b"{") else "text/event-stream"
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(self.server.reply)))
        self.end_headers()
        self.wfile.write(self.server.reply)

    def log_message(self, *_):
        """Quiet."""


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def summary(messages):
    return [(m.role, m.text, m.tool_calls, m.tool_call_id) for m in messages]


CONVERSATION = [
    ("system", "be brief", (), ""),
    ("user", "where is it?", (), ""),
    ("assistant", "", (CALL,), ""),
    ("tool", "at sea", (), "c1"),
]


@pytest.fixture
def openai(server):
    import openai

    with openai.OpenAI(api_key="k", base_url=server.url + "/v1", max_retries=0) as client:
        yield client


def test_openai_chat(server, openai):
    _, server.reply = chat_pair()
    function = {"name": "lookup", "arguments": CALL.arguments}
    stream = openai.chat.completions.create(
        model="m-1",
        messages=[
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "where "}, {"type": "text", "text": "is it?"}]},
            {"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": function}]},
            {"role": "tool", "tool_call_id": "c1", "content": "at sea"},
        ],
        tools=[{"type": "function", "function": {"name": "lookup", "parameters": SCHEMA}}],
        temperature=0,
        stream=True,
    )
    heard = "".join([chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices])
    name, request = server.last()
    assert (name, request.model, request.stream, request.params) == ("openai.chat", "m-1", True, {"temperature": 0})
    assert summary(request.messages) == CONVERSATION
    assert [(tool.name, tool.parameters) for tool in request.tools] == [("lookup", SCHEMA)]
    assert find(server.asked[-1]).answer(answer(server.reply)).text == heard == WORDS


def test_openai_responses_with_items(server, openai):
    plain, _ = responses_pair()
    server.reply = json.dumps(plain).encode()
    said = openai.responses.create(
        model="m-1",
        instructions="be brief",
        input=[
            {"role": "user", "content": "where is it?"},
            {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "look it up"}]},
            {"type": "function_call", "call_id": "c1", "name": "lookup", "arguments": CALL.arguments},
            {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "at sea"}]},
        ],
        tools=[{"type": "function", "name": "lookup", "parameters": SCHEMA, "strict": True}, {"type": "web_search"}],
    )
    name, request = server.last()
    assert (name, request.stream) == ("openai.responses", False)
    thought = request.messages[2]
    assert thought.parts[0].text == "look it up"
    assert summary([m for m in request.messages if m is not thought]) == CONVERSATION
    assert [(tool.name, tool.kind) for tool in request.tools] == [("lookup", "function"), ("web_search", "web_search")]
    assert find(server.asked[-1]).answer(answer(plain)).text == said.output_text


def test_openai_responses_with_text_and_a_stream(server, openai):
    _, server.reply = responses_pair()
    events = list(openai.responses.create(model="m-1", input="where is it?", stream=True))
    name, request = server.last()
    assert (name, request.stream) == ("openai.responses", True)
    assert summary(request.messages) == [("user", "where is it?", (), "")]
    assert events[-1].response.output_text == find(server.asked[-1]).answer(answer(server.reply)).text


def test_anthropic(server):
    import anthropic

    _, server.reply = anthropic_pair()
    with (
        anthropic.Anthropic(api_key="k", base_url=server.url, max_retries=0) as client,
        client.messages.stream(
            model="m-1",
            max_tokens=9,
            system=[{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}],
            messages=[
                {"role": "user", "content": "where is it?"},
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "c1", "name": "lookup", "input": {"order": 7}}],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "c1",
                            "content": [{"type": "text", "text": "at sea"}],
                        },
                        {"type": "text", "text": "so?"},
                    ],
                },
            ],
            tools=[{"name": "lookup", "input_schema": SCHEMA}],
        ) as stream,
    ):
        final = stream.get_final_message()
    name, request = server.last()
    assert (name, request.stream, request.params) == ("anthropic", True, {"max_tokens": 9})
    assert summary(request.messages) == [*CONVERSATION, ("user", "so?", (), "")]
    assert [message.path for message in request.messages] == [
        "system",
        "messages[0]",
        "messages[1]",
        "messages[2].content[0]",
        "messages[2]",
    ]
    read = find(server.asked[-1]).answer(answer(server.reply))
    asked = [block for block in final.content if block.type == "tool_use"]
    assert [json.loads(call.arguments) for call in read.tool_calls] == [block.input for block in asked]
    assert (read.finish_reason, read.usage.output) == (final.stop_reason, final.usage.output_tokens)


def test_boto3_reads_a_stream_of_bedrock_as_we_do(server):
    import boto3
    from botocore.config import Config

    sample = SAMPLES["converse"]
    server.reply = sample.streamed
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "k", "region_name": "eu-west-1"}
    config = Config(retries={"max_attempts": 1})
    client = boto3.client("bedrock-runtime", endpoint_url=server.url, config=config, **keys)
    spec = {"name": "lookup", "inputSchema": {"json": SCHEMA}}
    use = {"toolUse": {"toolUseId": "c1", "name": "lookup", "input": {"order": 7}}}
    stream = client.converse_stream(
        modelId="m-1:0",
        system=[{"text": "be brief"}],
        messages=[
            {"role": "user", "content": [{"text": "where is it?"}]},
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "at sea"}]}}]},
        ],
        toolConfig={"tools": [{"toolSpec": spec}]},
    )["stream"]
    deltas = [event["contentBlockDelta"]["delta"] for event in stream if "contentBlockDelta" in event]
    name, request = server.last()
    assert (name, request.model, request.stream) == ("bedrock.converse", "m-1:0", True)
    assert summary(request.messages) == CONVERSATION
    assert [(tool.name, tool.parameters) for tool in request.tools] == [("lookup", SCHEMA)]
    read = find(server.asked[-1]).answer(answer(server.reply))
    assert read.text == "".join([delta.get("text", "") for delta in deltas])
    assert json.loads(read.tool_calls[0].arguments) == json.loads(
        "".join([delta["toolUse"]["input"] for delta in deltas if "toolUse" in delta])
    )
    client.close()


@pytest.mark.parametrize("streamed", [False, True])
def test_google_genai(server, streamed):
    from google import genai
    from google.genai import types

    plain, stream = gemini_pair()
    server.reply = stream if streamed else json.dumps(plain).encode()
    options = types.HttpOptions(base_url=server.url)
    client = genai.Client(api_key="k", http_options=options)
    call = types.FunctionCall(id="c1", name="lookup", args={"order": 7})
    told = types.FunctionResponse(id="c1", name="lookup", response={"result": "at sea"})
    declared = types.FunctionDeclaration(name="lookup", parameters_json_schema=SCHEMA)
    ask = client.models.generate_content_stream if streamed else client.models.generate_content
    said = ask(
        model="m-1",
        contents=[
            types.Content(role="user", parts=[types.Part(text="where is it?")]),
            types.Content(role="model", parts=[types.Part(function_call=call)]),
            types.Content(role="user", parts=[types.Part(function_response=told)]),
        ],
        config=types.GenerateContentConfig(
            system_instruction="be brief", tools=[types.Tool(function_declarations=[declared])], temperature=0
        ),
    )
    chunks = list(said) if streamed else [said]
    name, request = server.last()
    assert (name, request.model, request.stream) == ("gemini", "m-1", streamed)
    *before, result = request.messages
    assert summary(before) == CONVERSATION[:3]
    assert (result.role, result.name, json.loads(result.text)) == ("tool", "lookup", {"result": "at sea"})
    assert [(tool.name, tool.parameters) for tool in request.tools] == [("lookup", SCHEMA)]
    read = find(server.asked[-1]).answer(answer(server.reply))
    heard = [call for chunk in chunks for call in chunk.function_calls or []]
    assert [json.loads(call.arguments) for call in read.tool_calls] == [call.args for call in heard]
    assert [call.name for call in read.tool_calls] == [call.name for call in CALLS]
    client.close()
