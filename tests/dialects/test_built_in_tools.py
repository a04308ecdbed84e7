"""What a provider does itself within an answer: searches, code, pictures, MCP servers; thoughts it keeps to itself."""

from __future__ import annotations

import pytest

from replay.dialects.table import find
from replay.events import Request
from tests.dialects.exchanges import MESSAGES, RESPONSES, answer, post, sse

OUTPUT = [
    {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "gAAA"},
    {"type": "web_search_call", "id": "w", "status": "completed", "action": {"type": "search", "query": "weather"}},
    {"type": "file_search_call", "id": "f", "queries": ["a", "b"], "results": None},
    {"type": "code_interpreter_call", "id": "c", "code": "print(1)", "outputs": []},
    {"type": "image_generation_call", "id": "i", "revised_prompt": "a cat", "result": "aGk="},
    {"type": "mcp_list_tools", "id": "l", "server_label": "deepwiki", "tools": []},
    {"type": "mcp_call", "id": "m", "name": "ask", "server_label": "deepwiki", "arguments": "{}", "output": "yes"},
    {"type": "computer_call", "id": "p", "call_id": "c9", "action": {"type": "click", "x": 1, "y": 2}},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "done"}]},
]
SHOWN = [
    ("encrypted_reasoning", ""),
    ("web_search_call", "weather"),
    ("file_search_call", "a, b"),
    ("code_interpreter_call", "print(1)"),
    ("image_generation_call", "a cat"),
    ("mcp_list_tools", "deepwiki"),
    ("mcp_call", "ask"),
    ("text", "done"),
]


def responses(reply):
    return find(post(RESPONSES, {"input": "x"})).answer(reply)


def test_built_in_calls_of_responses_are_parts_and_those_for_the_program_are_calls():
    whole = {"model": "m", "status": "completed", "output": OUTPUT}
    for reply in (answer(whole), answer(sse({"type": "response.completed", "response": whole}))):
        read = responses(reply)
        assert [(part.kind, part.text) for part in read.messages[0].parts] == SHOWN
        assert [(call.id, call.name) for call in read.tool_calls] == [("c9", "computer_call")]


def test_code_of_a_stream_that_breaks_off_is_shown_as_far_as_it_came():
    begun = {"type": "response.output_item.added", "output_index": 0, "item": {"type": "code_interpreter_call"}}
    delta = {"type": "response.code_interpreter_call_code.delta", "output_index": 0, "delta": "print("}
    (part,) = responses(answer(sse(begun, delta, names=True))).messages[0].parts
    assert (part.kind, part.text) == ("code_interpreter_call", "print(")


CONTENT = [
    {"type": "redacted_thinking", "data": "Zm9v"},
    {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "weather"}},
    {"type": "web_search_tool_result", "content": [{"type": "web_search_result", "title": "A"}, {"title": "B"}]},
    {"type": "server_tool_use", "id": "s2", "name": "code_execution", "input": {"code": "1"}},
    {"type": "code_execution_tool_result", "content": {"type": "code_execution_result", "stdout": "1\n"}},
    {"type": "mcp_tool_use", "id": "s3", "name": "ask", "server_name": "wiki", "input": {}},
    {"type": "text", "text": "done", "citations": [{"type": "web_search_result_location", "title": "A"}]},
]
BLOCKS = [
    ("redacted_thinking", ""),
    ("server_tool_use", 'web_search({"query":"weather"})'),
    ("web_search_tool_result", "A, B"),
    ("server_tool_use", 'code_execution({"code":"1"})'),
    ("code_execution_tool_result", "1\n"),
    ("mcp_tool_use", "ask({})"),
    ("text", "done"),
]


def streamed():
    events = [{"type": "message_start", "message": {"model": "m", "content": []}}]
    for at, block in enumerate(CONTENT):
        hollow = block | ({"input": {}} if "input" in block else {})
        events.append({"type": "content_block_start", "index": at, "content_block": hollow})
        for key in ("query", "code"):
            if key in block.get("input", {}):
                for piece in (f'{{"{key}"', f': "{block["input"][key]}"}}'):
                    delta = {"type": "input_json_delta", "partial_json": piece}
                    events.append({"type": "content_block_delta", "index": at, "delta": delta})
    citation = {"type": "citations_delta", "citation": {"title": "A"}}
    events.append({"type": "content_block_delta", "index": 6, "delta": citation})
    return sse(*events, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}, names=True)


@pytest.mark.parametrize("reply", [{"content": CONTENT, "stop_reason": "end_turn"}, streamed()])
def test_server_tools_of_anthropic_are_parts_and_no_calls_of_the_program(reply):
    read = find(post(MESSAGES, {"messages": []})).answer(answer(reply))
    assert [(part.kind, part.text) for part in read.messages[0].parts] == BLOCKS
    assert (read.tool_calls, read.note) == ((), "")


def test_a_response_made_in_the_background_is_read_where_it_is_asked_for():
    request = Request("http", "GET", f"{RESPONSES}/resp_123")
    dialect = find(request)
    assert dialect.name == "openai.responses"
    assert dialect.answer(answer({"status": "completed", "output": OUTPUT})).text == "done"
    assert find(Request("http", "GET", "https://forms.example/v1/responses/123")) is None
