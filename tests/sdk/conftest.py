from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from replay.testing import ModelServer

pytest.register_assert_rewrite("tests.sdk.stage")

from tests.sdk.door import Door  # noqa: E402
from tests.sdk.mcp_shop import Shop  # noqa: E402
from tests.sdk.site import build  # noqa: E402
from tests.sdk.stage import Web, World  # noqa: E402


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("shop") / "log")
    yield shop
    shop.close()


@pytest.fixture
def world(models: ModelServer, tmp_path: Path, shop: Shop) -> Iterator[World]:
    web = Web()
    build(web)
    shop.news()
    world = World(models, Door(models.port), web, tmp_path / "run.cassette", shop)
    yield world
    world.end()
