from __future__ import annotations

from replay.canon.redact import Redactor
from replay.cassette import Reader, Writer
from replay.engine.answers import LATE, MANY, Answers
from replay.events import End, Event, Head, Header, Request

SECOND = 1_000_000_000
STREAM = Head(200, headers=(("content-type", "text/plain"),))


def kept(path):
    (event,) = Reader(str(path)).events
    return [chunk.data for chunk in event.answer.chunks]


def begun(path):
    writer = Writer.create(str(path), Header("0" * 32, 1, "0.1.0"))
    id = writer.next_id()
    writer.issue(Event(id, Request("http", "GET", "http://x/"), "0", 0, 0, 0, None, b"m" * 16, "a.py:1", "recorded"))
    answers = Answers(Redactor({}), writer)
    answers.part(id, STREAM, SECOND, 1)
    return answers, writer, id


def test_a_chunk_that_comes_slowly_is_on_disk_before_the_next_one_comes(tmp_path):
    answers, _, id = begun(tmp_path / "run.cassette")
    for number in range(3):
        answers.chunk(id, b"line %d\n" % number, (number + 2) * SECOND, number + 2)
        assert len(kept(tmp_path / "run.cassette")) == number + 1


def test_chunks_that_come_quickly_are_all_kept_in_their_order_each_with_its_time(tmp_path):
    answers, writer, id = begun(tmp_path / "run.cassette")
    sent = [b"line %d\n" % number for number in range(3 * MANY + 5)]
    for number, data in enumerate(sent):
        answers.chunk(id, data, 2 * SECOND + number * LATE // 1000, number + 2)
    answers.part(id, End(), 3 * SECOND, len(sent) + 2)
    writer.close()
    (event,) = Reader(str(tmp_path / "run.cassette")).events
    assert [(chunk.data, chunk.at, chunk.tick) for chunk in event.answer.chunks] == [
        (data, 2 * SECOND + number * LATE // 1000, number + 2) for number, data in enumerate(sent)
    ]


def test_what_waits_when_the_session_ends_is_kept(tmp_path):
    answers, writer, id = begun(tmp_path / "run.cassette")
    for number in range(5):
        answers.chunk(id, b"line %d\n" % number, 2 * SECOND + number, number + 2)
    answers.close()
    writer.close()
    assert len(kept(tmp_path / "run.cassette")) == 5
