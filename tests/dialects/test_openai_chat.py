"""What providers and servers that speak this format do differently."""

import pytest

from replay.dialects.model import Message, Part, ToolCall, Usage
from replay.dialects.openai_chat import DIALECT
from tests.dialects.exchanges import CHAT, answer, post, sse


def streamed(*deltas, **last):
    return DIALECT.answer(answer(sse(*[{"choices": [{"index": 0, "delta": delta}]} for delta in deltas], last)))


def fragment(call_id, name, arguments, **index):
    return {"tool_calls": [{**index, "id": call_id, "function": {"name": name, "arguments": arguments}}]}


@pytest.mark.parametrize("index", [{"index": 0}, {}])
def test_calls_that_all_have_one_number_or_none_are_told_apart_by_id(index):
    read = streamed(
        fragment("a", "f", "{}", **index), fragment("b", "g", '{"x"', **index), fragment("", "", ":1}", **index)
    )
    assert read.tool_calls == (ToolCall("a", "f", "{}"), ToolCall("b", "g", '{"x":1}'))


def test_an_id_that_each_fragment_repeats_begins_no_new_call():
    read = streamed(fragment("a", "f", '{"x"', index=0), fragment("a", "f", ":1}", index=0))
    assert read.tool_calls == (ToolCall("a", "f", '{"x":1}'),)


def test_usage_of_groq_is_found_in_its_own_place():
    read = streamed({"content": "hi"}, x_groq={"usage": {"prompt_tokens": 3, "completion_tokens": 1}})
    assert read.usage == Usage(3, 1)


def test_older_function_calls_are_read_plain_and_streamed():
    call = {"name": "f", "arguments": '{"x":1}'}
    plain = DIALECT.answer(answer({"choices": [{"message": {"content": None, "function_call": call}}]}))
    read = streamed({"function_call": {"name": "f", "arguments": '{"x"'}}, {"function_call": {"arguments": ":1}"}})
    assert plain.tool_calls == read.tool_calls == (ToolCall("", "f", '{"x":1}'),)


def test_thinking_parts_of_mistral_are_thinking():
    content = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "yes"}]
    expected = Message("assistant", "yes", parts=(Part("thinking", "hm"), Part("text", "yes")))
    assert DIALECT.answer(answer({"choices": [{"message": {"content": content}}]})).messages == (expected,)
    assert streamed({"content": content[:1]}, {"content": "yes"}).messages == (expected,)


def test_each_choice_is_a_message():
    chunks = [{"choices": [{"index": at, "delta": {"content": word}}]} for at, word in ((1, "b"), (0, "a"), (1, "c"))]
    assert [message.text for message in DIALECT.answer(answer(sse(*chunks))).messages] == ["a", "bc"]


def test_media_is_a_part_with_its_place_and_raw_data():
    image = {"type": "image_url", "image_url": {"url": "https://x.example/cat.png"}}
    content = [{"type": "text", "text": "what is it?"}, image]
    message = DIALECT.request(post(CHAT, {"messages": [{"role": "user", "content": content}]})).messages[0]
    assert message.text == "what is it?"
    assert message.parts[1] == Part("image_url", "https://x.example/cat.png", image)
