from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from replay.cassette import Writer
from replay.events import Chunk, End, Event, Header, Note, Request
from tests.cli import rig

STEER = "\x1b]0;owned\x07\u202e<b>"


def write(path, *values, seal=True, output=None):
    """A run of one tool call for each value."""
    writer = Writer.create(str(path), Header(run="r", created=0))
    for at, value in enumerate(values):
        body = json.dumps({"order": at, "words": "of its own"}).encode()
        event = Event(writer.next_id(), Request("tool", "call", f"tool_{at}", body=body), number=at, tick=at)
        writer.issue(event)
        writer.parts(event.id, [Chunk(json.dumps(value).encode(), 1_000_000, 0)], 1_000_000, 0)
        writer.parts(event.id, [End()], 1_000_000, 0)
    if output is not None:
        writer.note(Note("output", output))
    writer.close(seal=seal)


@pytest.fixture
def diff(tmp_path):
    """``diff(*words)`` compares a.cassette with b.cassette, whose second call of three got another result."""
    write(tmp_path / "a.cassette", 1, f"seven {STEER}", 3)
    write(tmp_path / "b.cassette", 1, f"eight {STEER}", 3)
    return lambda *words, **env: rig.replay("diff", "a.cassette", "b.cassette", *words, cwd=tmp_path, **env)


def test_a_difference_is_told_and_exits_1(diff):
    done = diff()
    assert done.returncode == 1
    assert "a.cassette ⟷ b.cassette   first difference: step 2 (tool tool_1)" in done.stdout
    assert 'response.value: "seven' in done.stdout
    assert "cause: the same was asked and the tool gave another result" in done.stdout
    assert done.stderr == "hint: replay diff a.cassette b.cassette --step 2\n"


def test_what_the_readme_shows_is_what_is_printed():
    root = Path(__file__).parents[2]
    block = (root / "README.md").read_text("utf-8").partition("```\n$ replay diff ")[2].partition("```")[0]
    command, *lines = block.splitlines()
    shown = rig.replay("diff", *command.split(), cwd=root).stdout.splitlines()
    assert shown[: len(lines)] == lines


def test_equal_runs_exit_0(tmp_path, diff):
    done = rig.replay("diff", "a.cassette", "a.cassette", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "identical" in done.stdout


def test_quiet_tells_by_the_exit_code_alone(tmp_path, diff):
    done = diff("-q")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    assert rig.replay("diff", "b.cassette", "b.cassette", "-q", cwd=tmp_path).returncode == 0


def test_one_step_in_full(diff):
    done = diff("--step", "2")
    assert "--- response.value (changed)\n[-seven-]{+eight+}" in done.stdout
    assert diff("--step", "9").returncode == 2
    assert "its steps are 1 to 3" in diff("--step", "9").stderr


def test_a_step_that_only_the_first_run_has_is_asked_for_by_its_run(tmp_path):
    write(tmp_path / "a.cassette", 1, "only here", 3)
    write(tmp_path / "b.cassette", 1)
    words = ("diff", "a.cassette", "b.cassette")
    assert rig.replay(*words, cwd=tmp_path).stderr == "hint: replay diff a.cassette b.cassette --step a:2\n"
    assert "only here" in rig.replay(*words, "--step", "a:2", cwd=tmp_path).stdout
    for wrong in ("c:2", "two", ":2", "a:9"):
        assert rig.replay(*words, "--step", wrong, cwd=tmp_path).returncode == 2


def test_json_has_a_schema(diff):
    document = json.loads(diff("--json").stdout)
    assert (document["schema"], document["first"], document["counts"]["≠"]) == ("replay.diff/1", 2, 1)
    row = json.loads(diff("--json", "--step", "2").stdout)["row"]
    assert (row["mark"], row["response"], row["cause"]["kind"]) == ("≠", True, "chance")


def test_a_page_and_a_junit_file_are_written(tmp_path, diff):
    done = diff("--html", "page.html", "--junit", "rows.xml")
    assert done.returncode == 1
    assert "&lt;b&gt;" in (tmp_path / "page.html").read_text("utf-8")
    assert ElementTree.parse(tmp_path / "rows.xml").getroot().get("failures") == "1"
    refused = diff("--html", "no/such/folder.html")
    assert (refused.returncode, "cannot be written" in refused.stderr) == (2, True)


def test_markdown_goes_to_stdout(diff):
    done = diff("--md")
    assert (done.returncode, done.stdout[:5]) == (1, "### ❌")


def test_no_form_lets_a_run_steer_the_terminal(diff):
    for words in ([], ["--step", "2"], ["--md"], ["--json"]):
        done = diff(*words, "--color", "always")
        rest = done.stdout.replace("\x1b[33m", "").replace("\x1b[0m", "")
        assert not {"\x1b", "\x07", "\u202e"} & set(rest)


def test_marks_are_coloured_only_where_that_is_wanted(diff):
    assert "\x1b[33m ≠" in diff("--color", "always").stdout
    assert "\x1b[" not in diff().stdout


def test_what_is_left_out_is_counted_and_makes_no_difference(diff):
    done = diff("--ignore", "response.value")
    assert (done.returncode, "identical but for ids, times and what is ignored" in done.stdout) == (0, True)
    done = diff("--only", "name:tool_0,name:tool_2")
    assert (done.returncode, "1 left out" in done.stdout) == (0, True)
    assert diff("--only", "llm").returncode == 2


def test_another_output_of_the_run_is_a_difference(tmp_path):
    write(tmp_path / "a.cassette", 1, output={"days": 1})
    write(tmp_path / "b.cassette", 1, output={"days": 2})
    done = rig.replay("diff", "a.cassette", "b.cassette", cwd=tmp_path)
    assert (done.returncode, "output.days: 1 → 2" in done.stdout) == (1, True)


def test_a_run_that_was_cut_short_is_compared_as_far_as_it_goes(tmp_path):
    write(tmp_path / "a.cassette", 1, 2)
    write(tmp_path / "b.cassette", 1, 2)
    whole = (tmp_path / "b.cassette").read_bytes()
    write(tmp_path / "c.cassette", 1, 2, seal=False)
    done = rig.replay("diff", "a.cassette", "c.cassette", cwd=tmp_path)
    assert (done.returncode, "is not whole" in done.stderr) == (3, True)
    (tmp_path / "b.cassette").write_bytes(whole[: len(whole) // 3])
    done = rig.replay("diff", "a.cassette", "b.cassette", cwd=tmp_path)
    assert done.returncode in (1, 3)


def test_a_file_that_is_no_cassette_exits_3(tmp_path, diff):
    (tmp_path / "x.cassette").write_bytes(os.urandom(100))
    done = rig.replay("diff", "a.cassette", "x.cassette", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("replay: error:")
