"""What holds for every format beyond the four general ones, too."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.dialects.table import find
from tests.dialects.exchanges import answer, post
from tests.dialects.formats import SAMPLES, WORDS


@pytest.fixture(params=SAMPLES)
def sample(request):
    return SAMPLES[request.param]


def dialect_of(sample):
    return find(post(sample.url, sample.asked))


def test_a_call_is_recognised_and_its_prompt_is_read(sample):
    dialect = dialect_of(sample)
    assert dialect.name == sample.dialect
    asked = dialect.request(post(sample.url, sample.asked))
    assert [(message.role, message.text) for message in asked.messages] == [("user", "weather?")]
    assert asked.model


def test_streamed_and_plain_answers_read_the_same(sample):
    for reply in (sample.plain, sample.streamed):
        read = dialect_of(sample).answer(answer(reply))
        assert read.messages == (sample.reply,)
        assert (read.usage, read.finish_reason) == (sample.usage, sample.reason)
        assert (read.error, read.note) == ("", "")


@pytest.mark.parametrize("size", [1, 13])
def test_where_chunks_end_changes_nothing(sample, size):
    streamed = sample.streamed
    whole = dialect_of(sample).answer(answer(streamed))
    assert (
        dialect_of(sample).answer(answer([streamed[at : at + size] for at in range(0, len(streamed), size)])) == whole
    )


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_of_a_stream_cut_anywhere_all_that_came_is_shown_and_the_cut_is_said(name, data):
    sample = SAMPLES[name]
    cut = data.draw(st.integers(1, len(sample.streamed) - 2))
    headers = (("content-type", "application/x-ndjson"),) if sample.streamed.startswith(b"{") else ()
    read = dialect_of(sample).answer(answer(sample.streamed[:cut], ending="broken", headers=headers))
    assert WORDS.startswith(read.messages[0].text if read.messages else "")
    assert read.note or read.finish_reason
    for call in read.tool_calls:
        assert call.name in ("weather", "")


def test_what_came_before_a_cut_is_there(sample):
    """Cut in the last event, which holds the counts, or within the last words."""
    at = sample.streamed.rstrip().removesuffix(b"data: [DONE]").rindex(b"}")
    read = dialect_of(sample).answer(answer(sample.streamed[:at]))
    assert read.messages[0].text[:-3] == WORDS[: len(read.messages[0].text) - 3]
    assert len(read.messages[0].text) > len(WORDS) - 4
    assert "cut short" in read.note
