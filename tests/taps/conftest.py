from __future__ import annotations

from collections.abc import Iterator

import pytest

from replay import taps
from tests.taps.server import Server, serving


@pytest.fixture(scope="session", autouse=True)
def attached() -> None:
    taps.attach()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server
