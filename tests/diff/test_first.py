from __future__ import annotations

from dataclasses import replace

from replay.diff.first import first_difference
from replay.events import Answer, Chunk, End, Event, Head, Note, Request
from tests.diff.runs import cassette, chat, said


def step(id: int, word: str, answer: str = "{}", *, lineage: str = "0", number: int | None = None) -> Event:
    """An exchange whose issue, head, chunk and end follow each other."""
    tick = id * 10
    came = Answer(Head(200), 0, tick + 1, (Chunk(answer.encode(), 0, tick + 2),), End(), 0, tick + 3)
    request, place = chat(said("user", word)), id if number is None else number
    fingerprint = word.encode().ljust(16, b".")
    return Event(id, request, lineage, place, 0, tick, None, fingerprint, f"agent.py:{id}", answer=came)


def span(id: int, number: int) -> Event:
    return Event(id, Request("span", "enter", "planner"), "0", number, 0, id * 10, answer=Answer(end=End()))


RUN = (step(0, "one"), step(1, "two", '{"n": 1}'), step(2, "three"))


def test_equal_runs_have_none_whatever_the_ticks_are_called():
    earlier = [replace(event, tick=event.tick - 1) for event in RUN]
    assert first_difference(cassette(*RUN), cassette(*earlier)) is None


def test_a_changed_request_is_shown_field_by_field():
    found = first_difference(cassette(*RUN), cassette(RUN[0], step(1, "TWO", '{"n": 1}'), RUN[2]))
    assert (found.step, found.lineage, found.where) == (2, "0", "agent.py:1")
    (change,) = found.changes
    assert (change.path, change.before, change.after) == ("request.messages[0].content", "two", "TWO")


def test_a_changed_answer_is_shown_field_by_field():
    found = first_difference(cassette(*RUN), cassette(RUN[0], step(1, "two", '{"n": 2}'), RUN[2]))
    assert found.step == 2
    assert "got another answer" in found.said
    assert [(change.path, change.before, change.after) for change in found.changes] == [("response.body.n", 1, 2)]


def test_the_same_bytes_in_other_pieces_are_told():
    event = RUN[1]
    pieces = (Chunk(b'{"n":', 0, 12), Chunk(b" 1}", 0, 12))
    found = first_difference(
        cassette(*RUN), cassette(RUN[0], replace(event, answer=replace(event.answer, chunks=pieces)), RUN[2])
    )
    assert (found.step, found.changes) == (2, ())
    assert "in other pieces" in found.said


def test_a_step_that_is_gone_and_one_too_many_are_named():
    gone = first_difference(cassette(*RUN), cassette(*RUN[:2]))
    assert (gone.step, gone.said.rpartition(" ")[0].endswith("does not")) == (3, True)
    new = first_difference(cassette(*RUN[:2]), cassette(*RUN))
    assert (new.step, new.said.endswith("was not recorded")) == (3, True)


def test_two_steps_that_changed_places_are_told_as_such():
    here, there = step(0, "x", lineage="0/a1", number=0), step(1, "y", lineage="0/a2", number=0)
    swapped = [replace(here, tick=10), replace(there, tick=0)]
    found = first_difference(cassette(here, there), cassette(*swapped))
    assert "comes at another point" in found.said
    assert found.changes[0].before == "issue of step 1 by task 0/a1"
    assert found.changes[0].after == "issue of step 2 by task 0/a2"


def test_spans_are_no_difference():
    before = (span(0, 0), step(1, "one", number=1))
    assert first_difference(cassette(*before), cassette(step(0, "one", number=0))) is None


def test_another_output_is_a_difference():
    recorded, replayed = cassette(*RUN), cassette(*RUN)
    recorded.notes.append(Note("output", {"refund": 1}))
    replayed.notes.append(Note("output", {"refund": 2}))
    found = first_difference(recorded, replayed)
    assert [(change.path, change.before, change.after) for change in found.changes] == [("output[0].refund", 1, 2)]
