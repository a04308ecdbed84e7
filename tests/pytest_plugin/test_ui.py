"""``--replay-ui``."""

from __future__ import annotations

import sys

import pytest

from replay.regression import looking

TWO = """
@pytest.mark.replay
def test_first():
    say("first")
    say("changes")

@pytest.mark.replay
def test_second():
    say("second")
"""


@pytest.fixture
def opened(monkeypatch) -> list[list[str]]:
    """The commands that would have taken the terminal."""
    commands: list[list[str]] = []

    def run(command, **options):
        commands.append(command)
        return looking.subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(looking.subprocess, "run", run)
    return commands


def test_it_opens_the_first_failure_on_its_step_and_only_that(suite, opened):
    suite.write(TWO)
    suite.record()
    suite.edit('say("changes")', 'say("changed")', "tests/test_agent.py")
    suite.edit('say("second")', 'say("2nd")', "tests/test_agent.py")
    suite.run("--replay-ui").assert_outcomes(failed=2)
    recording, last = (f"{folder}/test_agent/test_first.cassette" for folder in ("cassettes", ".replay/last"))
    assert opened == [[sys.executable, "-m", "replay", "ui", recording, last, "--step", "2"]]
    assert all((suite.path / path).is_file() for path in (recording, last))


def test_it_stays_closed_when_everything_replays(suite, opened):
    suite.write(TWO)
    suite.record()
    suite.run("--replay-ui").assert_outcomes(passed=2)
    assert opened == []


def test_the_command_that_it_runs_is_one_that_there_is(suite):
    from replay.cli.ui import command

    assert {"a", "b", "step"} <= {param.name for param in command.params}


def test_it_is_refused_with_workers_who_have_no_terminal(suite):
    done = suite.run("-p", "xdist", "--replay-ui", "-n", "2")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: replay: --replay-ui needs the terminal, *", "hint: leave -n out"])


def test_the_ini_twin(suite, opened):
    suite.write(TWO)
    suite.record()
    suite.edit('"first"', '"1st"', "tests/test_agent.py")
    suite.edit("[pytest]", "[pytest]\nreplay_ui = true", "pytest.ini")
    suite.run()
    assert len(opened) == 1
