"""Every kind of secret in every carrier: none is on the disk, however one looks, and the run replays."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

import replay
from tests.secrets.carriers import CARRIERS, Carrier
from tests.secrets.planting import KINDS, Planted, Seeds
from tests.secrets.searching import everything
from tests.taps.server import Server, serving


def plants(carrier: Carrier) -> list[Planted]:
    seeds = Seeds(CARRIERS.index(carrier))
    return [make(seeds) for make in KINDS]


def agent(server: Server, carrier: Carrier) -> None:
    with httpx.Client() as client:
        for planted in plants(carrier):
            carrier(server, client, planted)


@pytest.mark.parametrize("carrier", CARRIERS, ids=lambda carrier: carrier.__name__)
def test_no_planted_secret_is_on_the_disk(carrier: Carrier, tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    with serving() as server, replay.record(path) as run:
        agent(server, carrier)
    assert run.result.recorded == len(KINDS)
    found = everything(path)
    leaked = [planted.kind for planted in plants(carrier) if planted.core.encode() in found]
    assert leaked == []
