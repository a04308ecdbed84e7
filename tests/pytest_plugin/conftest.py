"""A test suite of somebody else's, with an agent that asks a model on loopback."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import httpx
import pytest

import replay.dialects
import replay.engine
import replay.regression
import replay.taps
from tests.pytest_plugin.suite import AGENT, INI, Suite


@pytest.fixture(scope="session", autouse=True)
def _attached(tmp_path_factory):
    """pytester forgets what a run in this process has imported: taps attached there would be attached again by the
    next. So they are attached here, once."""
    for package in (replay.dialects, replay.engine, replay.regression, replay.taps):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    with replay.record(tmp_path_factory.mktemp("attached") / "none.cassette"), httpx.Client():
        pass


@pytest.fixture
def suite(pytester, models, monkeypatch) -> Suite:
    """An empty suite with ``agent.py`` beside it; the model answers until :meth:`Suite.offline`."""
    monkeypatch.setenv("MODEL_URL", models.openai)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    # An edit within a second that keeps a file's size would go unseen.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.syspath_prepend(pytester.path)
    pytester.makefile(".ini", pytest=INI)
    pytester.makepyfile(agent=AGENT)
    return Suite(pytester, models)
