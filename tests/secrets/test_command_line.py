"""A whole program, recorded from the command line: argv, environment, tracebacks, logs, ``show`` and reports."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import replay
from tests.cli import rig
from tests.secrets.planting import KINDS, Seeds
from tests.secrets.searching import everything, opened

AGENT = """
import os, sys
import httpx
import replay

@replay.tool
def deploy(token: str, where: str) -> str:
    raise RuntimeError(f"cannot deploy to {where} with {token}")

prompt = " ".join([os.environ["SERVICE_CREDENTIAL"], os.environ["DATABASE_URL"], *sys.argv[1:]])
with httpx.Client() as client:
    client.post("http://127.0.0.1:$port/ask", json={"messages": [{"role": "user", "content": prompt}]})
try:
    deploy(os.environ["SERVICE_CREDENTIAL"], os.environ["DATABASE_URL"])
except RuntimeError as error:
    import traceback
    with httpx.Client() as client:
        client.post("http://127.0.0.1:$port/ask", json={"seen": traceback.format_exception_only(error)})
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The folder with the cassette, what recording and replaying printed, and the secrets."""
    seeds = Seeds(99)
    planted = [make(seeds) for make in KINDS]
    shell = [seeds.of(18) for _ in range(6)]
    folder = tmp_path_factory.mktemp("secrets")
    environ = {
        "SERVICE_CREDENTIAL": shell[0],
        "DATABASE_URL": f"postgresql://app:{shell[1]}@127.0.0.1/app",
    }
    words = ["--password", shell[2], f"--api-key={shell[3]}", "-u", f"me:{shell[4]}", *[each.text for each in planted]]
    with rig.server() as port:
        (folder / "agent.py").write_text(rig.agent(AGENT, port))
        options = ("-o", "run.cassette", "--tag", f"key=password={shell[5]}x")
        done = rig.replay("record", *options, "--", "python", "agent.py", *words, cwd=folder, **environ)
    again = rig.replay("play", "run.cassette", "--", "python", "agent.py", *words, cwd=folder, **environ)
    return folder, done, again, [*[each.core for each in planted], *shell]


def leaked(secrets: list[str], data: bytes) -> list[int]:
    found = opened(data)
    return [number for number, secret in enumerate(secrets) if secret.encode() in found]


def printed(done: subprocess.CompletedProcess[str]) -> bytes:
    return f"{done.stdout}\n{done.stderr}".encode()


def test_the_disk_holds_none(recorded):
    folder, done, _, secrets = recorded
    assert done.returncode == 0, done.stderr
    found = everything(folder / "run.cassette")
    assert [number for number, secret in enumerate(secrets) if secret.encode() in found] == []


def test_nothing_that_is_printed_tells_one(recorded):
    folder, done, again, secrets = recorded
    assert again.returncode == 0, again.stderr
    said = printed(done) + printed(again)
    steps = len(replay.open(folder / "run.cassette").steps)
    for words in (["run.cassette"], ["run.cassette", "--json"], *[["run.cassette", str(n + 1)] for n in range(steps)]):
        said += printed(rig.replay("show", *words, cwd=folder))
    for words in (["ls"], ["verify", "run.cassette", "--no-run"], ["diff", "run.cassette", "run.cassette", "--json"]):
        said += printed(rig.replay(*words, cwd=folder))
    assert leaked(secrets, said) == []


def test_the_program_runs_again_by_the_redacted_command_line(recorded):
    """Its secrets are placeholders then, which count as the same; so do other secrets in the environment."""
    folder, _, _, _ = recorded
    words = replay.open(folder / "run.cassette").header.entry.argv
    assert words[words.index("--password") + 1] == "<secret:argument:1>"
    environ = {
        "SERVICE_CREDENTIAL": "0ther-credential-1",
        "DATABASE_URL": "postgresql://app:0ther-passw0rd@127.0.0.1/app",
    }
    done = rig.replay("play", "run.cassette", cwd=folder, **environ)
    assert done.returncode == 0, done.stderr


def test_scan_finds_none_in_it(recorded):
    folder, _, _, _ = recorded
    assert rig.replay("scan", "run.cassette", cwd=folder).returncode == 0


def test_reports_hold_none(recorded):
    folder, _, _, secrets = recorded
    for option in ("--html", "--md"):
        out = Path(folder, "report.out")
        rig.replay(
            "diff", "run.cassette", "run.cassette", option, *(["report.out"] if option == "--html" else []), cwd=folder
        )
        assert leaked(secrets, out.read_bytes() if out.exists() else b"") == []
