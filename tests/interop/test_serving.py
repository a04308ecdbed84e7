"""An imported cassette serves each real client the status, the header fields and the body of the file."""

from __future__ import annotations

import asyncio
import gzip
import threading
import urllib.request
import zlib

import aiohttp
import brotli
import httpx
import pytest

import replay
from replay.errors import DivergenceError
from tests.interop.asking import CLIENTS, by_name, wanted
from tests.interop.making import URL, entry, har_text, kept, played, read, record, vcr_text

JSON = {"Content-Type": ["application/json"]}
PACKED = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}
"""Codings that each of the clients reads."""
TEXT = '{"choices": [{"message": {"content": "é"}}]}'

ANSWERS = {
    "text": record(TEXT, headers=JSON),
    "nothing": record("", status=204, headers={}),
    "binary": record(b"\x00\xff\xfe", headers={"Content-Type": ["audio/mpeg"]}),
    "an error": record("no", status=529, headers={"Retry-After": ["1"]}),
    "repeated fields": record("x", headers={"Via": ["1.1 a", "1.1 b"], "vary": ["Accept"]}),
    "a field beyond ASCII": record("x", headers={"Content-Disposition": ["inline; filename=é.txt"]}),
    "chunked": record("x" * 9, headers={"Transfer-Encoding": ["chunked"], **JSON}),
    "a redirect": record("", status=307, headers={"Location": ["https://api.example.com/elsewhere"]}),
    "a length": record("hello", headers={"Content-Length": ["5"]}),
    "a length that is too small": record("hello", headers={"Content-Length": ["3"]}),
    "a length that is too large": record("hello", headers={"content-length": ["7"]}),
    "no answer to HEAD": record("", method="HEAD", headers={"Content-Length": ["7"]}),
    "a stream": record("data: {}\n\ndata: [DONE]\n\n", headers={"Content-Type": ["text/event-stream"]}),
    "an unknown coding": record("hello", headers={"Content-Encoding": ["x-own"]}),
    "parsed": {"request": record()["request"], "response": {"parsed_body": {"a": "é"}, "headers": JSON}},
    **{
        f"packed by {coding}": record(pack(TEXT.encode()), headers={"Content-Encoding": [coding], **JSON})
        for coding, pack in PACKED.items()
    },
    **{
        f"{coding}, unpacked in the file": record(TEXT, headers={"Content-Encoding": [coding], **JSON})
        for coding in PACKED
    },
    "nothing, packed": record("", headers={"Content-Encoding": ["gzip"]}),
}  # fmt: skip


@pytest.mark.parametrize("client", CLIENTS)
def test_what_stood_in_the_file_is_what_a_program_sees(client, tmp_path):
    text = vcr_text(
        *[{**told, "request": {**told["request"], "uri": f"{URL}/{n}"}} for n, told in enumerate(ANSWERS.values())]
    )
    imported = read(tmp_path, text)
    kept(tmp_path, text)
    seen, result = played(str(tmp_path / "made.cassette"), imported.events, client)
    for name, event, one in zip(ANSWERS, imported.events, seen, strict=True):
        expected = wanted(event)
        assert (one.status, one.body) == (expected.status, expected.body), name
        ours, theirs = by_name(one.headers), by_name(expected.headers)
        assert ours == theirs, name
    assert result.identical
    assert result.served == len(ANSWERS)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_entries_of_a_har_file_are_served(client, tmp_path):
    text = har_text(
        entry("one", headers=[("Content-Encoding", "br"), ("Content-Type", "text/plain")]),
        entry("two", headers=[("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")]),
    )
    kept(tmp_path, text, "x.har")
    seen, result = played(str(tmp_path / "made.cassette"), read(tmp_path, text, "x.har").events, client)
    assert [one.body for one in seen] == [b"one", b"two"]
    assert result.identical


def test_urllib_is_served_too(tmp_path):
    kept(tmp_path, vcr_text(record("hello", headers={"Content-Length": ["3"]})))
    with replay.play(tmp_path / "made.cassette") as run, urllib.request.urlopen(URL) as answer:
        assert (answer.read(), answer.headers["content-length"]) == (b"hello", "3")
    assert run.result.identical


def test_equal_requests_are_answered_in_the_order_of_the_file(tmp_path):
    kept(tmp_path, vcr_text(record("a"), record("other", uri=f"{URL}/2"), record("b"), record("c")))
    with replay.play(tmp_path / "made.cassette") as run:
        assert [httpx.get(URL).text for _ in range(3)] == ["a", "b", "c"]
        assert httpx.get(f"{URL}/2").text == "other"
    assert run.result.identical


async def test_tasks_and_threads_ask_as_they_please(tmp_path):
    kept(tmp_path, vcr_text(*[record(str(n), uri=f"{URL}/{n}") for n in range(12)]))
    found: dict[int, str] = {}

    async def ask(session, number):
        await asyncio.sleep(0)
        async with session.get(f"{URL}/{number}") as answer:
            found[number] = await answer.text()

    def by_thread(number):
        found[number] = httpx.get(f"{URL}/{number}").text

    with replay.play(tmp_path / "made.cassette") as run:
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*[ask(session, number) for number in reversed(range(6))])
        threads = [threading.Thread(target=by_thread, args=(number,)) for number in range(11, 5, -1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == {number: str(number) for number in range(12)}
    assert run.result.identical


def test_a_stream_may_be_left_early(tmp_path):
    kept(tmp_path, vcr_text(record("data: 1\n\ndata: [DONE]\n\n")))
    with replay.play(tmp_path / "made.cassette") as run, httpx.stream("GET", URL) as answer:
        assert next(answer.iter_lines()) == "data: 1"
    assert run.result.identical


def test_sleeps_timeouts_tools_and_the_clock_are_the_programs_own(tmp_path):
    kept(tmp_path, vcr_text(record("a"), record("b")))
    ran = []

    @replay.tool(effect="read")
    def look():
        ran.append(1)
        return httpx.get(URL).text

    async def within():
        async with asyncio.timeout(30), httpx.AsyncClient() as client:
            await asyncio.sleep(0.001)
            return (await client.get(URL)).text

    with replay.play(tmp_path / "made.cassette") as run:
        assert look() == "a"
        assert asyncio.run(within()) == "b"
    assert ran == [1]
    assert run.result.identical
    assert not run.result.live


def test_a_tool_with_effects_does_not_run(tmp_path):
    kept(tmp_path, vcr_text(record("a")))

    @replay.tool(effect="write")
    def send():
        raise AssertionError("it ran")

    with pytest.raises(DivergenceError), replay.play(tmp_path / "made.cassette"):
        send()


def test_a_request_that_is_not_there_is_a_divergence(tmp_path):
    kept(tmp_path, vcr_text(record("a")))
    with pytest.raises(DivergenceError), replay.play(tmp_path / "made.cassette") as run:
        httpx.get(f"{URL}/else")
    assert run.result.divergences
    assert run.result.unused == [0]


def test_telemetry_that_was_recorded_is_served_and_other_telemetry_is_let_pass(tmp_path):
    recorded = "https://api.openai.com/v1/traces/ingest"
    kept(tmp_path, vcr_text(record("kept", method="POST", uri=recorded, status=204)))
    with replay.play(tmp_path / "made.cassette") as run:
        assert httpx.post(recorded).status_code == 204
        httpx.post("https://us.i.posthog.com/batch/", content=b"{}")
    assert run.result.identical
    assert run.result.served == 1


def test_a_fork_of_an_import_can_be_played(tmp_path):
    kept(tmp_path, vcr_text(record("a"), record("b", uri=f"{URL}/2")))
    fork = tmp_path / "fork.cassette"
    with replay.play(tmp_path / "made.cassette", save=fork, swaps=[replay.swap.response(1, "swapped")]):
        first = [httpx.get(URL).text, httpx.get(f"{URL}/2").text]
    with replay.play(fork) as run:
        assert [httpx.get(URL).text, httpx.get(f"{URL}/2").text] == first
    assert first[1] == "b"
    assert run.result.identical
