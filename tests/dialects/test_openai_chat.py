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


@pytest.mark.parametrize(
    ("told", "read_as"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 4, "prompt_cache_hit_tokens": 6}, Usage(9, 4, cached=6)),  # DeepSeek
        ({"prompt_tokens": 9, "completion_tokens": 4, "cached_tokens": 6}, Usage(9, 4, cached=6)),  # Moonshot
        ({"prompt_tokens": 9, "completion_tokens": 4, "reasoning_tokens": 3}, Usage(9, 4, reasoning=3)),  # Perplexity
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 4,
                "total_tokens": 16,
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            Usage(9, 7, reasoning=3),  # xAI
        ),
        ({"total_tokens": 9}, Usage(9)),
    ],
)
def test_usage_as_other_providers_count_it(told, read_as):
    assert DIALECT.answer(answer({"choices": [], "usage": told})).usage == read_as


def test_sound_that_the_model_made_is_a_part_with_its_words():
    sound = {"id": "a", "data": "UklGRg==", "transcript": "hello"}
    plain = DIALECT.answer(answer({"choices": [{"message": {"content": None, "audio": sound}}]}))
    read = streamed({"audio": {"id": "a", "transcript": "hel"}}, {"audio": {"transcript": "lo", "data": "UklG"}})
    for part in (plain.messages[0].parts[0], read.messages[0].parts[0]):
        assert (part.kind, part.text) == ("audio", "hello")


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
