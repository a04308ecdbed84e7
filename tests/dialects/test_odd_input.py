"""Bodies are hostile or odd: whatever they hold, a dialect reads what it can and never raises."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay.dialects.framing import framed
from replay.dialects.model import LlmAnswer
from replay.dialects.table import DIALECTS, find
from tests.dialects.exchanges import CHAT, answer, post
from tests.dialects.formats import SAMPLES
from tests.dialects.scripts import PAIRS
from tests.dialects.test_dialect import dialect_of

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
FIELDS = [
    "role",
    "content",
    "text",
    "type",
    "message",
    "messages",
    "choices",
    "delta",
    "index",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "id",
    "usage",
    "output",
    "item",
    "call_id",
    "error",
    "candidates",
    "parts",
    "functionCall",
    "args",
    "input",
    "response",
    "tool_use",
    "tool_result",
    "function_call",
    "summary",
    "tools",
    "contents",
    "system",
    "instructions",
    "assistant",
    "tool",
    "user",
    "response.output_text.delta",
    "content_block_delta",
    "output_index",
    "response.output_item.added",
    "content_block_start",
    "function_call_output",
    "functionResponse",
    "systemInstruction",
    "outputs",
    "results",
    "generations",
    "generation",
    "outputText",
    "prompt",
    "instances",
    "predictions",
    "embeddings",
    "values",
    "data",
    "event_type",
    "text-generation",
    "contentBlockDelta",
    "contentBlockIndex",
    "toolUse",
    "toolResult",
    "toolConfig",
    "reasoningContent",
    "token",
    "done",
    "object",
    "thread.message.delta",
    "tool_outputs",
    "billed_units",
    "steps",
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(FIELDS)
ODD = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5),
    max_leaves=25,
)
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), ODD, max_size=6)


@PATIENT
@given(OBJECTS, st.lists(OBJECTS, max_size=4), st.integers(0, 7))
def test_odd_json_never_raises(body, chunks, first):
    request = post(CHAT, body)
    for dialect in DIALECTS[first::8]:
        dialect.request(request)
        list(dialect.results(body))
        for reply in (answer(body), answer(sse_of(chunks)), answer(json.dumps(chunks).encode())):
            assert isinstance(dialect.answer(reply), LlmAnswer)


def sse_of(chunks):
    return b"".join([b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks])


def known_shapes():
    """Each answer and stream, as JSON objects to be spoiled."""
    shapes = []
    for url, (pair, _) in PAIRS.items():
        plain, streamed = pair()
        lines = [json.loads(line[6:]) for line in streamed.splitlines() if line.startswith(b"data: {")]
        shapes += [(url, [plain]), (url, lines)]
    return shapes


def spoil(value, replacement, chosen):
    """``value`` with its ``chosen``-th leaf or branch replaced, counting depth first."""
    counter = iter(range(10**6))

    def walk(item):
        if next(counter) == chosen:
            return replacement
        if isinstance(item, dict):
            return {key: walk(inner) for key, inner in item.items()}
        return [walk(inner) for inner in item] if isinstance(item, list) else item

    return walk(value)


@pytest.mark.parametrize(("url", "documents"), known_shapes())
def test_a_field_of_a_wrong_type_never_raises(url, documents):
    for replacement in (None, 7, "x", [], {}, [None], [{"type": 3}], {"type": []}, -1, 1e999, True):
        for chosen in range(1, 60):
            spoiled = spoil(documents, replacement, chosen)
            dialect_of(url).answer(answer(sse_of(spoiled)))
            dialect_of(url).answer(answer(json.dumps(spoiled[0] if spoiled else None).encode()))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_field_of_a_wrong_type_never_raises_in_the_other_formats(name):
    sample = SAMPLES[name]
    dialect = find(post(sample.url, sample.asked))
    pieces = list(framed(sample.streamed).objects)[-4:]
    for replacement in (None, 7, "x", [], {}, [{"type": []}]):
        for chosen in range(1, 30):
            for documents in ([sample.plain], pieces):
                dialect.answer(answer(sse_of(spoil(documents, replacement, chosen) or [])))
            dialect.answer(answer(json.dumps(spoil(sample.plain, replacement, chosen)).encode()))
            dialect.request(post(sample.url, json.dumps(spoil(sample.asked, replacement, chosen)).encode()))


@pytest.mark.parametrize("url", PAIRS)
@pytest.mark.parametrize("depth", [300, 900, 100_000])
def test_deep_nesting_never_raises(url, depth):
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    body = b'{"model": "m", "messages": [{"role": "user", "content": [%s]}], "output": [%s], "content": [%s]}'
    reply = answer(body % (deep, deep, deep))
    dialect_of(url).answer(reply)
    dialect_of(url).request(post(url, reply.body))


@PATIENT
@given(st.binary(max_size=200), st.integers(0, 7))
def test_any_bytes_never_raise(data, first):
    for dialect in DIALECTS[first::8]:
        for prefix in (b"", b"data: ", b"[", b"{"):
            dialect.answer(answer([prefix + data]))
            dialect.request(post(CHAT, prefix + data))


def test_half_a_surrogate_pair_does_not_lose_the_answer():
    body = b'{"choices": [{"message": {"content": "a\\ud83d b"}}]}'
    assert dialect_of(CHAT).answer(answer(body)).text == "a? b"
