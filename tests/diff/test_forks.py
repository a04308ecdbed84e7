"""A fork compared with its parent: the first row is the swap, and every other row's chain leads back to it."""

from __future__ import annotations

import httpx
import pytest

import replay
from replay.testing import Reply, model_server


@replay.tool(effect="read")
def lookup_order(order_id):
    return {"status": "shipped", "town": "Ghent"}


@replay.tool(effect="read")
def delivery_estimate(town):
    return {"town": town, "days": len(town)}


def agent(url):
    """Two tools and two calls to a model, each made of what the one before it said."""
    order = lookup_order(7)
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": f"It is {order['status']}."}]
    town = ask(url, messages)
    estimate = delivery_estimate(town.split()[-1])
    messages += [
        {"role": "assistant", "content": town},
        {"role": "user", "content": f"It takes {estimate['days']} days."},
    ]
    return ask(url, messages)


def ask(url, messages):
    with httpx.Client() as client:
        body = {"model": "gpt-5-mini", "messages": messages}
        return client.post(f"{url}/chat/completions", json=body).json()["choices"][0]["message"]["content"]


@pytest.fixture(scope="module")
def models():
    with model_server(latency=(0, 0)) as server:
        yield server


@pytest.fixture
def forked(models, tmp_path):
    """``forked(swap, says)`` is the diff of a recording and its fork, in which the model says ``says``."""

    def run(swap, *says):
        parent, fork = tmp_path / "run.cassette", tmp_path / "fork.cassette"
        models.script([Reply(say="Send it to Ghent"), Reply(say="It comes on Monday.")])
        with replay.record(parent) as recording:
            recording.output(agent(models.openai))
        models.script([Reply(say=words) for words in says])
        with replay.play(parent, swaps=[swap], on_divergence="live", save=fork) as playing:
            playing.output(agent(models.openai))
        assert models.scripted == 0
        return replay.diff(parent, fork)

    return run


def test_a_swapped_tool_is_the_root_of_all_that_follows(forked):
    found = forked(replay.swap.tool("lookup_order", {"status": "lost", "town": "Ghent"}), "Look in Oslo", "Sorry.")
    lookup, first, estimate, second = found.rows
    assert found.first == lookup
    assert (lookup.request, lookup.response) == (False, True)
    assert (lookup.cause.kind, lookup.cause.swap) == ("swap", 'tool:lookup_order={"status":"lost","town":"Ghent"}')
    assert [change.path for change in first.changes] == ["request.messages[1].content", "response.content"]
    assert (first.cause.kind, first.cause.row, first.cause.path) == ("upstream", 1, "response.value.status")
    assert (estimate.cause.row, estimate.cause.path, estimate.cause.into) == (2, "response.content", "arguments.town")
    assert second.chain[0] == replay.diff.model.Link(1, lookup.cause)
    assert second.chain[-1] == replay.diff.model.Link(4, second.cause)
    assert [change.path for change in found.output] == ["output"]


def test_another_model_is_the_cause_of_the_first_call_and_its_words_of_the_rest(forked):
    found = forked(replay.swap.model("gpt-5"), "Send it to Oslo", "Soon.")
    lookup, first, estimate, second = found.rows
    assert (lookup.mark, found.first) == ("=", first)
    assert (first.cause.kind, first.cause.swap, first.cause.into) == ("swap", "model=gpt-5", "request.model")
    assert (estimate.cause.kind, estimate.cause.row) == ("upstream", first.number)
    assert second.chain[0] == replay.diff.model.Link(first.number, first.cause)


def test_one_other_answer_is_the_cause_and_nothing_before_it_differs(forked):
    found = forked(replay.swap.response(2, "Send it to Rome"), "Later.")
    assert [row.mark for row in found.rows] == ["=", "≠", "≠", "≠"]
    assert found.first.cause.kind == "swap"
    assert [row.chain[0].row for row in found.rows[1:]] == [2, 2, 2]


def test_a_prompt_swap_touches_the_system_message(forked):
    found = forked(replay.swap.prompt("system", "Be long."), "Send it to Ghent", "It comes on Monday.")
    marks = [row.mark for row in found.rows]
    assert marks == ["=", "≠", "=", "≠"]
    assert [row.cause.kind for row in found.rows if row.differs] == ["swap", "swap"]
    assert found.first.changes[0].path == "request.messages[0].content"
    assert not found.output
