from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import replay
from replay.testing import ModelServer

pytest.register_assert_rewrite("tests.engine.swaps.stage")

from tests.engine.swaps.stage import Stage, ask_openai, example  # noqa: E402


@pytest.fixture(scope="session")
def recorded(model_process: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One recording for all tests: a tool and a person may play it many times."""
    path = tmp_path_factory.mktemp("support") / "support.cassette"
    agent = example("support_agent")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in model_process.env().items():
            patch.setenv(name, value)
        with replay.record(path) as run:
            run.output(ask_openai(agent))
    return path


@pytest.fixture
def stage(recorded: Path, models: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The recorded steps: 1 sorts the question, 2 asks for orders 7 and 9 (3, 5), 7 for two estimates (8, 9),
    10 for a refund of order 9 (11), 13 answers. 4, 6 and 12 are the tools' own requests."""
    for name, value in models.env().items():
        monkeypatch.setenv(name, value)
    cassette = tmp_path / "support.cassette"
    shutil.copy(recorded, cassette)
    return Stage(partial(ask_openai, example("support_agent")), cassette, models, tmp_path)
