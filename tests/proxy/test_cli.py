"""``replay proxy`` as a person types it. The program is Python, but knows nothing of us: any language would do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from replay.cli.main import main
from replay.proxy import extra
from tests.cli.rig import replay
from tests.proxy import rig

PROGRAM = """
import json, os, sys, urllib.error, urllib.request

def ask(messages):
    request = urllib.request.Request(
        os.environ["OPENAI_BASE_URL"] + "/chat/completions",
        json.dumps({"model": "gpt-5-mini", "messages": messages}).encode(),
        {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "content-type": "application/json"},
    )
    try:
        return json.load(urllib.request.urlopen(request))["choices"][0]["message"]["content"]
    except urllib.error.HTTPError as error:
        sys.exit(json.load(error)["error"]["message"])

messages = [{"role": "system", "content": "You are friendly."}, {"role": "user", "content": "Hello?"}]
first = ask(messages)
print(first)
print(ask([*messages, {"role": "assistant", "content": first}, {"role": "user", "content": "And now?"}]))
sys.exit(7)
"""
KEY = "sk-proj-" + "k1B2c3D4e5F6g7H8i9J0" * 2


def answer(text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = {"id": "c1", "object": "chat.completion", "model": "gpt-5-mini", "choices": [choice], "usage": usage}
    return rig.whole(json.dumps(body).encode(), "content-type: application/json")


class Model:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, connection, _: bytes) -> None:
        self.calls += 1
        connection.sendall(answer(f"answer {self.calls}"))


@dataclass(frozen=True, slots=True)
class Recorded:
    folder: Path
    model: rig.Upstream


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> Iterator[Recorded]:
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "agent.py").write_text(PROGRAM)
    with rig.upstream(Model()) as model:
        environ = {"OPENAI_BASE_URL": f"{model.url}/v1", "OPENAI_API_KEY": KEY}
        done = replay("proxy", "--record", "a.cassette", "--", "python", "agent.py", cwd=folder, **environ)
        assert (done.returncode, done.stdout) == (7, "answer 1\nanswer 2\n"), done.stderr
        assert "replay: recorded 2 events (2 llm), 24 tokens" in done.stderr
        yield Recorded(folder, model)


@pytest.fixture
def recorded(original: Recorded, tmp_path: Path) -> Path:
    """A copy of the folder."""
    return Path(shutil.copytree(original.folder, tmp_path / "copy"))


@pytest.fixture
def model(original: Recorded) -> rig.Upstream:
    """The model, which has seen no request yet."""
    original.model.requests.clear()
    return original.model


def test_a_replay_prints_the_same_with_no_call_and_no_key(recorded, model):
    words = ("proxy", "--play", "a.cassette", "--exit-code", "program", "--", "python", "agent.py")
    done = replay(*words, cwd=recorded)
    assert (done.returncode, done.stdout) == (7, "answer 1\nanswer 2\n"), done.stderr
    assert done.stderr == "replay: identical: 2 served, 0 live\n"
    assert not model.requests


def test_other_verbs_take_the_cassette_like_any_other(recorded):
    assert replay("verify", "a.cassette", cwd=recorded).stdout == "= a.cassette  identical: 2 served, 0 live\n"


def test_an_edited_prompt_is_told_as_elsewhere(recorded):
    agent = recorded / "agent.py"
    agent.write_text(PROGRAM.replace("friendly", "grumpy"))
    done = replay("play", "a.cassette", cwd=recorded)
    assert done.returncode == 4
    assert "replay: request 1 is not in the cassette" in done.stderr.splitlines()[1]  # what the program heard
    assert done.stderr.splitlines()[-4:] == [
        "replay: error: step 1 is not in the cassette (llm openai gpt-5-mini /v1/chat/completions)",
        "  closest: step 1 of a.cassette, differs in request.messages[0].content",
        "  cause: your prompt changed (the system message)",
        "hint: run it live with --on-divergence live",
    ]


def test_one_answer_swapped_is_seen_by_the_program_and_what_follows_goes_live(recorded, model):
    steering = ("--swap", "response:1=swapped", "--on-divergence", "live", "--to", f"openai={model.url}/v1")
    words = ("proxy", "--play", "a.cassette", *steering, "-o", "fork.cassette", "--diff", "--", "python", "agent.py")
    done = replay(*words, cwd=recorded, OPENAI_API_KEY=KEY)
    assert done.stdout.startswith("swapped\nanswer 3\n"), done.stderr
    assert "replay: live: 0 served, 1 live, 1 swapped\n" in done.stderr
    assert (done.returncode, len(model.requests)) == (1, 1)
    assert b'"content": "swapped"' in model.requests[0] and KEY.encode() in model.requests[0]
    again = replay("play", "fork.cassette", "--", "python", "agent.py", cwd=recorded)
    assert (again.returncode, again.stdout) == (0, "swapped\nanswer 3\n"), again.stderr


def test_a_file_alone_does_not_say_where_live_requests_go(recorded):
    done = replay("play", "a.cassette", "--on-divergence", "live", cwd=recorded, OPENAI_API_KEY=KEY)
    assert done.returncode == 2
    assert "only the cassette says that what goes live is sent to http://127.0.0.1" in done.stderr
    assert "--to openai=http://127.0.0.1" in done.stderr.splitlines()[-1]


def test_a_program_that_asks_nothing_is_an_error(tmp_path):
    done = replay("proxy", "--record", "a.cassette", "--to", "openai", "--", "python", "-c", "print(1)", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "1\n")
    assert "nothing came through the proxy" in done.stderr
    assert "OPENAI_BASE_URL" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "one of --record FILE and --play FILE"),
        (("--record", "a", "--play", "b"), "one of --record FILE and --play FILE"),
        (("--record", "a", "--swap", "model=x"), "--swap goes with --play"),
        (("--play", "a", "--tag", "a=b"), "--tag goes with --record"),
        (("--record", "a", "--to", "nobody"), "nobody is no base URL"),
        (("--play", "not-there.cassette"), "not-there.cassette"),
        (("--record", "a", "--", "no-such-program"), "there is no program no-such-program"),
    ],
)
def test_what_cannot_be_done_is_told_with_what_can(words, told, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["proxy", *words])
    assert ended.value.code in (2, 3)
    lines = capsys.readouterr().err.splitlines()
    assert told in lines[0]
    assert lines[-1].startswith("hint: ")


def test_a_taken_port_is_told_before_anything_is_written(tmp_path, capsys):
    with rig.upstream(Model()) as taken, pytest.raises(SystemExit) as ended:
        main(["proxy", "--record", str(tmp_path / "a.cassette"), "--port", taken.url.rpartition(":")[2]])
    assert ended.value.code == 2
    assert "is taken" in capsys.readouterr().err
    assert not (tmp_path / "a.cassette").exists()


def test_a_missing_library_is_told_with_the_extra_that_has_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(extra, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as ended:
        main(["proxy", "--record", str(tmp_path / "a.cassette")])
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == "hint: pip install 'replay-debugger[proxy]'"
