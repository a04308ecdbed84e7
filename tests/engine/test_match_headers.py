"""Header fields take no part in matching, unless the user asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import replay
from replay.dialects.cassette import open_cassette
from replay.diff.explain import explain
from replay.errors import DivergenceError, UsageError
from tests.cli import rig
from tests.determinism.server import random_server

SECRET = "sk-tenant-" + "Zx9" * 12


@pytest.fixture
def url() -> Iterator[str]:
    with random_server() as url:
        yield url


def ask(url: str, **headers: str) -> Any:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{url}/ask", json={"q": 1}, headers=fields).json()


def test_by_default_a_header_may_differ(url: str, tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    with replay.record(path):
        answer = ask(url, accept_language="de")
    with replay.play(path) as run:
        assert ask(url, accept_language="fr") == answer
    assert run.result.identical


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("accept_language", "de", "fr"), ("X_Tenant", SECRET, "other"), ("Authorization", f"Bearer {SECRET}", "Bearer x")],
    ids=["plain", "secret", "credentials"],
)
def test_a_header_that_was_asked_for_must_be_equal(
    url: str, tmp_path: Path, name: str, before: str, after: str
) -> None:
    path, field = tmp_path / "run.cassette", name.replace("_", "-")
    with replay.record(path, match_headers=[field]):
        answers = [ask(url, **{name: value}) for value in (before, "third", before)]
    assert SECRET.encode() not in path.read_bytes()
    with replay.play(path) as run:
        assert [ask(url, **{name: value}) for value in (before, "third", before)] == answers
    assert run.result.identical
    with pytest.raises(DivergenceError), replay.play(path) as run:
        ask(url, **{name: after})
    (change,) = explain(run.result.divergences[0], open_cassette(path)).changes
    assert (change.path, change.how) == (f"request.headers.{field.lower()}", "changed")
    assert SECRET not in str(change)


def test_a_header_that_was_asked_for_must_be_there(url: str, tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    with replay.record(path, match_headers=["accept-language"]):
        ask(url, accept_language="de")
    with pytest.raises(DivergenceError), replay.play(path):
        ask(url)


def test_the_project_can_ask_for_it_and_older_recordings_say_that_they_cannot_tell(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with replay.record("old.cassette"):
        ask(url, x_tenant="one")
    Path("pyproject.toml").write_text('[tool.replay]\nmatch-header = ["X-Tenant"]\n')
    with replay.record("new.cassette"):
        ask(url, x_tenant="one")
    with pytest.raises(DivergenceError), replay.play("new.cassette"):
        ask(url, x_tenant="two")
    with pytest.raises(UsageError, match="x-tenant"), replay.play("old.cassette"):
        pass


def test_what_is_no_name_of_a_header_is_refused() -> None:
    with pytest.raises(UsageError, match="match-header"):
        replay.record("run.cassette", match_headers=["x tenant"])


def test_the_command_line_can_ask_for_it(url: str, tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(
        f"import os, httpx\nhttpx.post('{url}/ask', json={{'q': 1}}, headers={{'x-tenant': os.environ['TENANT']}})\n"
    )
    program = ["--", "python", "agent.py"]
    recorded = rig.replay(
        "record", "-o", "run.cassette", "--match-header", "X-Tenant", *program, cwd=tmp_path, TENANT="one"
    )
    assert recorded.returncode == 0, recorded.stderr
    assert rig.replay("play", "run.cassette", *program, cwd=tmp_path, TENANT="one").returncode == 0
    other = rig.replay("play", "run.cassette", *program, cwd=tmp_path, TENANT="two")
    assert other.returncode == 4
    assert "x-tenant" in other.stdout + other.stderr
