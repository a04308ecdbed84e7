"""Swaps on calls to models whose format they can write in part, or not at all."""

from __future__ import annotations

import json

import pytest

from replay.engine.swaps.applying import apply
from replay.engine.swaps.concerning import concerns
from replay.engine.swaps.grammar import parse
from replay.engine.swaps.selector import Place
from replay.errors import UsageError
from replay.events import Request

ASKED = {"model": "m-1", "messages": [{"role": "user", "content": "hi"}]}
SAID = {"model": "m-1", "message": {"role": "assistant", "content": "no"}, "done": True}


def ollama(**fields):
    return Request("http", "POST", "http://127.0.0.1:11434/api/chat", body=json.dumps(ASKED | fields).encode())


def embeddings():
    body = json.dumps({"model": "m-1", "input": "hi"}).encode()
    return Request("http", "POST", "https://api.openai.com/v1/embeddings", body=body)


def outcome(swap, request):
    return apply([(0, parse(swap))], request, lambda _: Place(1))


def test_a_parameter_of_ollama_lies_among_its_options():
    changed = outcome("param:temperature=0", ollama()).request
    assert json.loads(changed.body)["options"] == {"temperature": 0}


def test_an_answer_in_the_providers_own_form_is_given():
    found = outcome(f"response:1={json.dumps(SAID)}", ollama(stream=False))
    assert json.loads(found.answer.body) == SAID


def test_words_cannot_be_put_into_a_form_that_is_not_written():
    with pytest.raises(UsageError, match=r"ollama\.chat"):
        outcome("response:1=no", ollama(stream=False))


def test_a_swap_of_the_model_leaves_calls_for_vectors_as_they_are():
    swap = parse("model=m-2")
    assert outcome("model=m-2", embeddings()) is None
    assert not concerns(swap, embeddings(), lambda: Place(1))
    assert concerns(swap, ollama(), lambda: Place(1))
