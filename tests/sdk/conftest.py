from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from replay.testing import ModelServer

pytest.register_assert_rewrite("tests.sdk.stage")

from tests.sdk.door import Door  # noqa: E402
from tests.sdk.site import build  # noqa: E402
from tests.sdk.stage import Web, World  # noqa: E402


@pytest.fixture
def world(models: ModelServer, tmp_path: Path) -> Iterator[World]:
    web = Web()
    build(web)
    world = World(models, Door(models.port), web, tmp_path / "run.cassette")
    yield world
    world.end()
