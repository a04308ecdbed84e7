"""Suites of somebody else's, marked ``vcr``, that are run in this process."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

INI = """
[pytest]
addopts = -p replay -p asyncio -p no:cacheprovider
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings =
    error
    ignore::pytest.PytestAssertRewriteWarning
"""
"""With ``PYTEST_DISABLE_PLUGIN_AUTOLOAD`` set: other plugins are switched on by the tests that need them."""

URL = "http://model.test"

TEST = """
import httpx, pytest
URL = "http://model.test"
pytestmark = pytest.mark.vcr
def say(word, **options):
    return httpx.post(f"{URL}/chat", json={"say": word, "to": "me"}, **options).text
"""


@dataclass
class Suite:
    """A directory with tests, and what they may be answered with."""

    pytester: pytest.Pytester

    @property
    def path(self) -> Path:
        return self.pytester.path

    def write(self, source: str, name: str = "test_it") -> None:
        (self.path / f"{name}.py").write_text(TEST + source, encoding="utf-8")

    def cassette(self, name: str, *bodies: str, folder: str = "test_it", url: str = f"{URL}/chat") -> None:
        """A file whose requests have these bodies, in JSON, each answered with its number."""
        path = self.path / "cassettes" / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(interactions(url, bodies), encoding="utf-8")

    def run(self, *flags: str) -> pytest.RunResult:
        """Run the suite in this process, with ``--replay-vcr``."""
        return self.plain("--replay-vcr", *flags)

    def plain(self, *flags: str) -> pytest.RunResult:
        for name in [name for name in sys.modules if name.startswith("test_") or name == "conftest"]:
            del sys.modules[name]
        return self.pytester.runpytest_inprocess(*flags)


def interactions(url: str, bodies: tuple[str, ...]) -> str:
    lines = ["interactions:"]
    for number, body in enumerate(bodies, 1):
        lines += [
            "- request:",
            f"    body: {body!r}",
            "    headers: {content-type: [application/json]}",
            "    method: POST",
            f"    uri: {url}",
            "  response:",
            f"    body: {{string: answer {number}}}",
            "    headers: {content-type: [text/plain]}",
            "    status: {code: 200, message: OK}",
        ]
    return "\n".join([*lines, "version: 1", ""])


@pytest.fixture
def suite(pytester, monkeypatch) -> Suite:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makefile(".ini", pytest=INI)
    return Suite(pytester)
