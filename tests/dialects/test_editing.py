"""Bodies of every format are changed where the dialect says, and nowhere else."""

from __future__ import annotations

import copy

import pytest

from replay.dialects import editing
from replay.dialects.model import ToolDefinition
from replay.dialects.shapes import SHAPES
from replay.dialects.table import DIALECTS

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
PATHS = {
    "openai.chat": "/v1/chat/completions",
    "openai.responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "gemini": "/v1beta/models/m:generateContent",
    "cohere": "/v2/chat",
    "ollama.chat": "/api/chat",
}
IMAGE = {"type": "image_url", "image_url": {"url": "x"}}
BODIES = {
    "openai.chat": {
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": [{"type": "text", "text": "one"}, IMAGE, {"type": "text", "text": "two"}]},
            {"role": "tool", "tool_call_id": "c", "content": "kind result"},
        ],
        "tools": [{"type": "function", "function": {"name": "look", "parameters": {}}}],
    },
    "openai.responses": {
        "instructions": "Be kind.",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "one"}]},
            {"type": "function_call_output", "call_id": "c", "output": "kind result"},
        ],
        "tools": [{"type": "function", "name": "look", "parameters": {}}],
    },
    "anthropic": {
        "system": [{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": "one"},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "kind result"}]},
        ],
        "tools": [{"name": "look", "input_schema": {}}],
    },
    "gemini": {
        "systemInstruction": {"parts": [{"text": "Be kind."}]},
        "contents": [{"role": "user", "parts": [{"text": "one"}]}],
        "tools": [{"functionDeclarations": [{"name": "look", "parameters": {}}]}],
    },
}
BODIES["cohere"] = BODIES["openai.chat"]
BODIES["ollama.chat"] = {
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "one"},
        {"role": "tool", "tool_name": "look", "content": "kind result"},
    ],
    "tools": [{"type": "function", "function": {"name": "look", "parameters": {}}}],
}


@pytest.fixture(params=BODIES)
def name(request):
    return request.param


@pytest.fixture
def body(name):
    return copy.deepcopy(BODIES[name])


def read(name, body):
    dialect = next(dialect for dialect in DIALECTS if dialect.name == name)
    return dialect.read_request(PATHS[name], body)


def test_a_message_gets_other_words(name, body):
    first, second, *_ = read(name, body).messages
    assert editing.replace_words(body, first.path, "Be brief.")
    assert editing.replace_words(body, second.path, "hello")
    assert [message.text for message in read(name, body).messages[:2]] == ["Be brief.", "hello"]
    assert not editing.replace_words(body, first.path, "Be brief."), "it has those words already"


def test_what_stands_beside_the_words_stays():
    body = copy.deepcopy(BODIES["openai.chat"])
    editing.replace_words(body, "messages[1]", "three")
    assert body["messages"][1]["content"] == [{"type": "text", "text": "three"}, IMAGE]
    body = copy.deepcopy(BODIES["anthropic"])
    editing.replace_words(body, "system", "Be brief.")
    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}


def test_a_word_is_replaced_once_wherever_it_stands(name, body):
    changed = [
        editing.rewrite(body, message.path, lambda text: text.replace("kind", "unkind"))
        for message in read(name, body).messages
    ]
    texts = [message.text for message in read(name, body).messages]
    assert texts[0] == "Be unkind." and changed[0]
    assert not any("ununkind" in text for text in texts)
    assert ("unkind result" in texts[-1]) is (name != "gemini")


def test_messages_come_and_go(name, body):
    shape, messages = SHAPES[name], read(name, body).messages
    assert editing.insert(body, shape, "user", "before", messages[1])
    assert editing.insert(body, shape, "user", "last", None)
    texts = [message.text for message in read(name, body).messages]
    assert (texts[1], texts[-1]) == ("before", "last")
    assert editing.drop(body, [message for message in read(name, body).messages if message.text in ("before", "last")])
    assert read(name, body).messages == messages
    assert editing.drop(body, [messages[0]])
    assert read(name, body).messages == messages[1:]


def test_a_system_message_goes_where_the_format_keeps_it(name, body):
    editing.drop(body, [read(name, body).messages[0]])
    assert editing.insert(body, SHAPES[name], "system", "Be brief.", read(name, body).messages[0])
    assert (read(name, body).messages[0].role, read(name, body).messages[0].text) == ("system", "Be brief.")


def test_tools_are_changed_added_and_taken_out(name, body):
    shape = SHAPES[name]
    assert editing.change_tool(body, shape, "look", {"description": "Look.", "parameters": SCHEMA})
    assert editing.add_tool(body, shape, ToolDefinition("find", "Find.", SCHEMA))
    assert read(name, body).tools == (ToolDefinition("look", "Look.", SCHEMA), ToolDefinition("find", "Find.", SCHEMA))
    assert editing.remove_tool(body, "look") and editing.remove_tool(body, "find")
    assert "tools" not in body
    assert not editing.remove_tool(body, "look")


def test_a_parameter_is_set_and_taken_out():
    body = {"temperature": 1}
    assert editing.set_field(body, "reasoning.effort", "low")
    assert editing.set_field(body, "temperature", None)
    assert body == {"reasoning": {"effort": "low"}}
    assert not editing.set_field(body, "reasoning.effort", "low")
