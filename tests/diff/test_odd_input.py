"""Cassettes are hostile input: whatever bodies hold, a comparison ends, and every form of it can be written."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import replay
from replay.events import Answer, Chunk, End, Event, Failure, Head, Request
from replay.report import diff_html, diff_junit, diff_markdown, diff_text
from replay.report.junit import junit
from tests.diff.runs import cassette

CHAT = "https://api.openai.com/v1/chat/completions"
DEEP = [
    b'{"messages":' * 900 + b"1" + b"}" * 900,
    b'{"messages":' * 250 + b"1" + b"}" * 250,
    b"[" * 5000,
    b'{"messages": [' + b'{"content": [' * 300 + b"]}" * 300 + b"]}",
]

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())
documents = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
messages = st.fixed_dictionaries({"messages": st.lists(st.fixed_dictionaries({"role": scalars, "content": documents}))})
bodies = st.one_of(
    st.binary(max_size=60),
    (documents | messages).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([*DEEP, b"data: {\ndata:", b"\xff\xfe", b"1e999", b'"\\ud800"', b"NaN"]),
)
requests = st.one_of(
    st.builds(
        Request,
        st.just("http"),
        st.sampled_from(["POST", "\udc80"]),
        st.sampled_from([CHAT, "", "http://[", "x"]),
        body=bodies,
    ),
    st.builds(Request, st.just("tool"), st.just("call"), st.text(max_size=5), body=bodies),
    st.builds(Request, st.sampled_from(["span", "process"]), st.just("run"), st.text(max_size=5), body=bodies),
)
ends = st.one_of(
    st.none(), st.builds(End, st.just("failed"), st.builds(Failure, st.text(max_size=5), st.text(max_size=5)))
)
answers = st.one_of(
    st.none(),
    st.builds(
        Answer,
        st.one_of(st.none(), st.builds(Head, st.integers(0, 999))),
        chunks=st.tuples(st.builds(Chunk, bodies)),
        end=ends,
    ),
)
events = st.lists(st.tuples(requests, answers, st.sampled_from(["0", "0/a1", "0/a1/c0"])), max_size=6)


def run(found):
    return cassette(
        *[Event(at, asked, lineage, at, answer=answer) for at, (asked, answer, lineage) in enumerate(found)]
    )


def read_all(found):
    """Everything that anybody may ask of a comparison."""
    json.dumps(found.to_dict())
    diff_html.page(found).encode()
    diff_markdown.markdown(found).encode()
    junit("replay diff", diff_junit.cases(found))
    for line in [*diff_text.overview(found), *(line for row in found.rows for line in diff_text.in_full(found, row))]:
        line.encode()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events, events)
def test_any_two_runs_can_be_compared_and_told(old, new):
    found = replay.diff(run(old), run(new))
    read_all(found)
    assert replay.diff(run(old), run(old)).identical


@pytest.mark.parametrize("body", DEEP, ids=["objects", "fewer", "lists", "messages"])
@pytest.mark.parametrize("target", [CHAT, "https://host/x"])
def test_what_is_nested_too_deep_is_compared_as_far_as_it_can_be(body, target):
    asked = Request("http", "POST", target, body=body)
    old, new = (
        Answer(Head(200), chunks=(Chunk(chunk),), end=End()) for chunk in (body, body.replace(b"1", b"2") + b" ")
    )
    read_all(replay.diff(run([(asked, old, "0")]), run([(asked, new, "0")])))
