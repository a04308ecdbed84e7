"""What a suite can set, beyond what the recorded suite shows."""

from __future__ import annotations

import pytest

from tests.regression.vcr.server import serving
from tests.regression.vcr.test_bodies import TWO, told


@pytest.mark.parametrize("mode", ["once", "new_episodes", "all", "rewrite"])
def test_a_flag_that_records_is_refused(suite, mode):
    done = suite.run(f"--record-mode={mode}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(
        [
            f"ERROR: replay: --replay-vcr only plays, and --record-mode={mode} records",
            f"hint: record the YAML without --replay-vcr: pytest --record-mode={mode}",
        ]
    )


def test_flags_that_record_nothing_are_taken(suite):
    suite.write("def test_say():\n    assert say('one') == 'answer 1'\n")
    suite.cassette("test_say.yaml", TWO[0])
    flags = ("--record-mode=none", "--block-network", "--allowed-hosts=127.*", "--vcr-record=none")
    suite.run(*flags).assert_outcomes(passed=1)


@pytest.mark.parametrize("flag", ["--disable-recording", "--disable-vcr"])
def test_a_flag_that_switches_cassettes_off_is_refused(suite, flag):
    done = suite.run(flag)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"ERROR: replay: --replay-vcr and {flag} contradict each other"])


def test_the_ini_file_may_ask_for_it(suite):
    suite.write("def test_say():\n    assert say('one') == 'answer 1'\n")
    suite.cassette("test_say.yaml", TWO[0])
    with (suite.path / "pytest.ini").open("a") as ini:
        ini.write("\nreplay_vcr = true\n")
    suite.plain().assert_outcomes(passed=1)


def test_without_the_flag_nothing_is_taken_over(suite):
    suite.write("def test_say(vcr):\n    pass\n")
    done = suite.plain("-W", "ignore::pytest.PytestUnknownMarkWarning")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*fixture 'vcr' not found*"])


def test_marks_are_known_where_marks_are_strict(suite):
    suite.write(
        "@pytest.mark.default_cassette('test_say')\n@pytest.mark.allowed_hosts(['x'])\n"
        "def test_it():\n    assert say('one') == 'answer 1'\n"
    )
    suite.cassette("test_say.yaml", TWO[0])
    suite.run("--strict-markers").assert_outcomes(passed=1)


@pytest.mark.parametrize("option", ["record_mode='all'", "record_mode='rewrite'", "record_mode='new_episodes'"])
def test_a_mark_that_would_record_only_plays_and_the_summary_says_so(suite, option):
    suite.write(f"@pytest.mark.vcr({option})\ndef test_say():\n    assert say('one') == 'answer 1'\n")
    suite.cassette("test_say.yaml", TWO[0])
    done = suite.run()
    done.assert_outcomes(passed=1)
    mode = option.partition("'")[2].rstrip("'")
    assert f" only played, although record_mode is {mode}: 1 test" in told(done)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("record_mode='sometimes'", "replay: 'sometimes' is no record_mode"),
        ("match_on=['mood']", "replay: vcrpy: Matcher mood doesn't exist or isn't registered"),
        ("serializer='toml'", "replay: vcrpy: Serializer toml doesn't exist or isn't registered"),
    ],
)
def test_an_option_that_is_none_is_refused(suite, options, said):
    suite.write(f"@pytest.mark.vcr({options})\ndef test_say():\n    pass\n")
    done = suite.run()
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines([f"*{said}*"])


@pytest.mark.parametrize(
    "text",
    [
        "interactions: [",
        "interactions: [{request: 7}]",
        "just text",
        "interactions: !!python/object/apply:os.system [exit]",
        "interactions: " + "[" * 5000,
    ],
)
def test_a_file_that_cannot_be_read_is_no_empty_one(suite, text):
    suite.write("def test_say():\n    pass\n")
    suite.cassette("test_say.yaml")
    (suite.path / "cassettes/test_it/test_say.yaml").write_text(text)
    done = suite.run()
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["replay: *cassettes/test_it/test_say.yaml cannot be read: *"])


def test_hosts_that_are_ignored_are_reached(suite):
    with serving() as server:
        suite.write(
            "@pytest.mark.vcr(ignore_localhost=True)\n"
            "def test_say():\n"
            "    import requests, urllib.request\n"
            f"    there = 'http://127.0.0.1:{server.server_port}/echo'\n"
            "    assert say('one') == 'answer 1'\n"
            "    for get in (lambda: httpx.get(there).json(), lambda: requests.get(there).json()):\n"
            "        assert get()['method'] == 'GET'\n"
            "    with urllib.request.urlopen(there) as response:\n"
            "        assert response.status == 200\n"
        )
        suite.cassette("test_say.yaml", TWO[0])
        suite.run().assert_outcomes(passed=1)
        assert next(server.numbers) == 4


def test_a_test_without_the_mark_reaches_the_world_also_after_one_with_it(suite):
    with serving() as server:
        suite.path.joinpath("test_it.py").write_text(
            "import httpx, pytest\n"
            f"there = 'http://127.0.0.1:{server.server_port}/chat'\n"
            "@pytest.mark.vcr\ndef test_played():\n    assert httpx.post(there, json={'say': 1}).text == 'answer 1'\n"
            "def test_live():\n    assert httpx.post(there).json()['method'] == 'POST'\n"
        )
        suite.cassette("test_played.yaml", '{"say": 1}', url=f"http://127.0.0.1:{server.server_port}/chat")
        suite.run().assert_outcomes(passed=2)


def test_rules_of_redaction_that_make_no_sense_are_refused(suite):
    (suite.path / "pyproject.toml").write_text("[tool.replay.redact]\nnonsense = 7\n")
    suite.write("def test_say():\n    pass\n")
    done = suite.run()
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["replay: *nonsense*"])


def test_a_suite_may_forbid_to_look_at_files_while_its_requests_are_answered(suite):
    suite.write(
        "import os, pathlib\n"
        "def forbidden(*_):\n    raise RuntimeError('blocking')\n"
        "def test_say(monkeypatch):\n"
        "    with monkeypatch.context() as patch:\n"
        "        for name in ('getcwd', 'stat', 'open'):\n"
        "            patch.setattr(os, name, forbidden)\n"
        "        said = [say('one'), say('three')]\n"
        "    assert said == ['answer 1', 'answer 2']\n"
    )
    suite.cassette("test_say.yaml", *TWO)
    done = suite.run()
    done.assert_outcomes(passed=1)
    assert any(line.endswith("called at test_it.py:6") for line in told(done))


def test_fixtures_that_name_file_and_directory(suite):
    suite.write(
        "@pytest.fixture(scope='module')\ndef vcr_cassette_dir():\n    return 'cassettes/elsewhere'\n"
        "@pytest.fixture\ndef default_cassette_name(request):\n    return 'mine'\n"
        "def test_say(vcr):\n    assert say('one') == 'answer 1' and vcr.all_played\n"
    )
    suite.cassette("mine.yaml", TWO[0], folder="elsewhere")
    suite.run().assert_outcomes(passed=1)


def test_a_test_whose_name_is_longer_than_a_file_s_may_be(suite):
    name = "x" * 300
    suite.write(f"@pytest.mark.parametrize('word', [1], ids=['{name}'])\ndef test_say(word):\n    assert say('one')\n")
    # As pytest-recording 0.14 calls it.
    suite.cassette(f"test_say[{'x' * 206}...c46e049b7d74c095682d0d3c393b11d7.yaml", TWO[0])
    suite.run().assert_outcomes(passed=1)


def test_a_mark_closer_to_the_test_wins(suite):
    suite.write(
        "@pytest.fixture\ndef vcr_config():\n    return {'match_on': ['body'], 'allow_playback_repeats': True}\n"
        "@pytest.mark.vcr(match_on=['uri'])\nclass TestIt:\n"
        "    @pytest.mark.vcr(match_on=['method'])\n"
        "    def test_say(self):\n"
        "        assert [httpx.post(f'{URL}/{n}').text for n in range(2)] == ['answer 1', 'answer 1']\n"
    )
    suite.cassette("TestIt.test_say.yaml", TWO[0])
    suite.run().assert_outcomes(passed=1)


def test_only_some_hosts_are_reached_where_the_network_is_blocked(suite):
    with serving() as server:
        suite.path.joinpath("test_it.py").write_text(
            "import pytest, socket\n"
            "@pytest.mark.block_network(allowed_hosts=['127.*'])\n"
            "def test_allowed():\n"
            f"    socket.create_connection(('127.0.0.1', {server.server_port})).close()\n"
            "@pytest.mark.block_network(hosts=['127.*'])\ndef test_wrong():\n    pass\n"
            "@pytest.mark.block_network\ndef test_blocked():\n"
            "    with socket.socket() as link, pytest.raises(RuntimeError, match='Network is disabled'):\n"
            f"        link.connect(('127.0.0.1', {server.server_port}))\n"
        )
        done = suite.run()
    done.assert_outcomes(passed=2, errors=1)
    done.stdout.fnmatch_lines(["replay: the mark block_network takes allowed_hosts and nothing else*"])
