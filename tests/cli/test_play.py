from __future__ import annotations

import random
import socket

import pytest

from replay.cassette import Reader
from tests.cli import rig


def test_ten_replays_print_the_same_bytes_with_the_server_gone(recorded):
    for _ in range(10):
        done = rig.replay("play", cwd=recorded.folder)
        assert done.stdout == recorded.done.stdout
        assert done.returncode == 0
        assert done.stderr.splitlines()[-1] == "replay: identical: 3 served, 0 live"


def test_the_programs_exit_code_passes_through_when_asked(recorded):
    assert rig.replay("play", "--exit-code", "program", cwd=recorded.folder).returncode == 7


def test_one_changed_word_is_told_in_four_lines(recorded):
    agent = recorded.folder / "agent.py"
    agent.write_text(agent.read_text().replace("hello", "hallo"))
    done = rig.replay("play", "run.cassette", cwd=recorded.folder)
    assert done.returncode == 4
    port = agent.read_text().partition("127.0.0.1:")[2].partition("/")[0]
    assert done.stderr.splitlines()[-4:] == [
        f"replay: error: step 1 is not in the cassette (http POST http://127.0.0.1:{port}/ask, called at agent.py:7)",
        "  closest: step 1 of run.cassette, differs in request.messages[0].content",
        "  cause: your code, a prompt or the input changed: no earlier answer holds the new text",
        "hint: run it live with --on-divergence live",
    ]


def test_a_divergence_that_the_program_swallows_still_counts(recorded):
    agent = recorded.folder / "agent.py"
    source = agent.read_text().replace("hello", "hallo")
    agent.write_text(
        "try:\n" + "".join(f"    {line}\n" for line in source.splitlines()) + "except BaseException:\n    pass\n"
    )
    done = rig.replay("play", cwd=recorded.folder)
    assert done.returncode == 4


def test_what_is_left_over_is_a_difference(recorded):
    agent = recorded.folder / "agent.py"
    agent.write_text(agent.read_text().replace("range(3)", "range(2)"))
    done = rig.replay("play", cwd=recorded.folder)
    assert done.returncode == 1
    assert "1 recorded event never asked for: http POST" in done.stderr


def test_a_divergence_can_go_live_into_a_fork_that_plays_by_itself(tmp_path):
    with rig.server() as port:
        (tmp_path / "agent.py").write_text(rig.agent(rig.AGENT, port))
        rig.replay("record", "-o", "a.cassette", "--", "python", "agent.py", cwd=tmp_path)
        (tmp_path / "agent.py").write_text(rig.agent(rig.AGENT, port).replace("range(3)", "range(4)"))
        done = rig.replay("play", "a.cassette", "--on-divergence", "live", "-o", "fork.cassette", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "replay: live: 3 served, 1 live" in done.stderr
    assert "number 4" in done.stdout
    played = rig.replay("play", "fork.cassette", "--", "python", "agent.py", cwd=tmp_path)
    assert (played.returncode, played.stdout) == (0, done.stdout), played.stderr


def test_a_replay_never_overwrites_what_it_plays(recorded):
    done = rig.replay("play", "run.cassette", "-o", "./run.cassette", cwd=recorded.folder)
    assert done.returncode == 2
    assert Reader(str(recorded.cassette)).cut is None


def test_a_cut_cassette_replays_what_is_whole_and_exits_3(recorded):
    data = recorded.cassette.read_bytes()
    where = random.randrange(len(data) // 2, len(data) - 1)  # the first half holds the first event
    recorded.cassette.write_bytes(data[:where])
    done = rig.replay("play", cwd=recorded.folder)
    assert done.returncode == 3, (where, done.stderr)
    assert "cut short" in done.stderr or "the file ends" in done.stderr
    # What was read of the clock and the dice after the last whole step was not on disk yet; the answers were.
    answers, recorded_answers = ([line[:8] for line in out.splitlines()] for out in (done.stdout, recorded.done.stdout))
    assert answers == recorded_answers[: len(answers)]


def test_an_unreadable_file_exits_3_with_a_hint(tmp_path):
    (tmp_path / "a.cassette").write_text("not one of ours")
    done = rig.replay("play", "a.cassette", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.splitlines()[0] == "replay: error: a.cassette is not a cassette"
    assert done.stderr.splitlines()[-1].startswith("hint: ")


def test_no_cassette_at_all_says_how_to_make_one(tmp_path):
    done = rig.replay("play", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "hint: replay record -- python agent.py"


def test_a_connection_outside_the_cassette_is_refused(recorded):
    agent = recorded.folder / "agent.py"
    agent.write_text("import socket\nsocket.create_connection(('127.0.0.1', 9))\n" + agent.read_text())
    done = rig.replay("play", cwd=recorded.folder)
    assert done.returncode == 5
    assert "127.0.0.1:9 (agent.py:2)" in done.stderr
    assert "--allow-host" in done.stderr.splitlines()[-1]


def test_settings_come_from_the_environment_and_below_it_from_pyproject(recorded):
    (recorded.folder / "pyproject.toml").write_text('[tool.replay]\nexit-code = "program"\n')
    assert rig.replay("play", cwd=recorded.folder).returncode == 7
    assert rig.replay("play", cwd=recorded.folder, REPLAY_EXIT_CODE="replay").returncode == 0


def test_a_setting_of_the_wrong_shape_is_told(recorded):
    (recorded.folder / "pyproject.toml").write_text('[tool.replay]\nignore-host = "internal"\n')
    done = rig.replay("play", cwd=recorded.folder)
    assert done.returncode == 2
    assert "tool.replay.ignore-host is not a list of strings" in done.stderr


BESIDES = """
import ctypes, subprocess, sys
print(ctypes.CDLL(None).socket(2, 1, 0))
child = "import socket; socket.create_connection(('127.0.0.1', $port))"
with open("said", "wb") as said:
    subprocess.run([sys.executable, "-I", "-S", "-c", child], stderr=said)
print(open("said", "rb").read().split()[-4:])
"""


def test_what_no_hook_sees_is_refused_by_the_kernel(recorded):
    agent = recorded.folder / "agent.py"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        agent.write_text(rig.agent(BESIDES, listener.getsockname()[1]) + agent.read_text())
        done = rig.replay("play", cwd=recorded.folder)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert done.stdout.splitlines()[:2] == ["-1", "[b'[Errno', b'13]', b'Permission', b'denied']"]
    assert done.stdout.endswith(recorded.done.stdout)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "replay: identical: 3 served, 0 live")


def test_an_allowed_host_is_reached_by_any_way(recorded):
    agent = recorded.folder / "agent.py"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        agent.write_text(rig.agent(BESIDES, listener.getsockname()[1]) + agent.read_text())
        done = rig.replay("play", "--allow-host", "127.0.0.1", cwd=recorded.folder)
        listener.accept()[0].close()
    assert done.stdout.splitlines()[1] == "[]", done.stderr


@pytest.mark.parametrize("serve", ["socket.create_server(('', 0))", "asyncio.run(asyncio.start_server(print, port=0))"])
def test_a_server_of_the_programs_own_is_refused_and_the_way_out_named(recorded, serve):
    agent = recorded.folder / "agent.py"
    agent.write_text(f"import asyncio, socket\n{serve}\n" + agent.read_text())
    done = rig.replay("play", cwd=recorded.folder)
    assert done.returncode == 5, done.stderr
    assert "refused: 127.0.0.1:0 (agent.py:2)" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("let it through with --allow-host 127.0.0.1")


def test_a_name_is_not_looked_up(recorded):
    agent = recorded.folder / "agent.py"
    agent.write_text("import socket\nsocket.create_connection(('db.invalid', 5432))\n" + agent.read_text())
    done = rig.replay("play", cwd=recorded.folder)
    assert done.returncode == 5
    assert "refused: db.invalid:5432 (agent.py:2)" in done.stderr
