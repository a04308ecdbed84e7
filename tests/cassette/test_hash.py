"""The event hash tells runs apart by what happened, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from replay.cassette.hash import event_hash
from replay.events import Answer, Chunk, End, Event, Failure, Head, Request

ONE = Event(
    id=0,
    request=Request("http", "POST", "http://host/ask", body=b"1"),
    lineage="0/a1",
    tick=0,
    fingerprint=b"1" * 16,
    answer=Answer(Head(200), 5, 2, (Chunk(b"one", 6, 3),), End(), 7, 4),
)
OTHER = replace(ONE, id=1, lineage="0/a2", tick=1, answer=Answer(Head(200), 5, 5, (Chunk(b"two", 6, 6),), End(), 7, 7))
RUN = [ONE, OTHER]


def test_when_where_from_and_under_which_id_take_no_part() -> None:
    answer = replace(OTHER.answer, head_at=50, end_at=70, chunks=(Chunk(b"two", 60, 6),))
    later = replace(OTHER, id=9, at=40, where="x.py:1", origin="served", parent=3, answer=answer)
    assert event_hash([later, ONE], {"a": 1, "b": 2}) == event_hash(RUN, {"b": 2, "a": 1})


@pytest.mark.parametrize(
    "changed",
    [
        replace(OTHER, lineage="0/a3"),
        replace(OTHER, number=1),
        replace(OTHER, fingerprint=b"2" * 16),
        replace(OTHER, tick=8),
        replace(OTHER, answer=None),
        replace(OTHER, answer=replace(OTHER.answer, head=Head(429))),
        replace(OTHER, answer=replace(OTHER.answer, head_tick=6, chunks=(Chunk(b"two", 6, 5),))),
        replace(OTHER, answer=replace(OTHER.answer, chunks=(Chunk(b"tw", 6, 6), Chunk(b"o", 6, 6)))),
        replace(OTHER, answer=replace(OTHER.answer, end=End("closed"))),
        replace(OTHER, answer=replace(OTHER.answer, end=End("broken", Failure("ReadError", "gone")))),
    ],
)
def test_another_task_request_answer_ending_or_order_is_another_hash(changed: Event) -> None:
    assert event_hash([ONE, changed]) != event_hash(RUN)


def test_another_output_is_another_hash() -> None:
    assert event_hash(RUN, 1) != event_hash(RUN, 2)


def test_the_schedules_of_two_processes_are_not_compared() -> None:
    child = replace(OTHER, lineage="0/p1")
    later = replace(child, tick=11, answer=Answer(Head(200), 5, 15, (Chunk(b"two", 6, 16),), End(), 7, 17))
    assert event_hash([ONE, child]) == event_hash([ONE, later])


def test_what_the_body_of_a_tool_asked_takes_no_part() -> None:
    assert event_hash([*RUN, replace(ONE, id=2, lineage="0/c0", tick=9)]) == event_hash(RUN)
