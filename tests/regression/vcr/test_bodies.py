"""A body that is not as recorded, and that the suite's configuration does not compare, is told."""

from __future__ import annotations

from pathlib import Path

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")

TWO = ('{"say": "one", "to": "me"}', '{"say": "two", "to": "me"}')


def told(done) -> list[str]:
    """Our lines at the end."""
    start = next(at for at, line in enumerate(done.outlines) if line.startswith("replay: vcr:"))
    return done.outlines[start:-1]


def test_a_test_with_another_body_passes_and_the_field_is_named(suite):
    suite.write("def test_say():\n    assert [say('one'), say('three')] == ['answer 1', 'answer 2']\n")
    suite.cassette("test_say.yaml", *TWO)
    done = suite.run()
    done.assert_outcomes(passed=1)
    assert "\n".join(["$ pytest --replay-vcr", *told(done)]) in README
    assert told(done) == [
        "replay: vcr: 2 requests of 1 test answered, 1 with another body than recorded",
        " ≠ test_it.py::test_say",
        "   another body than request 2 of cassettes/test_it/test_say.yaml: POST http://model.test/chat, called at "
        "test_it.py:6",
        '     request.say: "two" → "three"',
        ' these bodies are not compared: add "body" to match_on, or record again: pytest --record-mode=rewrite',
    ]


def test_nothing_is_told_when_bodies_are_written_otherwise_and_say_the_same(suite):
    suite.write("def test_say():\n    httpx.post(f'{URL}/chat', json={'to': 'me', 'say': 'one'})\n")
    suite.cassette("test_say.yaml", TWO[0])
    assert told(suite.run()) == ["replay: vcr: 1 request of 1 test answered"]


def test_a_body_that_is_that_of_another_request_says_so(suite):
    suite.write("def test_say():\n    assert [say('two'), say('one')] == ['answer 1', 'answer 2']\n")
    suite.cassette("test_say.yaml", *TWO)
    lines = told(suite.run())
    assert sum("its body is that of request" in line for line in lines) == 2


def test_other_ids_and_times_are_called_that(suite):
    new, old = "0b0e7f0c-4d3b-4f0e-9c39-2f5f0c1f9c11", "e2c3b6a4-58a7-4c4e-8d0a-9a4a3c0f7d22"
    suite.write(f"def test_say():\n    say('{new}')\n")
    suite.cassette("test_say.yaml", f'{{"say": "{old}", "to": "me"}}')
    lines = told(suite.run())
    assert lines[0] == "replay: vcr: 1 request of 1 test answered, 1 with other ids or times than recorded"
    assert "other ids or times in the body than request 1" in lines[2]


def test_bytes_that_are_no_text_differ_too(suite):
    suite.write("def test_say():\n    httpx.post(f'{URL}/chat', content=b'\\xff\\xff\\xff')\n")
    suite.cassette("test_say.yaml", "x")
    file = suite.path / "cassettes/test_it/test_say.yaml"
    file.write_text(file.read_text().replace("'x'", "!!binary '/v7+'").replace("application/json", "image/png"))
    assert "     request.body: 3 bytes → 3 bytes" in told(suite.run())


def test_fields_of_a_form_are_named(suite):
    suite.write("def test_form():\n    httpx.post(f'{URL}/chat', data={'a': '1', 'b': '3'})\n")
    suite.cassette("test_form.yaml", "a=1&b=2")
    file = suite.path / "cassettes/test_it/test_form.yaml"
    file.write_text(file.read_text().replace("application/json", "application/x-www-form-urlencoded"))
    assert '     request.b: "2" → "3"' in told(suite.run())


def test_secrets_are_not_shown(suite):
    key = "sk-proj-" + "Ab3dE5gH7jK9mN1pQ3sT5vW7yZ9" * 2
    suite.write(f"def test_say():\n    say('{key}')\n")
    suite.cassette("test_say.yaml", TWO[0])
    done = suite.run()
    assert key not in done.stdout.str()
    assert any('request.say: "one" → "<secret:' in line for line in told(done))


def test_control_sequences_are_not_passed_on(suite):
    suite.write("def test_say():\n    say('\\x1b[2J')\n")
    suite.cassette("test_say.yaml", TWO[0])
    assert "\x1b[2J" not in suite.run().stdout.str()


def test_bodies_that_are_compared_are_not_told_of(suite):
    suite.write("@pytest.mark.vcr(match_on=['path', 'body'])\ndef test_say():\n    assert say('two') == 'answer 2'\n")
    suite.cassette("test_say.yaml", *TWO)
    done = suite.run()
    done.assert_outcomes(passed=1)
    assert told(done) == ["replay: vcr: 1 request of 1 test answered, 1 recorded and not asked for"]


def test_what_is_told_passes_from_a_worker_to_its_controller(suite):
    (suite.path / "conftest.py").write_text(
        "import execnet\n"
        "def pytest_runtest_logreport(report):\n"
        "    if report.when == 'teardown':\n"
        "        report.replay_vcr = execnet.loads(execnet.dumps(report.replay_vcr))\n"
    )
    suite.write("def test_say():\n    say('three')\n    httpx.get(f'{URL}/missing')\n")
    suite.cassette("test_say.yaml", TWO[0])
    done = suite.run()
    done.assert_outcomes(failed=1)
    assert '     request.say: "one" → "three"' in told(done)
