"""What is no part of a run: in-process applications, telemetry, hosts let through; and when taps attach."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

import replay
from tests.sdk import openai_agents
from tests.sdk.stage import World, check, no_connections, play, record


async def _hello(request: Request) -> JSONResponse:
    return JSONResponse({"said": request.url.path})


APP = Starlette(routes=[Route("/hello", _hello)])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # which of the two httpx a TestClient should be
async def test_in_process_applications_run_and_are_not_recorded(tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    async def visit() -> list[Any]:
        mock = httpx.MockTransport(lambda request: httpx.Response(200, json={"said": request.url.path}))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://app") as client:
            seen = [(await client.get("/hello")).json()]
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(APP), base_url="http://app") as client:
            seen.append((await client.get("/hello")).json())
        with httpx.Client(transport=mock, base_url="http://app") as client, TestClient(APP) as tester:
            return [*seen, client.get("/hello").json(), tester.get("/hello").json()]

    with replay.record(tmp_path / "run.cassette") as run:
        openai_agents.run_tool("delivery_estimate", {"city": "Porto"})
        assert await visit() == [{"said": "/hello"}] * 4
    assert run.result.recorded == 1
    with no_connections(), replay.play(tmp_path / "run.cassette") as run:
        openai_agents.run_tool("delivery_estimate", {"city": "Porto"})
        assert await visit() == [{"said": "/hello"}] * 4
    assert run.result.identical


class Lines(httpx.BaseTransport):
    """A transport of the program's own, which stands for the network here: it notes what is sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(str(request.url))
        return httpx.Response(200, json={"ok": True})


class Reading(httpx.HTTPTransport):
    """As a cache or a retry does it: reads the response before the client does."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        response.read()
        return response


def test_a_response_that_its_transport_has_read_already_is_kept_whole(world: World) -> None:
    def agent(world: World) -> Any:
        with httpx.Client(transport=Reading(), base_url=world.web.url) as client:
            return client.get("/json").json(), client.get("/lines").text

    assert check(agent, world)[0] == {"ok": True}


@pytest.mark.parametrize(
    "url",
    [
        "https://api.smith.langchain.com/runs/batch",
        "https://us.i.posthog.com/capture/",
        "https://o1.ingest.sentry.io/api/1/envelope/",
        "https://api.openai.com/v1/traces/ingest",
        "http://collector:4318/v1/traces",
    ],
)
def test_telemetry_is_sent_while_recording_only_and_counted(url, tmp_path: Path) -> None:
    network = Lines()

    def agent() -> int:
        with httpx.Client(transport=network) as client:
            assert client.get("https://api.example.com/answer").json() == {"ok": True}
            return client.post(url, json={"trace": 1}).status_code

    with replay.record(tmp_path / "run.cassette") as run:
        assert agent() == 200
    assert list(run.result.ignored.values()) == [1]
    assert network.sent == ["https://api.example.com/answer", url]
    with replay.play(tmp_path / "run.cassette") as run:
        assert agent() == 202
    assert list(run.result.ignored.values()) == [1]
    assert run.result.identical
    assert len(network.sent) == 2
    assert [event.request.target for event in replay.open(tmp_path / "run.cassette").events] == [
        "https://api.example.com/answer"
    ]


def _report_and_ask(world: World) -> Any:
    with httpx.Client() as client:
        client.post(f"{world.web.url}/upload", json={"trace": 1})
    return openai_agents.chat(world)


def test_an_ignored_host_hears_nothing_from_a_replay(world: World) -> None:
    ours = f"127.0.0.1:{world.web.port}"
    with replay.record(world.cassette, ignore_hosts=[ours]) as run:
        recorded = _report_and_ask(world)
    assert (run.result.recorded, run.result.ignored, len(world.web.requests)) == (3, {ours: 1}, 1)
    with no_connections(), replay.play(world.cassette, ignore_hosts=[ours]) as run:
        assert _report_and_ask(world) == recorded
    assert (run.result.served, run.result.ignored, len(world.web.requests)) == (3, {ours: 1}, 1)
    assert run.result.identical


def test_an_allowed_host_is_reached_for_real_in_a_replay(world: World) -> None:
    ours = f"127.0.0.1:{world.web.port}"
    with replay.record(world.cassette, ignore_hosts=[ours]):
        recorded = _report_and_ask(world)
    world.door.shut()
    with replay.play(world.cassette, allow_hosts=[ours]) as run:
        assert _report_and_ask(world) == recorded
    assert run.result.identical
    assert len(world.web.requests) == 2


def test_a_client_made_before_the_session_works_in_it_and_after_it(world: World) -> None:
    with openai_agents.client(world) as client, httpx.Client() as plain:

        def agent(world: World) -> Any:
            return client.chat.completions.create(**openai_agents.CHAT).id, plain.get(f"{world.url}/orders/7").json()

        first = client.chat.completions.create(**openai_agents.CHAT).id
        recorded = record(agent, world)
        connections = world.door.connections
        assert play(agent, world)[0] == recorded
        assert world.door.connections == connections
        last = client.chat.completions.create(**openai_agents.CHAT).id
        assert len({first, recorded[0], last}) == 3
        assert world.models.calls == 4
    check(lambda world: openai_agents.chat(world), world)


ORDERS = {
    "imported before the session": "import {library}\nimport replay\nwith {session} as run:\n    {call}\n",
    "imported in the session": "import replay\nwith {session} as run:\n    import {library}\n    {call}\n",
}
CALLS = {
    "httpx": "httpx.get(URL)",
    "httpx2": "httpx2.get(URL)",
    "requests": "requests.get(URL)",
    "urllib.request": "urllib.request.urlopen(URL).close()",
    "aiohttp": "import asyncio; asyncio.run(go())",
}
AIOHTTP = """
async def go():
    async with aiohttp.ClientSession() as session, session.get(URL) as response:
        await response.read()
"""


@pytest.mark.parametrize("order", ORDERS)
def test_a_library_is_tapped_whenever_it_is_imported(order, world: World) -> None:
    """Each library in a process of its own would cost a second each: all of them in one, one session each."""
    script = [f"URL = {world.url + '/orders/7'!r}", AIOHTTP]
    for library, call in CALLS.items():
        path = world.cassette.with_name(f"{library}.cassette")
        for session, seen in (("record", "recorded"), ("play", "served")):
            opened = f"replay.{session}({str(path)!r})"
            script.append(ORDERS[order].format(library=library, session=opened, call=call))
            script.append(f"assert run.result.{seen} == 1, ({library!r}, run.result)\n")
    subprocess.run([sys.executable, "-c", "\n".join(script)], check=True, timeout=60)
    assert world.models.calls == len(CALLS)
