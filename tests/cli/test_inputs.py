"""An input that changed is named as the cause of what it changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli import rig

AGENT = """
import os
import httpx
with open("prompt.md") as file:
    prompt = file.read()
body = {
    "model": "m",
    "messages": [{"role": "system", "content": prompt}, {"role": "user", "content": os.environ.get("TONE", "calm")}],
    "user": "known" if os.getenv("SHOP_TOKEN") else "unknown",
}
print(httpx.post("http://127.0.0.1:$port/v1/chat/completions", json=body).json())
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "prompt.md").write_text("You are friendly.")
    with rig.server() as port:
        (folder / "agent.py").write_text(rig.agent(AGENT, port))
        done = rig.replay("record", "-o", "run.cassette", "--", "python", "agent.py", cwd=folder, TONE="calm")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def recorded(original, tmp_path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "checkout"))


def cause(folder: Path, **variables: str) -> str:
    done = rig.replay("play", "run.cassette", cwd=folder, **{"TONE": "calm", **variables})
    assert done.returncode == 4, done.stderr
    return done.stderr.splitlines()[-2].strip()


def test_a_changed_prompt_file(recorded):
    (recorded / "prompt.md").write_text("You are unfriendly.")
    assert cause(recorded) == "cause: prompt.md changed since the recording"


def test_a_changed_variable(recorded):
    assert cause(recorded, TONE="loud") == "cause: the variable TONE changed since the recording"


def test_all_that_changed(recorded):
    (recorded / "prompt.md").write_text("You are unfriendly.")
    assert cause(recorded, TONE="loud") == "cause: prompt.md and the variable TONE changed since the recording"


def test_a_secret_that_is_set_now(recorded):
    assert cause(recorded, SHOP_TOKEN="x") == "cause: the variable SHOP_TOKEN changed since the recording"


def test_changed_code_is_not_put_down_to_inputs(recorded):
    agent = recorded / "agent.py"
    agent.write_text(agent.read_text().replace('"m"', '"n"'))
    assert cause(recorded) == "cause: your code asks another model"


def test_verify_names_the_cause_too(recorded):
    (recorded / "prompt.md").write_text("You are unfriendly.")
    done = rig.replay("verify", "run.cassette", cwd=recorded, TONE="calm")
    assert done.returncode == 4
    assert "cause: prompt.md changed since the recording" in done.stderr
