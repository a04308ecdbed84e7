from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import pytest

from replay.cassette import Reader, Writer
from replay.cli import show
from replay.dialects.cassette import open_cassette
from replay.events import Answer, Chunk, End, Event, Head, Header, Request
from tests.cli import rig

SAMPLES = Path(__file__).parents[2] / "cassettes"

ASKED = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Where is order 7?\x1b]0;owned\x07\u202e"}]}
SAID = {
    "model": "gpt-5-mini",
    "choices": [
        {
            "message": {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "lookup_order", "arguments": '{"id": 7}'}}
                ],
            },
            "finish_reason": "tool_calls",
        }
    ],
    "usage": {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17},
}


@pytest.fixture
def chat(tmp_path):
    """A cassette with one call to a model, which holds control sequences."""
    path = tmp_path / "chat.cassette"
    writer = Writer.create(str(path), Header(run="r", created=0))
    request = Request("http", "POST", "https://api.openai.com/v1/chat/completions", body=json.dumps(ASKED).encode())
    event = Event(id=writer.next_id(), request=request)
    writer.issue(event)
    for part in (Head(200, "OK"), Chunk(json.dumps(SAID).encode()), End()):
        writer.parts(event.id, [part], 1_000_000, 0)
    writer.close()
    return path


def test_a_call_to_a_model_is_readable(chat):
    done = rig.replay("show", str(chat), "1", cwd=chat.parent)
    assert done.returncode == 0
    assert "[user]\nWhere is order 7?" in done.stdout
    assert '→ lookup_order({"id": 7})' in done.stdout
    assert "output: 5" in done.stdout


def test_a_call_to_a_model_tells_its_format_usage_and_cost():
    done = rig.replay("show", "support_agent.cassette", "1", cwd=SAMPLES)
    assert "  format: openai.chat\n" in done.stdout or "  format: openai.responses\n" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("cost: $0.0")
    step = json.loads(rig.replay("show", "support_agent.cassette", "1", "--json", cwd=SAMPLES).stdout)["step"]
    assert step["cost"] > 0
    assert step["format"].startswith("openai.")


def test_control_sequences_are_written_as_escapes(chat):
    for words in (["1"], [], ["--json"], ["1", "--json"]):
        done = rig.replay("show", str(chat), *words, cwd=chat.parent)
        assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout)
    assert r"\x1b]0;owned\x07\u202e" in rig.replay("show", str(chat), "1", cwd=chat.parent).stdout


def test_one_part_alone(chat):
    done = rig.replay("show", str(chat), "1", "--part", "usage", cwd=chat.parent)
    assert done.stdout.splitlines()[:2] == ["input: 12", "output: 5"]


def test_json_has_a_schema_and_every_step(recorded):
    data = json.loads(rig.replay("show", "run.cassette", "--json", cwd=recorded.folder).stdout)
    assert data["schema"] == "replay.show/1"
    assert [(step["number"], step["kind"], step["status"]) for step in data["steps"]] == [
        (1, "http", "ok"), (2, "http", "ok"), (3, "http", "ok"),
    ]  # fmt: skip
    one = json.loads(rig.replay("show", "run.cassette", "2", "--json", cwd=recorded.folder).stdout)
    assert json.loads(one["step"]["response"]["value"]) == {"answer": "number 2"}


def test_a_step_that_is_not_there(recorded):
    done = rig.replay("show", "run.cassette", "9", cwd=recorded.folder)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "replay: error: there is no step 9 in run.cassette: it has the steps 1 to 3",
        "hint: replay show run.cassette",
    ]


def test_a_cassette_cut_at_any_byte_shows_its_whole_steps_and_exits_3(recorded, capsys):
    data = recorded.cassette.read_bytes()
    header = len(data) // 4
    for where in sorted({header, len(data) - 1, *random.sample(range(header, len(data)), 20)}):
        recorded.cassette.write_bytes(data[:where])
        whole = open_cassette(recorded.cassette)
        code = show.command.main([str(recorded.cassette), "--json"], standalone_mode=False)
        said = capsys.readouterr()
        assert code == 3, where
        assert "cut short" in said.err or "the file ends" in said.err
        assert len(json.loads(said.out)["steps"]) == len(whole.events)


def test_a_pipe_that_closes_early_is_no_error(recorded):
    shell = f"set -o pipefail; {rig.REPLAY} show run.cassette --json | true"
    done = subprocess.run(["bash", "-c", shell], cwd=recorded.folder, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


def test_ls_lists_what_is_below_also_what_cannot_be_read(recorded):
    (recorded.folder / "nested").mkdir()
    (recorded.folder / "nested" / "odd.cassette").write_text("?")
    done = rig.replay("ls", "--json", "--sort", "size", cwd=recorded.folder)
    data = json.loads(done.stdout)
    assert data["schema"] == "replay.ls/1"
    assert [(row["path"], row["steps"]) for row in data["cassettes"]] == [
        ("run.cassette", 3), ("nested/odd.cassette", None),
    ]  # fmt: skip
    text = rig.replay("ls", cwd=recorded.folder).stdout
    assert "is not a cassette" in text
    assert len(text.splitlines()) == 3


def test_the_readers_own_file_is_never_changed(recorded):
    before = recorded.cassette.read_bytes()
    rig.replay("show", "run.cassette", cwd=recorded.folder)
    assert recorded.cassette.read_bytes() == before
    assert Reader(str(recorded.cassette)).verify() == []


def test_an_answer_in_flight_is_a_step_without_answer(tmp_path):
    path = tmp_path / "hung.cassette"
    writer = Writer.create(str(path), Header(run="r", created=0))
    writer.issue(Event(id=writer.next_id(), request=Request("http", "GET", "http://x.test/")))
    writer.close()
    assert open_cassette(path).events[0].answer in (None, Answer())
    assert "no answer" in rig.replay("show", str(path), cwd=tmp_path).stdout
