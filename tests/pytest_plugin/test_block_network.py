"""``--replay-block-network``."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.suite import section

ONE = """
@pytest.mark.replay
def test_hello():
    say("hello")
"""
CONNECTS = """
import socket

@pytest.mark.replay
def test_connects():
    with socket.socket() as link:
        link.connect(("127.0.0.1", PORT))

def test_unmarked():
    with socket.socket() as link:
        link.connect(("127.0.0.1", PORT))
"""


def connects(suite) -> str:
    return CONNECTS.replace("PORT", str(suite.server.port))


def test_a_marked_test_opens_no_connection_and_others_do(suite):
    suite.write(connects(suite))
    done = suite.run()
    done.assert_outcomes(passed=1, failed=1)
    told = section(done)
    assert told[0] == "replay: refused: a replay reaches nothing outside its cassette"
    assert told[1].startswith(f" refused: 127.0.0.1:{suite.server.port} (tests/test_agent.py:")
    assert told[2] == " allow:   --replay-allowed-hosts 127.0.0.1, if it is no part of the run"


def test_a_test_cannot_swallow_a_refusal(suite):
    suite.write(connects(suite).replace("    with ", "    with contextlib.suppress(BaseException), ", 1))
    suite.edit("import socket", "import contextlib, socket", "tests/test_agent.py")
    suite.run().assert_outcomes(passed=1, failed=1)


def test_what_would_go_live_is_refused_while_the_network_is_blocked(suite):
    suite.write(ONE.replace("replay", 'replay("base", on_divergence="live")'))
    suite.write('@pytest.mark.replay("base")\ndef test_base():\n    say("other")\n', "test_base")
    suite.record("tests/test_base.py")
    suite.edit('"base", on', '"cassettes/test_base/base", on', "tests/test_agent.py")
    calls = suite.server.calls
    suite.run("tests/test_agent.py").assert_outcomes(failed=1)
    assert suite.server.calls == calls
    suite.run("tests/test_agent.py", "--no-replay-block-network").assert_outcomes(passed=1)
    assert suite.server.calls == calls + 1


def test_it_is_refused_while_recording(suite):
    done = suite.run("--replay-block-network", "--replay-mode", "once")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(
        ["ERROR: replay: --replay-block-network and --replay-mode once contradict each other: *", "hint: *"]
    )


def test_the_ini_twin_gives_way_to_a_mode_on_the_command_line(suite):
    suite.write(ONE)
    suite.edit("[pytest]", "[pytest]\nreplay_block_network = true", "pytest.ini")
    suite.run("--replay-mode", "once").assert_outcomes(passed=1)
    suite.run("-v").stdout.fnmatch_lines(["replay: mode none, network blocked, *"])


def test_the_ini_twin_opens_the_network(suite):
    suite.edit("[pytest]", "[pytest]\nreplay_block_network = false", "pytest.ini")
    suite.run("-v").stdout.fnmatch_lines(["replay: mode none, network open, *"])
