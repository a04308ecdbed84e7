"""A fork knows where it comes from, plays by itself, and can be forked again."""

from __future__ import annotations

from dataclasses import replace as changed

import pytest

import replay
from replay.cassette import Reader, Writer
from replay.cassette.forks import is_parent, parent_name, swapped_events
from replay.errors import DivergenceError, UsageError

TOLD = "You are a support agent. Never issue a refund."


def test_it_names_its_parent_its_swaps_and_each_events_origin(stage):
    played = stage.play("model@10-=gpt-5")
    header = played.fork.header
    assert parent_name(header.parent) == "support.cassette"
    assert is_parent(header.parent, stage.cassette)
    assert not is_parent(header.parent, played.fork.path)
    assert header.swaps == ("model@10-=gpt-5",)
    origins = [step.source.origin for step in played.fork.steps]
    assert origins == [*["served"] * 9, "live", "served", "served", "live"]
    by = {swapped.by for swapped in swapped_events(played.fork.notes).values()}
    assert by == {(0,)}


def test_what_served_tools_did_is_part_of_it(stage):
    played = stage.play("model=gpt-5")
    assert [step.name for step in played.fork.steps] == [step.name for step in replay.open(stage.cassette).steps]
    assert replay.diff(stage.cassette, played.fork.path).rows[3].mark == "="


def test_a_fork_of_a_fork_keeps_the_swaps_of_both(stage):
    first = stage.play("model=gpt-5")
    second = stage.play("param:temperature=0.5", of=first.fork.path)
    assert second.fork.header.swaps == ("model=gpt-5", "param:temperature=0.5")
    assert is_parent(second.fork.header.parent, first.fork.path)
    request = second.fork.steps[0].request
    assert (request.model, request.params["temperature"]) == ("gpt-5", 0.5)
    assert second.origins == {"live": 5, "served": 5}
    stage.plays_alone(second)
    third = stage.play(of=second.fork.path)
    assert third.result.identical and third.fork.header.swaps == second.fork.header.swaps
    stage.plays_alone(third)


def test_a_swap_given_again_asks_nobody_again(stage):
    first = stage.play("model=gpt-5")
    again = stage.play("model=gpt-5", of=first.fork.path)
    assert (again.calls, again.origins) == (0, {"served": 10})
    assert again.fork.header.swaps == ("model=gpt-5",)


def test_its_swaps_are_applied_to_what_is_new(stage, monkeypatch):
    fork = stage.play("model=gpt-5").fork.path
    agent = stage.ask.args[0]
    monkeypatch.setattr(agent, "SYSTEM", TOLD)
    played = stage.play(of=fork)
    assert {step.model for step in played.fork.steps if step.kind == "llm"} == {"gpt-5"}
    assert played.origins["live"] == 2
    stage.plays_alone(played)


def test_two_equal_requests_of_which_one_was_swapped_keep_their_answers(stage, tmp_path):
    @replay.tool
    def draw() -> int:
        return next(numbers)

    numbers = iter(range(10))
    run, fork = tmp_path / "run.cassette", tmp_path / "fork.cassette"
    with replay.record(run):
        recorded = [draw(), draw(), draw()]
    with replay.play(run, swaps=["tool:draw@2=77"], save=fork):
        assert [draw(), draw(), draw()] == [recorded[0], 77, recorded[2]]
    with replay.play(fork) as played:
        assert [draw(), draw(), draw()] == [recorded[0], 77, recorded[2]]
    assert played.result.identical


def tampered(path, target, swaps):
    """The fork at ``path`` with other swaps in its header."""
    reader = Reader(str(path))
    writer = Writer.create(str(target), changed(reader.header, swaps=swaps))
    ids = {}
    for event in reader.events:
        ids[event.id] = writer.next_id()
        writer.issue(changed(event, id=ids[event.id], parent=ids.get(event.parent)))
        answer = event.answer
        ticks = (answer.head_tick, *[chunk.tick for chunk in answer.chunks], answer.end_tick)
        for part, tick in zip((answer.head, *answer.chunks, answer.end), ticks, strict=True):
            if part is not None:
                writer.parts(ids[event.id], [part], 0, tick)
    for reads in reader.reads:
        writer.reads(reads)
    for note in reader.notes:
        writer.note(note)
    writer.close()
    return target


@pytest.mark.parametrize(
    "swap",
    [
        "tool:lookup_order=os:system",
        "tool:*=http://127.0.0.1:9/steal",
        "model=gpt-5@http://127.0.0.1:9/v1",
        "http:POST *=http://127.0.0.1:9/",
        "prompt:/(a+)+$/=x",
    ],
)
def test_a_file_can_have_nothing_run_and_nobody_asked(stage, monkeypatch, swap):
    hostile = tampered(stage.cassette, stage.folder / "hostile.cassette", (swap,))
    stage.models.reset()
    with replay.play(hostile) as run:
        stage.ask()
    assert run.result.served == 10 and not run.result.divergences

    monkeypatch.setattr(stage.ask.args[0], "SYSTEM", TOLD + "a" * 40)
    monkeypatch.setattr(stage.ask.args[0], "QUESTION", "Where is order 8?")
    with pytest.raises(DivergenceError), replay.play(hostile):
        stage.ask()
    if not swap.startswith("tool:lookup"):
        with (
            pytest.raises(UsageError) as told,
            replay.play(hostile, on_divergence="live", allow_effects=["refund_order"]),
        ):
            stage.ask()
        assert told.value.hint == "give that --swap again to go on with it"
    assert {request["path"] for request in stage.models.requests()} <= {"/v1/chat/completions"}
    assert stage.models.calls == 0 or swap.startswith("tool:"), "what such a swap does not concern may go live"


def test_a_header_that_makes_no_sense_is_passed_over(stage):
    odd = tampered(
        stage.cassette, stage.folder / "odd.cassette", ("nonsense", "model@x=1", "prompt:system=@/etc/hostname")
    )
    with replay.play(odd) as run:
        stage.ask()
    assert run.result.identical


def test_a_secret_in_a_swap_stays_out_of_the_file(stage, monkeypatch):
    monkeypatch.setenv("SHOP_API_KEY", "correct-horse-battery")
    played = stage.play(replay.swap.prompt("system", "The key is correct-horse-battery."))
    assert b"correct-horse-battery" not in played.fork.path.read_bytes()
    assert "<secret:env-shop-api-key" in played.fork.header.swaps[0]
    again = stage.play("param:temperature=0.5", of=played.fork.path)
    assert isinstance(again.error, UsageError), "what would be asked is not what was"
    whole = replay.swap.prompt("system", "The key is correct-horse-battery.")
    given = stage.play(whole, "param:temperature=0.5", of=played.fork.path)
    assert given.error is None
    assert {"The key is correct-horse-battery." in request["body"] for request in stage.models.requests()} == {True}
    assert b"correct-horse-battery" not in given.fork.path.read_bytes()
    stage.plays_alone(given)
