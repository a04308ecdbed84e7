from __future__ import annotations

import re
import signal
import subprocess
import sys

import pytest

from replay.dialects.cassette import open_cassette
from tests.cli import rig


def test_the_program_runs_unchanged_and_its_exit_code_passes_through(original):
    assert original.done.returncode == 7
    assert original.done.stdout.startswith("number 1 ")
    assert original.done.stdout.endswith("['--order', '7']\n")


def test_one_line_says_what_was_recorded(original):
    assert re.fullmatch(r"replay: recorded 3 events \(3 http\), [\d.]+ KB, run.cassette\n", original.done.stderr)


def test_the_header_knows_how_to_run_again_wherever_the_file_goes(original):
    header = open_cassette(original.cassette).header
    assert header.entry.argv == ("python", "agent.py", "--order", "7")
    assert header.tags == {"case": "greeting"}
    assert header.hash_seed.isdigit()


def test_the_users_own_hash_seed_is_kept(tmp_path):
    with rig.server() as port:
        (tmp_path / "agent.py").write_text(rig.agent(rig.AGENT, port))
        rig.replay("record", "-o", "a.cassette", "--", "python", "agent.py", cwd=tmp_path, PYTHONHASHSEED="5")
    assert open_cassette(tmp_path / "a.cassette").header.hash_seed == "5"


def test_the_file_is_named_after_the_script_and_stdin_reaches_it(tmp_path):
    with rig.server() as port:
        (tmp_path / "my_agent.py").write_text(rig.agent(rig.URLLIB_AGENT, port) + "\nprint(input())")
        done = rig.replay("record", "python", "my_agent.py", cwd=tmp_path, stdin="typed\n")
    assert done.stdout == "number 1\ntyped\n"
    assert done.returncode == 0
    (path,) = tmp_path.glob("my_agent-*.cassette")
    assert path.name in done.stderr


def test_nothing_recorded_is_an_error_that_says_why(tmp_path):
    done = rig.replay("record", "-o", "a.cassette", "--", "python", "-c", "import httpx", cwd=tmp_path)
    assert done.returncode == 2
    assert "nothing crossed the boundary" in done.stderr
    assert "httpx" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("hint: ")


def test_nothing_recorded_leaves_the_programs_own_failure_visible(tmp_path):
    done = rig.replay("record", "--", "python", "-c", "raise SystemExit(9)", cwd=tmp_path)
    assert done.returncode == 9
    assert "nothing crossed the boundary" in done.stderr


def test_a_program_that_is_not_python_is_an_error(tmp_path):
    done = rig.replay("record", "--", "true", cwd=tmp_path)
    assert done.returncode == 2
    assert "the recorder never started" in done.stderr


@pytest.mark.parametrize("option", ["-I", "-E", "-uS"])
def test_an_interpreter_that_shuts_the_recorder_out_is_refused_before_it_runs(option, tmp_path):
    done = rig.replay("record", "--", "python", option, "-c", "print('ran')", cwd=tmp_path)
    assert done.returncode == 2
    assert "shuts the recorder out" in done.stderr
    assert done.stdout == ""


def test_a_program_that_is_not_there_is_a_usage_error(tmp_path):
    done = rig.replay("record", "--", "no-such-program", cwd=tmp_path)
    assert done.returncode == 2
    assert "there is no program no-such-program" in done.stderr


def test_a_file_that_is_no_cassette_is_never_replaced(tmp_path):
    (tmp_path / "agent.py").write_text("print('ran')")
    done = rig.replay("record", "-o", "agent.py", "--", "python", "agent.py", cwd=tmp_path)
    assert done.returncode != 0
    assert (tmp_path / "agent.py").read_text() == "print('ran')"


def test_a_child_python_process_joins_the_same_cassette(tmp_path):
    with rig.server() as port:
        (tmp_path / "child.py").write_text(rig.agent(rig.URLLIB_AGENT, port))
        (tmp_path / "agent.py").write_text(
            rig.agent(rig.URLLIB_AGENT, port)
            + "\nimport subprocess, sys\nsubprocess.run([sys.executable, 'child.py'], env={}, check=True)"
        )
        done = rig.replay("record", "-o", "a.cassette", "--", "python", "agent.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "(2 http" in done.stderr or "2 http" in done.stderr
    played = rig.replay("play", cwd=tmp_path)
    assert (played.returncode, played.stdout) == (0, done.stdout), played.stderr
    (tmp_path / "agent.py").write_text((tmp_path / "agent.py").read_text().replace("subprocess.run", "print"))
    missing = rig.replay("play", cwd=tmp_path)
    assert missing.returncode == 1
    assert "the recorded child process 0/p1 took no part" in missing.stderr


def test_the_python_programs_of_a_shell_script_share_one_cassette(tmp_path):
    with rig.server() as port:
        (tmp_path / "agent.py").write_text(rig.agent(rig.URLLIB_AGENT, port))
        (tmp_path / "run.sh").write_text("#!/bin/sh\npython agent.py\npython agent.py\n")
        (tmp_path / "run.sh").chmod(0o755)
        done = rig.replay("record", "-o", "a.cassette", "--", "./run.sh", cwd=tmp_path)
    assert "2 events" in done.stderr
    played = rig.replay("play", cwd=tmp_path)
    assert (played.returncode, played.stdout) == (0, "number 1\nnumber 2\n"), played.stderr


def test_ctrl_c_reaches_the_program_and_leaves_a_whole_cassette(tmp_path):
    with rig.server() as port:
        (tmp_path / "agent.py").write_text(rig.agent(rig.URLLIB_AGENT, port) + "\nprint('ready', flush=True)\ninput()")
        process = subprocess.Popen(
            [rig.REPLAY, "record", "-o", "a.cassette", "--", "python", "-u", "agent.py"],
            cwd=tmp_path,
            env=rig.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a shell's job may ignore it
        )
        assert process.stdout.readline() == "number 1\n"
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)  # with its input open: at the input's end it would end by itself
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "KeyboardInterrupt" in errors
    assert "replay: recorded 1 event" in errors
    assert open_cassette(tmp_path / "a.cassette").verify() == []


def test_python_dash_m_replay_is_the_same(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "replay", "record", "--", "true"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "the recorder never started" in done.stderr
