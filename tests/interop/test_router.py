"""A cassette as a router of respx."""

from __future__ import annotations

import gzip

import httpx
import pytest
import respx

import replay
from tests.interop.making import URL, kept, record, vcr_text


def router(tmp_path, *records, **options):
    return replay.open(kept(tmp_path, vcr_text(*records)).path).respx_router(**options)


def test_code_on_httpx_is_answered_as_recorded(tmp_path):
    told = record("hello", status=201, headers={"X-Request-Id": ["a"], "Via": ["1", "2"]})
    with router(tmp_path, told):
        answer = httpx.get(URL)
    assert (answer.status_code, answer.text, answer.reason_phrase) == (201, "hello", "OK")
    assert answer.headers.multi_items() == [("via", "1"), ("via", "2"), ("x-request-id", "a")]


async def test_the_async_client_is_answered_too(tmp_path):
    with router(tmp_path, record("hello")):
        async with httpx.AsyncClient() as client:
            assert (await client.get(URL)).text == "hello"


def test_equal_requests_get_their_answers_in_order_and_no_more(tmp_path):
    with router(tmp_path, record("a"), record("b")) as made:
        assert [httpx.get(URL).text for _ in range(2)] == ["a", "b"]
        with pytest.raises(respx.models.AllMockedAssertionError):
            httpx.get(URL)
        assert len(made.routes) == 1


def test_requests_are_told_apart_as_a_replay_does(tmp_path):
    told = [record(text, method="POST", uri=f"{URL}?a=1&b=2", body=f'{{"x": "{text}", "y": 1}}') for text in "pq"]
    with router(tmp_path, *[{**each, "request": {**each["request"], "headers": JSON}} for each in told]):
        assert httpx.post(f"{URL}?b=2&a=1", json={"y": 1, "x": "q"}).text == "q"
        assert httpx.post(f"{URL}?b=2&a=1", json={"y": 1, "x": "p"}).text == "p"


JSON = {"Content-Type": ["application/json"]}


def test_a_request_that_nobody_made_fails_the_test(tmp_path):
    with pytest.raises(AssertionError), router(tmp_path, record("a"), record("b", uri=f"{URL}/2")):
        httpx.get(URL)
    with router(tmp_path, record("a"), record("b", uri=f"{URL}/2"), assert_all_called=False):
        httpx.get(URL)


def test_packed_bodies_are_unpacked_by_the_client(tmp_path):
    told = [record(body, headers={"Content-Encoding": ["gzip"]}) for body in (gzip.compress(b"hello"), "hello")]
    with router(tmp_path, *told):
        assert [httpx.get(URL).text for _ in range(2)] == ["hello", "hello"]


def test_a_recorded_failure_is_raised_again(tmp_path):
    with replay.record(tmp_path / "own.cassette"), pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:9/")
    with replay.open(tmp_path / "own.cassette").respx_router(), pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:9/")
