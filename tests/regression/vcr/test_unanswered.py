"""A request that no recorded one answers: vcrpy's exception, and a section that names the closest."""

from __future__ import annotations

from tests.regression.vcr.test_bodies import TWO, told


def section(done) -> list[str]:
    """The lines of the first section of ours, its title first."""
    start = next(at for at, line in enumerate(done.outlines) if "- replay: " in line)
    lines = [done.outlines[start].strip("- ")]
    for line in done.outlines[start + 1 :]:
        if not line.startswith(" "):
            break
        lines.append(line)
    return lines


def test_it_fails_the_test_and_the_closest_is_named(suite):
    suite.write(
        "@pytest.mark.vcr(match_on=['method', 'path', 'body'])\ndef test_say():\n    say('one')\n    say('three')\n"
    )
    suite.cassette("test_say.yaml", *TWO)
    done = suite.run()
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["E *CannotOverwriteExistingCassetteException: *"])
    assert section(done) == [
        "replay: no answer in cassettes/test_it/test_say.yaml: POST http://model.test/chat, called at test_it.py:6",
        "   closest: request 2 of 2, which differs in body",
        '   request.say: "two" → "three"',
        "   compared: method, path, body",
        "   accept:  pytest test_it.py::test_say --record-mode=rewrite, without --replay-vcr",
    ]


def test_one_that_was_played_already_is_said_to_be(suite):
    suite.write("def test_say():\n    say('one')\n    say('one')\n")
    suite.cassette("test_say.yaml", TWO[0])
    done = suite.run()
    done.assert_outcomes(failed=1)
    assert "   closest: request 1 of 1, which was played already (allow_playback_repeats is off)" in section(done)


def test_a_file_that_is_not_there_is_named(suite):
    suite.write("def test_say():\n    say('one')\n")
    done = suite.run()
    done.assert_outcomes(failed=1)
    assert section(done)[1:] == [
        "   there is no such file",
        "   record:  pytest test_it.py::test_say --record-mode=once, without --replay-vcr",
    ]


def test_a_test_that_expects_it_passes_and_the_summary_says_so(suite):
    suite.write(
        "from vcr.errors import CannotOverwriteExistingCassetteException as Missing\n"
        "def test_say():\n"
        "    with pytest.raises(Missing, match='method and path'):\n"
        "        httpx.get(f'{URL}/other')\n"
    )
    suite.cassette("test_say.yaml", TWO[0])
    done = suite.run()
    done.assert_outcomes(passed=1)
    lines = told(done)
    assert lines[0] == "replay: vcr: 0 requests of 1 test answered, 1 not in the file, 1 recorded and not asked for"
    assert " + test_it.py::test_say passed, although" in lines
    assert any("closest: request 1 of 1, which differs in method, path" in line for line in lines)


def test_a_request_of_a_fixture_is_told_of(suite):
    suite.write("@pytest.fixture\ndef said():\n    return say('one')\ndef test_say(said):\n    pass\n")
    done = suite.run()
    done.assert_outcomes(errors=1)
    assert section(done)[1] == "   there is no such file"


def test_a_client_that_tries_again_is_told_once(suite):
    suite.write(
        "def test_say():\n    for _ in range(2):\n"
        "        try:\n            say('one')\n        except Exception:\n            pass\n    assert 0\n"
    )
    done = suite.run()
    assert len([line for line in done.outlines if "- replay: " in line]) == 1


def test_a_client_that_no_tap_sees_is_told_the_same(suite):
    suite.write(
        "import http.client\nfrom contextlib import closing\n"
        "def test_say():\n"
        "    with closing(http.client.HTTPConnection('model.test')) as connection:\n"
        "        connection.request('GET', '/other')\n"
        "        connection.getresponse()\n"
    )
    suite.cassette("test_say.yaml", TWO[0])
    done = suite.run()
    done.assert_outcomes(failed=1)
    assert section(done)[1] == "   closest: request 1 of 1, which differs in method, path"


def test_the_bodies_before_it_are_shown_with_the_failure(suite):
    suite.write("def test_say():\n    say('other')\n    httpx.get(f'{URL}/missing')\n")
    suite.cassette("test_say.yaml", TWO[0])
    done = suite.run()
    done.assert_outcomes(failed=1)
    titles = [line for line in done.outlines if "- replay: " in line]
    assert len(titles) == 2 and "another body than request 1" in titles[1]
