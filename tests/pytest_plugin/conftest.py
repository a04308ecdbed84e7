"""A test suite of somebody else's, with an agent that asks a model on loopback."""

from __future__ import annotations

import sys

import pytest

from tests.pytest_plugin.suite import AGENT, INI, Suite


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
