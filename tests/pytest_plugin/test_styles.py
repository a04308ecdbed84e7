"""Tests of every style replay: plain, pytest-asyncio, anyio, trio, unittest, classes; with fixtures that make calls."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.suite import section, summary

STYLES = {
    "plain": """
@pytest.mark.replay
def test_it():
    assert say("hello") and say("again")
""",
    "pytest-asyncio": """
import asyncio
@pytest.mark.replay
async def test_it():
    assert all(await asyncio.gather(asay("hello"), asay("hello"), asay("other")))
""",
    "pytest-asyncio, one loop for the module": """
import asyncio
pytestmark = pytest.mark.asyncio(loop_scope="module")
@pytest.mark.replay
async def test_it():
    assert await asay("hello")
@pytest.mark.replay
async def test_again():
    assert all(await asyncio.gather(asay("hello"), asay("other")))
""",
    "anyio": """
import anyio
pytestmark = [pytest.mark.anyio, pytest.mark.replay]
@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param
async def test_it():
    async with anyio.create_task_group() as group:
        group.start_soon(asay, "one")
        group.start_soon(asay, "two")
    assert await asay("hello")
""",
    "anyio, a runner for the module": """
pytestmark = pytest.mark.anyio
@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"
@pytest.fixture(scope="module")
async def opened():
    yield "open"
@pytest.mark.replay
async def test_it(opened):
    assert await asay("hello")
@pytest.mark.replay
async def test_again(opened):
    assert await asay("again")
""",
    "trio": """
import trio
@pytest.mark.trio
@pytest.mark.replay
async def test_it():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(asay, "one")
        nursery.start_soon(asay, "two")
    assert await asay("hello")
""",
    "unittest": """
import unittest
@pytest.mark.replay
class TestIt(unittest.TestCase):
    def setUp(self):
        self.before = say("set up")
    def tearDown(self):
        say("tear down")
    def test_it(self):
        self.assertTrue(say("hello"))
""",
    "unittest, asynchronous": """
import unittest
class TestIt(unittest.IsolatedAsyncioTestCase):
    @pytest.mark.replay
    async def test_it(self):
        self.assertTrue(await asay("hello"))
""",
    "a class": """
@pytest.mark.replay
class TestIt:
    def setup_method(self):
        self.before = say("set up")
    @pytest.mark.parametrize("text", ["a", "b"])
    def test_it(self, text):
        assert say(text)
""",
    "fixtures that make calls": """
@pytest.fixture
def greeted():
    yield say("set up")
    say("tear down")
@pytest.mark.replay
def test_it(greeted):
    assert say("hello")
""",
    "asynchronous fixtures that make calls": """
import pytest_asyncio
@pytest_asyncio.fixture
async def greeted():
    yield await asay("set up")
    await asay("tear down")
@pytest.mark.replay
async def test_it(greeted):
    assert await asay("hello")
""",
    "time and dice": """
import datetime, random, uuid
@pytest.mark.replay
def test_it():
    assert say(f"{datetime.datetime.now()} {random.random()} {uuid.uuid4()}")
""",
}

PLUGINS = {"anyio": ("-p", "anyio", "-o", "asyncio_mode=strict"), "trio": ("-p", "trio", "-o", "asyncio_mode=strict")}


@pytest.mark.parametrize("style", STYLES)
def test_a_test_of_this_style_records_and_replays(suite, style):
    plugins = PLUGINS.get(style.partition(",")[0], ())
    suite.write(STYLES[style])
    recorded = suite.record(*plugins)
    calls = suite.server.calls
    done = suite.run(*plugins)
    assert summary(done) == summary(recorded).replace("recorded", "matched")
    assert "matched" in summary(done) and "≈" not in done.stdout.str()
    assert suite.server.calls == calls


def test_a_fixture_of_wider_scope_is_no_part_of_a_test(suite):
    suite.write(
        """
@pytest.fixture(scope="session")
def greeting():
    return say("once")
@pytest.mark.replay
def test_one(greeting):
    say("one")
@pytest.mark.replay
def test_two(greeting):
    say("two")
"""
    )
    suite.record()
    done = suite.run()
    done.assert_outcomes(passed=2)
    assert suite.server.calls == 4, "the session's own call is made each time"


def test_a_call_that_a_fixture_no_longer_makes_is_told_after_the_test(suite):
    suite.write(STYLES["fixtures that make calls"])
    suite.record()
    suite.edit('    say("tear down")\n', "", "tests/test_agent.py")
    done = suite.run()
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["replay: step 3 of 3 was not asked for"])


def test_a_lost_call_of_the_test_itself_fails_it_at_once(suite):
    suite.write(STYLES["fixtures that make calls"])
    suite.record()
    suite.edit('say("hello")', "True", "tests/test_agent.py")
    done = suite.run()
    done.assert_outcomes(failed=1)
    assert section(done)[0] == "replay: step 2 of 3 was not asked for"


def test_a_test_that_is_skipped_within_itself_is_no_failure(suite):
    suite.write(STYLES["plain"])
    suite.record()
    suite.edit('say("again")', 'pytest.skip("enough")', "tests/test_agent.py")
    suite.run().assert_outcomes(skipped=1)


def test_an_expected_failure_stays_one(suite):
    suite.write("@pytest.mark.xfail(strict=True)" + STYLES["plain"])
    suite.edit('say("again")', "False", "tests/test_agent.py")
    suite.run("--replay-mode", "once").assert_outcomes(xfailed=1)
    suite.run().assert_outcomes(xfailed=1)
