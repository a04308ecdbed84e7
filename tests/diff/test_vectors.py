"""Answers of models that do not speak are compared as they are: a number within a vector is a difference."""

from __future__ import annotations

import json

import replay
from replay.events import Request
from tests.diff.runs import cassette, event

ASKED = Request(
    "http",
    "POST",
    "https://api.openai.com/v1/embeddings",
    body=json.dumps({"model": "text-embedding-3-small", "input": "order 7"}).encode(),
)


def run(last):
    data = [{"object": "embedding", "index": 0, "embedding": [0.25, -1.0, last]}]
    return cassette(event(0, ASKED, {"model": "text-embedding-3-small", "data": data, "usage": {"prompt_tokens": 3}}))


def test_another_vector_of_the_same_length_is_a_difference():
    found = replay.diff(run(3.5), run(3.25))
    (row,) = found.rows
    assert [(change.before, change.after) for change in row.changes] == [(3.5, 3.25)]
    assert row.changes[0].path.startswith("response.body.data")
    assert found.first is not None


def test_an_equal_vector_is_none():
    assert replay.diff(run(3.5), run(3.5)).first is None
