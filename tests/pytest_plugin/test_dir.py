"""``--replay-dir``, the fixture ``replay_dir``, and how cassettes are called."""

from __future__ import annotations

from tests.pytest_plugin.suite import summary

ONE = """
@pytest.mark.replay
def test_hello():
    say("hello")
"""


def test_the_flag_and_its_ini_twin(suite):
    suite.write(ONE)
    suite.run("--replay-mode", "once", "--replay-dir", "tapes").assert_outcomes(passed=1)
    assert (suite.path / "tapes/test_agent/test_hello.cassette").is_file()
    suite.edit("[pytest]", "[pytest]\nreplay_dir = tapes", "pytest.ini")
    assert summary(suite.run()) == "replay: 1 matched"


def test_a_module_may_say_where_its_cassettes_lie(suite):
    suite.write(
        """
@pytest.fixture(scope="module")
def replay_dir(request):
    return request.config.rootpath / "elsewhere"
"""
        + ONE
    )
    suite.record()
    assert (suite.path / "elsewhere/test_hello.cassette").is_file()


def test_modules_of_the_same_name_have_folders_of_their_own(suite):
    suite.write(ONE)
    (suite.path / "tests/billing").mkdir()
    (suite.path / "tests/billing/__init__.py").touch()
    suite.write(ONE, "billing/test_agent")
    suite.record()
    assert suite.cassettes() == [
        "cassettes/billing/test_agent/test_hello.cassette",
        "cassettes/test_agent/test_hello.cassette",
    ]


def test_a_mark_names_a_cassette_beside_the_others_or_from_the_root(suite):
    suite.write(
        """
@pytest.mark.replay("refund")
def test_near():
    say("near")

@pytest.mark.replay("shared/refund.cassette")
def test_far():
    say("far")
"""
    )
    suite.record()
    assert suite.cassettes() == ["cassettes/test_agent/refund.cassette"]
    assert (suite.path / "shared/refund.cassette").is_file()
    assert summary(suite.run()) == "replay: 2 matched"


def test_parametrised_names_are_kept_apart_when_they_are_cut_or_hold_odd_signs(suite):
    suite.write(
        """
@pytest.mark.replay
@pytest.mark.parametrize("text", ["short", "a/b", "a:b", "x" * 200 + "1", "x" * 200 + "2"])
def test_say(text):
    say(text)
"""
    )
    suite.record()
    names = suite.cassettes()
    assert len(names) == 5 and "cassettes/test_agent/test_say[short].cassette" in names
    assert all(len(name.rpartition("/")[2]) <= 120 for name in names)
    assert summary(suite.run()) == "replay: 5 matched"
