"""The program finds its own world unchanged, and an environment without our package can be recorded too."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from replay.cli import launch
from replay.engine.plan import Plan
from tests.cli import rig

HIDDEN = """
for name in ('orjson', 'msgpack', 'zstandard'):
    try:
        __import__(name)
        print('leaked', name)
    except ImportError:
        pass
"""


@pytest.fixture(scope="session")
def bare(tmp_path_factory) -> str:
    """The interpreter of an environment with nothing installed."""
    place = tmp_path_factory.mktemp("bare") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True, timeout=60)
    return str(place / "bin" / "python")


def test_the_programs_own_sitecustomize_still_runs(recorded):
    theirs = recorded.folder / "their site"
    theirs.mkdir()
    (theirs / "sitecustomize.py").write_text("import builtins\nbuiltins.customised = __name__")
    agent = recorded.folder / "agent.py"
    agent.write_text(
        "import sys, sitecustomize\n"
        "print(customised, sitecustomize.__file__, [place for place in sys.path if 'inject' in place])\n"
        + agent.read_text()
    )
    done = rig.replay("play", cwd=recorded.folder, PYTHONPATH=str(theirs))
    assert done.stdout.splitlines()[0] == f"sitecustomize {theirs / 'sitecustomize.py'} []"
    assert done.returncode == 0, done.stderr


def test_a_broken_sitecustomize_of_the_program_is_told_as_always(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("raise ValueError('theirs')")
    plain = subprocess.run(
        ["python", "-c", ""],
        cwd=tmp_path,
        env=rig.environment(PYTHONPATH="."),
        capture_output=True,
        text=True,
        timeout=60,
    )
    done = rig.replay("record", "--", "python", "-c", "", cwd=tmp_path, PYTHONPATH=".")
    assert plain.stderr
    assert done.stderr.startswith(plain.stderr)
    assert "nothing crossed the boundary" in done.stderr


def test_an_environment_without_our_package_is_recorded_and_replayed(bare, tmp_path):
    with rig.server() as port:
        (tmp_path / "agent.py").write_text(rig.agent(rig.URLLIB_AGENT, port) + HIDDEN)
        done = rig.replay("record", "-o", "a.cassette", "--", bare, "agent.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "number 1\n"), done.stderr
    played = rig.replay("play", cwd=tmp_path)
    assert (played.returncode, played.stdout) == (0, "number 1\n"), played.stderr


@pytest.mark.parametrize(
    ("mode", "lineage", "runs"), [("record", "0", False), ("play", "0", False), ("record", "0/p1", True)]
)
def test_an_interpreter_of_another_build_is_refused_before_the_program_runs(
    mode, lineage, runs, bare, recorded, monkeypatch
):
    monkeypatch.setattr(launch, "EXTENSION_SUFFIXES", (".another-build.so",))
    path = str(recorded.cassette) if mode == "play" else str(recorded.folder / "new.cassette")
    plan = replace(Plan(mode, path), lineage=lineage)
    mark = recorded.folder / "ran"
    outcome = launch.launch((bare, "-c", f"open({str(mark)!r}, 'w')"), plan, hash_seed="")
    assert outcome.result is None
    assert [(refusal.python, refusal.ran) for refusal in outcome.refusals] == [(bare, runs)]
    assert outcome.code == (0 if runs else 2)
    assert mark.exists() == runs


def test_a_recorder_that_breaks_while_it_starts_ends_the_program(bare, tmp_path, monkeypatch):
    (tmp_path / "msgpack.py").write_text("raise RuntimeError('a value')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    outcome = launch.launch((bare, "-c", "print('ran')"), Plan("record", str(tmp_path / "a.cassette")), hash_seed="")
    assert outcome.code == 70
    assert outcome.failed.startswith("RuntimeError\n")
    assert "a value" not in outcome.failed


def test_sitecustomize_is_written_in_what_old_versions_understand():
    for name in ("sitecustomize.py", "refuse.py"):
        source = Path(launch.inject.__file__).with_name(name).read_text(encoding="ascii")
        assert "__future__" not in source
        assert 'f"' not in source
