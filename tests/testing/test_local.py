"""The fallback of the examples, each time in a program of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from replay.engine.plan import Plan

PROGRAM = """
import os, socket
from replay.testing import default_server
default_server()
link = socket.socket()
print(os.environ.get("OPENAI_BASE_URL"), os.environ.get("TOOLS_URL"), link.connect_ex(("127.0.0.1", PORT)) == 0)
link.close()
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def told(port: int, **environment: str) -> subprocess.CompletedProcess[str]:
    names = ("OPENAI", "ANTHROPIC", "GEMINI", "GOOGLE", "TOOLS", "REPLAY")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("PORT", str(port))],
        env={**clean, "REPLAY_TESTING_PORT": str(port), **environment},
        capture_output=True,
        text=True,
        timeout=20,
    )


def test_without_keys_a_server_is_started_at_the_fixed_port_and_ends_with_the_program(port):
    base = f"http://127.0.0.1:{port}"
    assert told(port).stdout.split() == [f"{base}/v1", base, "True"]
    with socket.socket() as link:
        assert link.connect_ex(("127.0.0.1", port)) != 0


def test_a_replay_gets_the_same_address_and_nothing_is_started(port, tmp_path):
    base = f"http://127.0.0.1:{port}"
    plan = Plan("play", str(tmp_path / "a.cassette")).to_environ()
    assert told(port, **plan).stdout.split() == [f"{base}/v1", base, "False"]


def test_a_replay_that_may_go_live_has_a_server_to_go_to(port, tmp_path):
    plan = Plan("play", str(tmp_path / "a.cassette"), policy="live").to_environ()
    assert told(port, **plan).stdout.split()[-1] == "True"


def test_a_provider_that_is_set_up_is_left_alone(port):
    said = told(port, OPENAI_API_KEY="sk-mine").stdout.split()
    assert said[0] == "None"
    assert said[1] == f"http://127.0.0.1:{port}"


def test_a_server_of_ours_that_listens_already_is_used(models):
    assert told(models.port).stdout.split()[-1] == "True"
    assert models.calls == 0


def test_a_port_used_by_something_else_is_a_clear_error(port):
    with socket.create_server(("127.0.0.1", port)):
        done = told(port)
    assert f"port {port} is used by something else" in done.stderr
