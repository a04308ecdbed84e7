"""What all tests have: loopback servers, one process each for the whole session, and one copy of each library."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from _pytest import pytester
from hypothesis import HealthCheck, settings

from replay.taps.own import is_own
from replay.testing import ModelServer, ToolServer, model_server, tool_server

# How long one example takes to make or to try says nothing on a busy machine.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


class _Snapshot(pytester.SysModulesSnapshot):
    """Forgets the modules that a suite run in this process has loaded, but for the installed ones: a second copy would
    have a state of its own, beside that which the first has left in other libraries."""

    def restore(self) -> None:
        loaded = sys.modules.copy()
        super().restore()
        for name, module in loaded.items():
            if not is_own(str(getattr(module, "__file__", None) or "")):
                sys.modules.setdefault(name, module)


pytester.SysModulesSnapshot = _Snapshot  # type: ignore[misc]


@pytest.fixture(scope="session", autouse=True)
def _settings_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Sessions make a key in the user's configuration directory: not in the developer's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="session")
def model_process() -> Iterator[ModelServer]:
    with model_server(latency=(0.0, 0.002)) as server:
        yield server


@pytest.fixture(scope="session")
def tool_process() -> Iterator[ToolServer]:
    with tool_server(latency=(0.0, 0.002)) as server:
        yield server


@pytest.fixture
def models(model_process: ModelServer) -> ModelServer:
    """A model server that has seen no call yet."""
    model_process.reset()
    return model_process


@pytest.fixture
def tools(tool_process: ToolServer) -> ToolServer:
    """A tool service that has seen no call yet."""
    tool_process.reset()
    return tool_process
