"""Redaction changes nothing for the program: neither while recording nor on replay."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
import requests
import zstandard

import replay
from tests.secrets.carriers import CARRIERS, Carrier
from tests.secrets.planting import KINDS, Seeds
from tests.secrets.searching import everything
from tests.taps.server import CHUNKED, LAST, Server, answer, chunk, head, serving

JSON = "Content-Type: application/json"
SECRET = "sk-" + "proj-" + "aB3d" * 9
PASSWORD = "tr0ub4dor&3-and-more"


def both(tmp_path: Path, agent: Callable[[str], Any], script: Callable[[Server], Any]) -> tuple[Any, Any]:
    """What ``agent(url)`` gives when it is recorded and when it is replayed without a server."""
    path = tmp_path / "run.cassette"
    with serving() as server:
        script(server)
        with replay.record(path):
            recorded = agent(server.url)
    with replay.play(path) as run:
        replayed = agent(server.url)
    assert run.result.identical
    return recorded, replayed


def test_an_oauth_flow_replays(tmp_path: Path) -> None:
    """Tokens that came in an answer are sent in headers, forms, addresses and bodies, and refreshed."""
    first, second, refresh = (Seeds(number).of(40) for number in range(3))

    def script(server: Server) -> None:
        server.on("/authorize?client_id=app&state=s1", answer(b"", "Location: /cb?code=c0de&state=s1", status="302 F"))
        said = {"access_token": first, "refresh_token": refresh, "token_type": "Bearer", "expires_in": 3600}
        again = {"access_token": second, "token_type": "Bearer", "expires_in": 3600}
        server.on("/token", answer(json.dumps(said).encode(), JSON, f"Set-Cookie: sid={first[::-1]}; Path=/"))
        server.on("/token", answer(json.dumps(again).encode(), JSON))
        server.on("/me", answer(b'{"name": "Ada"}', JSON))
        server.on("/me", answer(b'{"error": "expired"}', JSON, status="401 Unauthorized"))
        server.on("/me", answer(b'{"name": "Ada Lovelace"}', JSON))
        for _ in range(2):
            server.on("/introspect", answer(b'{"active": true}', JSON))

    def agent(url: str) -> list[Any]:
        with httpx.Client(base_url=url) as client:
            place = client.get("/authorize", params={"client_id": "app", "state": "s1"}).headers["location"]
            form = {"grant_type": "authorization_code", "code": place[9:13], "client_secret": PASSWORD}
            tokens = client.post("/token", data=form).json()
            bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
            seen = [client.get("/me", headers=bearer).json(), client.get("/me", headers=bearer).status_code]
            client.post("/introspect", data={"token": tokens["access_token"]})
            client.post("/introspect", json={"token": tokens["access_token"], "and": {"it": tokens["refresh_token"]}})
            form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_secret": PASSWORD}
            fresh = client.post("/token", data=form).json()
            bearer = {"Authorization": f"Bearer {fresh['access_token']}"}
            return [*seen, client.get("/me", headers=bearer).json(), fresh["expires_in"]]

    recorded, replayed = both(tmp_path, agent, script)
    assert recorded == replayed == [{"name": "Ada"}, 401, {"name": "Ada Lovelace"}, 3600]
    found = everything(tmp_path / "run.cassette")
    assert not [secret for secret in (first, second, refresh, PASSWORD) if secret.encode() in found]


def test_a_key_that_the_program_sent_is_put_back_where_it_is_echoed(tmp_path: Path) -> None:
    said = json.dumps({"key": SECRET, "message": f"Incorrect API key: {SECRET}", "other": SECRET.replace("a", "z")})

    def agent(url: str) -> Any:
        reply = httpx.get(f"{url}/me", headers={"X-Api-Key": SECRET}).json()
        return reply["key"] == SECRET, SECRET in reply["message"], reply["other"] == SECRET.replace("a", "z")

    recorded, replayed = both(tmp_path, agent, lambda server: server.on("/me", answer(said.encode(), JSON)))
    assert recorded == (True, True, True)
    assert replayed == (True, True, False)  # the program never sent the other one: it is not known any more


def test_another_key_than_the_recorded_one_is_put_back_where_that_was(tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    now = SECRET.replace("a", "q")

    def agent(url: str, key: str) -> Any:
        return httpx.post(f"{url}/me", json={"api_key": key}).json()

    with serving() as server:
        server.on("/me", answer(json.dumps({"yours": SECRET}).encode(), JSON))
        with replay.record(path):
            agent(server.url, SECRET)
    with replay.play(path) as run:
        assert agent(server.url, now) == {"yours": now}
    assert run.result.identical


def test_what_was_put_back_is_not_in_a_fork(tmp_path: Path) -> None:
    said = json.dumps({"you": PASSWORD, "a": "x"}).encode()
    fork = tmp_path / "fork.cassette"

    def agent(url: str) -> Any:
        return httpx.post(f"{url}/login", json={"password": PASSWORD}).json()

    with serving() as server:
        server.on("/login", answer(said, JSON, f"X-Echo: {PASSWORD}"))
        with replay.record(tmp_path / "run.cassette"):
            agent(server.url)
    with replay.play(tmp_path / "run.cassette", save=fork):
        assert agent(server.url) == {"you": PASSWORD, "a": "x"}
    assert PASSWORD.encode() not in everything(fork)
    with replay.play(fork) as run:
        assert agent(server.url)["you"] == PASSWORD
    assert run.result.identical


PACKERS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize(
    ("get", "coding"),
    [*[(httpx.get, coding) for coding in PACKERS], *[(requests.get, coding) for coding in ("gzip", "deflate", "br")]],
)
def test_a_compressed_body_with_a_secret_comes_back_packed_and_of_the_length_it_says(get, coding, tmp_path) -> None:
    plain = json.dumps({"text": "x" * 500, "token": SECRET, "rest": list(range(300))}).encode()
    body = PACKERS[coding](plain)

    def agent(url: str) -> Any:
        reply = get(f"{url}/it", headers={"Accept-Encoding": coding})
        assert reply.headers["content-encoding"] == coding
        return reply.json()

    def script(server: Server) -> None:
        server.on("/it", answer(body, JSON, f"Content-Encoding: {coding}"))

    recorded, replayed = both(tmp_path, agent, script)
    assert recorded == json.loads(plain)
    assert {**replayed, "token": SECRET} == recorded
    assert replayed["token"].startswith("<secret:")
    assert SECRET.encode() not in everything(tmp_path / "run.cassette")


@pytest.mark.parametrize("coding", PACKERS)
def test_a_compressed_body_without_a_secret_comes_back_byte_for_byte(coding, tmp_path) -> None:
    body = PACKERS[coding](json.dumps({"text": "x" * 500}).encode())
    pieces = [body[:7], body[7:20], body[20:]]

    def agent(url: str) -> Any:
        with httpx.stream("GET", f"{url}/it") as response:
            return list(response.iter_raw())

    def script(server: Server) -> None:
        fields = (JSON, f"Content-Encoding: {coding}", CHUNKED)
        server.on("/it", head(*fields), *map(chunk, pieces), LAST)

    recorded, replayed = both(tmp_path, agent, script)
    assert recorded == replayed
    assert b"".join(replayed) == body


def test_a_compressed_stream_keeps_its_pace_behind_a_secret(tmp_path) -> None:
    """What comes before the secret was kept as it came: both halves are one body again."""
    lines = [
        json.dumps({"n": number, "password": PASSWORD if number == 5 else ""}).encode() + b"\n" for number in range(9)
    ]
    packer = zlib.compressobj(wbits=31)
    pieces = [packer.compress(line) + packer.flush(zlib.Z_SYNC_FLUSH) for line in lines]
    pieces[-1] += packer.flush()

    def agent(url: str) -> Any:
        with httpx.stream("GET", f"{url}/it") as response:
            return list(response.iter_bytes())

    def script(server: Server) -> None:
        fields = ("Content-Type: application/x-ndjson", "Content-Encoding: gzip", CHUNKED)
        server.on("/it", head(*fields), *map(chunk, pieces), LAST)

    recorded, replayed = both(tmp_path, agent, script)
    assert b"".join(recorded) == b"".join(lines)
    assert len(replayed) == 9
    assert b"".join(replayed) == b"".join(lines).replace(PASSWORD.encode(), b"<secret:password:1>")


def test_lengths_and_checksums_are_those_of_the_body_that_comes(tmp_path: Path) -> None:
    body = json.dumps({"token": SECRET}).encode()
    checksum = base64.b64encode(hashlib.md5(body).digest()).decode()

    def agent(url: str) -> Any:
        reply = httpx.get(f"{url}/it")
        assert int(reply.headers["content-length"]) == len(reply.content)
        assert reply.headers["content-md5"] == base64.b64encode(hashlib.md5(reply.content).digest()).decode()
        return reply.headers.get("digest")

    def script(server: Server) -> None:
        server.on("/it", answer(body, JSON, f"Content-MD5: {checksum}", "Digest: sha-512=abc"))

    assert both(tmp_path, agent, script) == ("sha-512=abc", None)
    assert checksum.encode() not in everything(tmp_path / "run.cassette")


@pytest.mark.parametrize("carrier", CARRIERS, ids=lambda carrier: carrier.__name__)
def test_a_run_with_secrets_in_it_replays(carrier: Carrier, tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    seeds = Seeds(7)
    planted = [make(seeds) for make in KINDS]

    def agent(server: Server) -> None:
        with httpx.Client() as client:
            for each in planted:
                carrier(server, client, each)

    with serving() as server, replay.record(path):
        agent(server)
    with replay.play(path) as run:
        agent(server)
    assert run.result.identical
