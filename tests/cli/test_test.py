"""``replay test``: a recording becomes a test that runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from replay.cassette import Writer
from replay.events import Entry, Header
from tests.cli import rig

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


def run_tests(folder, *words: str) -> subprocess.CompletedProcess[str]:
    environment = rig.environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    command = (*PYTEST, "-p", "replay", *words)
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def made_by(path, **entry) -> str:
    """A cassette without events that was recorded by ``entry``."""
    Writer.create(str(path), Header(run="r", created=0, entry=Entry(**entry))).close()
    return path.name


def test_a_recorded_script_becomes_a_test_that_passes_offline_and_fails_when_the_script_changes(recorded):
    done = rig.replay("test", "run.cassette", cwd=recorded.folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "replay: wrote tests/test_run.py and cassettes/test_run/test_run.cassette",
        "hint: pytest tests/test_run.py",
    ]
    assert (recorded.folder / "tests/test_run.py").read_text(encoding="utf-8") == (
        '"""The run of run, as it was recorded: no network, no key, no cost."""\n\n'
        "import pytest\n\n\n"
        '@pytest.mark.replay("cassettes/test_run/test_run.cassette")\n'
        "def test_run(cassette):\n"
        '    cassette.run_script("agent.py", "--order", "7")\n'
    )
    passed = run_tests(recorded.folder, "tests/test_run.py")
    assert passed.returncode == 0 and "replay: 1 matched" in passed.stdout, passed.stdout
    script = recorded.folder / "agent.py"
    script.write_text(script.read_text(encoding="utf-8").replace("hello there", "hello you"), encoding="utf-8")
    failed = run_tests(recorded.folder, "tests/test_run.py")
    assert failed.returncode == 1 and "replay: diverged at step 1 of 3" in failed.stdout


def test_what_the_agent_did_is_expected_of_it(tmp_path, models):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").touch()
    (tmp_path / "shop/agent.py").write_text(
        "import httpx, replay\n"
        "@replay.tool\n"
        "def lookup(order: int) -> str:\n"
        "    return 'delivered'\n"
        "body = {'model': 'gpt-5-mini', 'messages': [{'role': 'user', 'content': lookup(7)}]}\n"
        f"answer = httpx.post('{models.openai}/chat/completions', json=body).json()\n",
        encoding="utf-8",
    )
    models.script([{"say": 'It was "delivered".'}])
    words = ("record", "-o", "tapes/run.cassette", "--", "python", "-m", "shop.agent", "--fast")
    assert rig.replay(*words, cwd=tmp_path).returncode == 0
    done = rig.replay("test", "tapes/run.cassette", "-o", "checks/test_shop.py", "--name", "test_it", cwd=tmp_path)
    assert done.stderr.splitlines()[0] == "replay: wrote checks/test_shop.py"
    written = (tmp_path / "checks/test_shop.py").read_text(encoding="utf-8")
    assert written.splitlines()[5:] == [
        '@pytest.mark.replay("tapes/run.cassette")',
        "def test_it(cassette):",
        '    cassette.run_module("shop.agent", "--fast")',
        '    cassette.expect.called("lookup")',
        "    cassette.expect.llm_calls(1)",
        *[line for line in written.splitlines() if "cost(" in line],
        '    cassette.expect.output("It was \\"delivered\\".")',
    ]
    passed = run_tests(tmp_path, "checks/test_shop.py")
    assert passed.returncode == 0, passed.stdout
    assert models.calls == 1


def test_a_file_that_is_there_is_not_written_over(recorded):
    rig.replay("test", "run.cassette", cwd=recorded.folder)
    again = rig.replay("test", "run.cassette", cwd=recorded.folder)
    assert again.returncode == 2 and "tests/test_run.py is there already" in again.stderr
    assert rig.replay("test", "run.cassette", "--force", cwd=recorded.folder).returncode == 0


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"node": "tests/test_a.py::test_one"}, "hint: pytest tests/test_a.py::test_one"),
        ({"argv": ("uv", "run", "agent.py")}, "was recorded by uv, which no test can run"),
        ({"argv": ("python", "-c", "print(1)")}, "was recorded by code without a file"),
        ({"argv": ("python",)}, "was recorded by code without a file"),
        ({}, "was recorded by nobody, which no test can run"),
        ({"function": "os:system('x')"}, "names no function"),
    ],
)
def test_what_no_test_can_run_is_told(tmp_path, entry, said):
    done = rig.replay("test", made_by(tmp_path / "a.cassette", **entry), cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr
    assert not (tmp_path / "tests").exists()


def test_a_hostile_file_writes_no_code_of_its_own(tmp_path):
    """What a cassette says can only become a string in the test."""
    hostile = '"); import os; os._exit(3) #\n\\'
    name = made_by(tmp_path / 'x"""; boom.cassette', argv=("python", hostile, hostile))
    assert rig.replay("test", name, cwd=tmp_path).returncode == 0
    (written,) = (tmp_path / "tests").iterdir()
    done = run_tests(tmp_path, str(written))
    assert done.returncode == 1 and "FileNotFoundError" in done.stdout


@pytest.mark.parametrize("name", ["refund", "test refund", "test_x()"])
def test_a_name_that_is_none_is_refused(recorded, name):
    done = rig.replay("test", "run.cassette", "--name", name, cwd=recorded.folder)
    assert done.returncode == 2 and "is no name of a test function" in done.stderr
