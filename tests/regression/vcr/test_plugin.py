"""In the place of other plugins, and beside our own marks."""

from __future__ import annotations

import pytest

from tests.regression.vcr.test_bodies import TWO, told

OLDER = """
import pytest

def pytest_addoption(parser):
    group = parser.getgroup("vcr")
    group.addoption("--vcr-record", dest="vcr_record", default=None)
    group.addoption("--disable-vcr", action="store_true", dest="disable_vcr")

@pytest.fixture(autouse=True)
def _vcr_marker(request):
    raise AssertionError("the older plugin is still here")
"""
"""As much of pytest-vcr as is to be taken over."""


@pytest.fixture
def older(suite, monkeypatch):
    (suite.path / "pytest_vcr.py").write_text(OLDER, encoding="utf-8")
    monkeypatch.syspath_prepend(suite.path)
    suite.cassette("test_say.yaml", *TWO, folder="")
    return suite


def test_a_suite_of_pytest_vcr_finds_its_file_and_fixtures(older):
    older.write(
        "@pytest.fixture(scope='module')\ndef vcr_config():\n    return {'record_mode': 'none'}\n"
        "@pytest.fixture(scope='module')\ndef vcr(vcr):\n"
        "    vcr.register_matcher('same', lambda asked, recorded: asked.body == recorded.body)\n"
        "    vcr.match_on = ['same']\n    return vcr\n"
        "def test_say(vcr_cassette, vcr_cassette_name):\n"
        """    said = httpx.post(URL, content='{"say": "two", "to": "me"}').text\n"""
        "    assert said == 'answer 2' and vcr_cassette.play_count == 1 and vcr_cassette_name == 'test_say'\n"
        "class TestIt:\n"
        "    @pytest.mark.vcr(match_on=['method'])\n"
        "    def test_say(self):\n        assert say('one') == 'answer 1'\n"
    )
    older.cassette("TestIt.test_say.yaml", TWO[0], folder="")
    done = older.run("-p", "pytest_vcr", "--vcr-record=none")
    done.assert_outcomes(passed=2)


def test_how_to_record_is_told_in_the_words_of_pytest_vcr(older):
    older.write("def test_say():\n    assert say('three') == 'answer 1'\n")
    assert told(older.run("-p", "pytest_vcr"))[-1].endswith("or record again: pytest --vcr-record=all")


def test_it_does_so_too_where_pytest_vcr_is_not_there(older):
    older.write("def test_say(vcr_cassette):\n    assert say('one') == 'answer 1' and len(vcr_cassette) == 2\n")
    older.run("--vcr-record=none").assert_outcomes(passed=1)


def test_unless_its_flag_records(older):
    done = older.run("-p", "pytest_vcr", "--vcr-record=once")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: replay: --replay-vcr only plays, and --vcr-record=once records"])


def test_a_test_with_both_marks_is_refused(suite):
    suite.write("@pytest.mark.replay\ndef test_it():\n    pass\n")
    done = suite.run()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: replay: test_it.py::test_it is marked both replay and vcr*"])


def test_tests_of_both_kinds_keep_to_their_own(suite):
    (suite.path / "test_it.py").write_text(
        "import httpx, pytest, replay, subprocess, sys, random, time\n"
        "@pytest.mark.replay\ndef test_before():\n    random.random()\n"
        "@replay.tool\ndef double(n: int) -> int:\n    return 2 * n\n"
        "@pytest.mark.vcr\ndef test_say():\n"
        "    assert httpx.post('http://model.test/chat', json={}).text == 'answer 1'\n"
        "    assert double(4) == 8 and random.random() < 1 < time.time()\n"
        "    assert subprocess.run([sys.executable, '-c', ''], check=True).returncode == 0\n"
        "@pytest.mark.replay\ndef test_after():\n    pass\n"
    )
    suite.cassette("test_say.yaml", TWO[0])
    done = suite.run("--replay-mode", "once")
    done.assert_outcomes(passed=3)
    assert told(done)[0].startswith("replay: vcr: 1 request of 1 test answered")


def test_a_session_within_a_test_is_refused(suite):
    suite.write(
        "import replay\ndef test_say(tmp_path):\n    with replay.record(tmp_path / 'x.cassette'):\n        pass\n"
    )
    suite.cassette("test_say.yaml", TWO[0])
    done = suite.run()
    done.stdout.fnmatch_lines(["replay: replay.record or replay.play was used within a test marked vcr*"])
    assert done.ret == pytest.ExitCode.TESTS_FAILED


def test_unittest_and_threads_are_served(suite):
    (suite.path / "test_it.py").write_text(
        "import unittest, httpx, pytest\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "def say(n):\n    return httpx.post('http://model.test/chat', json={'say': 'one', 'to': 'me'}).text\n"
        "@pytest.mark.vcr\nclass TestIt(unittest.TestCase):\n"
        "    def test_say(self):\n"
        "        with ThreadPoolExecutor(4) as pool:\n"
        "            assert sorted(pool.map(say, range(4))) == [f'answer {n}' for n in (1, 2, 3, 4)]\n"
    )
    suite.cassette("TestIt.test_say.yaml", *[TWO[0]] * 4)
    suite.run().assert_outcomes(passed=1)
