"""Other plugins in the same suite: xdist, randomly, cov, rerunfailures, pytest-recording, respx."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.suite import summary

MANY = """
pytestmark = pytest.mark.replay

@pytest.mark.parametrize("number", range(6))
def test_say(number):
    assert say(f"number {number}")

@pytest.mark.replay(scope="class")
class TestTalk:
    def test_one(self):
        assert say("one")
    def test_two(self):
        assert say("two")
"""

VCR = """
import httpx, socket

@pytest.mark.vcr
def test_recorded_by_vcr():
    assert httpx.get("http://127.0.0.1:PORT/orders/7").json()["order_id"] == 7

@pytest.mark.replay
def test_recorded_by_replay():
    assert httpx.get("http://127.0.0.1:PORT/orders/8").json()["order_id"] == 8

@pytest.mark.block_network
def test_blocked():
    with socket.socket() as link, pytest.raises(RuntimeError, match="Network is disabled"):
        link.connect(("127.0.0.1", PORT))
"""

RESPX = """
import httpx, respx

def test_mocked():
    with respx.mock:
        respx.get("https://api.example.com/").respond(json={"from": "respx"})
        assert httpx.get("https://api.example.com/").json() == {"from": "respx"}

@pytest.mark.replay
def test_recorded():
    assert say("hello")

def test_mocked_again(respx_mock):
    respx_mock.get("https://api.example.com/").respond(json={"from": "respx"})
    assert httpx.get("https://api.example.com/").json() == {"from": "respx"}
"""


@pytest.mark.parametrize("dist", ["load", "loadfile", "worksteal", "loadscope"])
def test_workers_replay_and_the_controller_tells_it_all(suite, dist):
    suite.write(MANY)
    suite.record()
    (suite.path / "cassettes/test_agent/test_old.cassette").touch()
    done = suite.apart("-p", "xdist", "-n", "2", "--dist", dist)
    done.assert_outcomes(passed=8)
    assert summary(done).endswith("matched, 1 unused")
    assert " unused: rm cassettes/test_agent/test_old.cassette" in done.outlines


def test_workers_record(suite):
    suite.write(MANY)
    done = suite.apart("-p", "xdist", "-n", "2", "--dist", "loadfile", "--replay-mode", "once")
    done.assert_outcomes(passed=8)
    assert summary(done) == "replay: 7 recorded"
    assert summary(suite.run()) == "replay: 7 matched"


def test_a_failure_in_a_worker_has_its_section(suite):
    suite.write(MANY)
    suite.record()
    suite.edit("number {number}", "no. {number}", "tests/test_agent.py")
    done = suite.apart("-p", "xdist", "-n", "2")
    done.assert_outcomes(passed=2, failed=6)
    assert any("- replay: diverged at step 1 of 1 -" in line for line in done.outlines)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--dist", "load"), "--dist load may give tests that share a cassette to several workers"),
        (("--dist", "each", "--tx", "2*popen"), "with --dist each every worker would write the same cassettes"),
    ],
)
def test_workers_that_would_record_over_each_other_are_refused(suite, flags, said):
    suite.write(MANY)
    done = suite.apart("-p", "xdist", "-n", "2", "--replay-mode", "once", *flags)
    assert done.ret != pytest.ExitCode.OK
    assert "cassettes/test_agent/TestTalk.cassette" not in suite.cassettes()
    assert said in done.stdout.str() + done.stderr.str()


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_any_order_of_tests_replays(suite, seed):
    suite.write(MANY)
    suite.record("-p", "randomly", "--randomly-seed=7")
    done = suite.run("-p", "randomly", f"--randomly-seed={seed}")
    done.assert_outcomes(passed=8)
    assert summary(done) == "replay: 7 matched"


def test_coverage_is_measured_within_replayed_tests(suite):
    suite.write(MANY)
    suite.record()
    done = suite.apart("-p", "pytest_cov", "--cov=agent", "--cov-report=term-missing")
    done.assert_outcomes(passed=8)
    done.stdout.fnmatch_lines(["agent.py *%*"])


def test_a_test_that_is_run_again_begins_its_cassette_again(suite):
    suite.write(
        """
runs = []
@pytest.mark.replay
def test_flaky():
    runs.append(say("one"))
    assert say("two") and len(runs) > 1
"""
    )
    flags = ("-p", "rerunfailures", "--reruns", "2")
    suite.record(*flags)
    done = suite.run(*flags)
    done.stdout.fnmatch_lines(["*1 passed*1 rerun*"])
    assert summary(done) == "replay: 1 matched"


def test_a_divergence_is_one_however_often_it_is_run_again(suite):
    suite.write("@pytest.mark.replay\ndef test_it():\n    say('before')\n")
    suite.record()
    suite.edit("before", "after", "tests/test_agent.py")
    done = suite.run("-p", "rerunfailures", "--reruns", "2")
    done.stdout.fnmatch_lines(["*1 failed*2 rerun*"])
    assert summary(done) == "replay: 1 diverged"


def test_pytest_recording_and_replay_each_keep_their_own_tests(suite):
    suite.write(VCR.replace("PORT", str(suite.server.port)))
    # Apart, for yaml's C part does not take being imported again.
    done = suite.apart("-p", "recording", "--record-mode", "once", "--replay-mode", "once")
    done.assert_outcomes(passed=3)
    assert [path.name for path in suite.path.glob("tests/cassettes/**/*.yaml")] == ["test_recorded_by_vcr.yaml"]
    assert suite.cassettes() == ["cassettes/test_agent/test_recorded_by_replay.cassette"]
    calls = suite.server.calls
    suite.apart("-p", "recording").assert_outcomes(passed=3)
    assert suite.server.calls == calls == 2


def test_a_test_with_both_marks_is_refused(suite):
    suite.write("@pytest.mark.vcr\n@pytest.mark.replay\ndef test_it():\n    pass\n")
    done = suite.run("-p", "recording")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: replay: tests/test_agent.py::test_it is marked both replay and vcr*"])


def test_respx_and_replay_in_one_suite(suite):
    suite.write(RESPX)
    suite.record("-p", "respx")
    done = suite.run("-p", "respx")
    done.assert_outcomes(passed=3)
    assert summary(done) == "replay: 1 matched"


@pytest.mark.parametrize("option", ["parallel_threads", "tests_per_worker"])
def test_threads_that_run_tests_side_by_side_are_refused(suite, option):
    (suite.path / "conftest.py").write_text(
        f"def pytest_addoption(parser):\n    parser.addoption('--{option}', default=4)\n", encoding="utf-8"
    )
    done = suite.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(
        ["ERROR: replay: * runs tests in threads of one process, *", "hint: use pytest-xdist: -n"]
    )
