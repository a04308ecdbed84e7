"""``replay import`` and ``replay export``."""

from __future__ import annotations

import json
import sys
from typing import NamedTuple

import pytest
import yaml

from replay.cli.main import main
from tests.cli import rig
from tests.interop.making import URL, entry, har_text, record, vcr_text

PROGRAM = """
import sys, httpx
print(httpx.get(sys.argv[1]).text)
"""


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def replay(folder, capsys, monkeypatch):
    """The command line in ``folder``, in this process."""
    monkeypatch.chdir(folder)

    def run(*words: str) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(words)
        return Done(ended.value.code, *capsys.readouterr())

    return run


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "agent.py").write_text(PROGRAM)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "deep").mkdir()
    (tmp_path / "old" / "one.yaml").write_text(vcr_text(record("hello")))
    (tmp_path / "old" / "deep" / "two.har").write_text(har_text(entry("hi")))
    return tmp_path


def test_an_imported_cassette_is_played_shown_listed_and_compared(folder, replay):
    done = replay("import", "old/one.yaml", "-o", "one.cassette")
    assert (done.returncode, done.stdout) == (0, "old/one.yaml -> one.cassette  1 event\n")
    assert done.stderr.splitlines()[0] == "replay: imported 1 of 1 file, 1 event"
    played = rig.replay("play", "one.cassette", "--", sys.executable, "agent.py", URL, cwd=folder)
    assert (played.returncode, played.stdout) == (0, "hello\n")
    assert played.stderr.splitlines() == ["replay: identical: 1 served, 0 live"]
    assert "api.example.com" in replay("show", "one.cassette").stdout
    assert "one.cassette" in replay("ls").stdout
    assert replay("diff", "one.cassette", "one.cassette").returncode == 0


def test_an_imported_cassette_does_not_say_how_to_run_it(folder, replay):
    replay("import", "old/one.yaml", "-o", "one.cassette")
    done = replay("play", "one.cassette")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "replay: error: one.cassette does not say what program it is of",
        "hint: replay play one.cassette -- CMD",
    ]


def test_a_directory_is_imported_with_all_that_is_in_it_and_exported_again(folder, replay):
    done = replay("import", "old", "-o", "new")
    assert done.returncode == 0
    assert (folder / "new" / "one.cassette").is_file()
    assert (folder / "new" / "deep" / "two.cassette").is_file()
    done = replay("export", "new", "--to", "har", "-o", "back")
    assert done.returncode == 0
    assert json.loads((folder / "back" / "deep" / "two.har").read_text()) == json.loads(har_text(entry("hi")))


def test_what_is_not_imported_is_listed_with_its_reason(folder, replay):
    strange = [{"kind": "message", "direction": "sent"}] * 2
    (folder / "old" / "three.yaml").write_text(vcr_text(record("a"), *strange, {"request": 1}))
    (folder / "old" / "config.json").write_text("{}")
    done = replay("import", "old", "-o", "new")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert "old/config.json: not imported: it is no recording of a known kind" in lines
    at = lines.index("old/three.yaml -> new/three.cassette  1 event")
    assert lines[at + 1 : at + 3] == [
        "  not imported: 2 records from 2 on: a WebSocket message without its address: "
        "only what was said stands in the file",
        "  not imported: record 4: it has no request",
    ]
    assert done.stderr.splitlines()[0] == (
        "replay: imported 3 of 4 files, 3 events; 3 records kept as a note alone, which no replay serves"
    )


def test_a_named_file_that_is_no_recording_is_an_error(folder, replay):
    done = replay("import", "agent.py", "-o", "x.cassette")
    assert done.returncode == 3
    assert "not imported" in done.stdout
    assert not (folder / "x.cassette").exists()
    assert replay("import", "gone.yaml").returncode == 2


def test_nothing_is_replaced_unless_it_is_asked(folder, replay):
    assert replay("import", "old/one.yaml").returncode == 0
    done = replay("import", "old/one.yaml")
    assert done.returncode == 2
    assert "old/one.cassette exists" in done.stdout
    assert replay("import", "old/one.yaml", "--force").returncode == 0


def test_two_files_of_one_name_get_two_cassettes(folder, replay):
    (folder / "old" / "one.har").write_text(har_text(entry("x")))
    assert replay("import", "old", "-o", "new").returncode == 0
    assert {path.name for path in (folder / "new").glob("one*")} == {"one.cassette", "one.yaml.cassette"}


def test_redaction_is_counted_and_verbatim_does_none(folder, replay):
    told = record("x", headers={"Set-Cookie": ["session=abcdefgh12345678"]})
    (folder / "old" / "one.yaml").write_text(vcr_text(told))
    done = replay("import", "old/one.yaml", "-o", "a.cassette")
    assert done.stderr.splitlines()[1] == "replay: redacted 1 value: response header set-cookie (1)"
    done = replay("import", "old/one.yaml", "-o", "b.cassette", "--verbatim", "--json")
    (row,) = json.loads(done.stdout)["files"]
    assert (row["to"], row["events"], row["redacted"]) == ("b.cassette", 1, {})
    back = replay("export", "b.cassette")
    assert yaml.safe_load(back.stdout) == {"interactions": [told], "version": 1}


def test_the_suffix_says_what_is_written(folder, replay):
    replay("import", "old/one.yaml", "-o", "one.cassette")
    for name in ("x.yaml", "x.json", "x.har"):
        assert replay("export", "one.cassette", "-o", name).returncode == 0
        assert replay("import", name, "-o", f"{name}.cassette").returncode == 0
    done = replay("export", "one.cassette", "-o", "x.har")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "hint: --force replaces it"


def test_a_respx_fixture_can_be_used_by_a_test(folder, replay, pytester):
    made = str(folder / "one.cassette")
    replay("import", str(folder / "old" / "one.yaml"), "-o", made)
    assert replay("export", made, "-o", str(pytester.path / "conftest.py")).returncode == 0
    pytester.makepyfile(f"import httpx\ndef test_it(one_router):\n    assert httpx.get({URL!r}).text == 'hello'\n")
    pytester.runpytest_inprocess("-p", "no:recording", "-p", "no:asyncio").assert_outcomes(passed=1)
