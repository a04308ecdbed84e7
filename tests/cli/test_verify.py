from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

import replay
from tests.cli import rig


def test_an_unchanged_program_verifies_without_its_output(recorded):
    done = rig.replay("verify", "run.cassette", "--junit", "out.xml", cwd=recorded.folder)
    assert done.returncode == 0
    assert done.stdout == "= run.cassette  identical: 3 served, 0 live\n"
    assert done.stderr == ""
    suite = ElementTree.parse(recorded.folder / "out.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "0", "0")


def test_a_changed_program_is_a_failure_with_its_cause(recorded):
    agent = recorded.folder / "agent.py"
    agent.write_text(agent.read_text().replace("hello", "hallo"))
    done = rig.replay("verify", "run.cassette", "--json", "--junit", "out.xml", cwd=recorded.folder)
    assert done.returncode == 4
    data = json.loads(done.stdout)
    assert data["schema"] == "replay.verify/1"
    (verdict,) = data["verdicts"]
    assert (verdict["cassette"], verdict["code"], verdict["verdict"]) == ("run.cassette", 4, "diverged")
    assert "differs in request.messages[0].content" in verdict["details"][1]
    (failure,) = ElementTree.parse(recorded.folder / "out.xml").getroot().iter("failure")
    assert "step 1 is not in the cassette" in failure.get("message")


def test_one_flipped_byte_is_damage_and_the_others_are_still_checked(recorded):
    data = bytearray(recorded.cassette.read_bytes())
    data[len(data) // 2] ^= 1
    (recorded.folder / "damaged.cassette").write_bytes(data)
    done = rig.replay("verify", "damaged.cassette", "run.cassette", cwd=recorded.folder)
    assert done.returncode == 3
    assert [line.split("  ")[1].split(":")[0] for line in done.stdout.splitlines()] == ["damaged", "identical"]


def test_what_cannot_be_run_is_an_error_and_no_pass(recorded):
    (recorded.folder / "agent.py").unlink()
    done = rig.replay("verify", "run.cassette", cwd=recorded.folder)
    assert done.returncode == 1
    assert "3 recorded events never asked for" in done.stderr
    assert "No such file" in done.stderr


HASHED = """
import httpx
words = {"red", "green", "blue", "black", "white", "brown", "pink", "grey"}
print(httpx.post("http://127.0.0.1:$port/ask", json={"words": list(words)}).json())
"""

IN_THREADS = """
import threading
import httpx
def ask(number):
    for turn in range(3):
        answers.append(httpx.post("http://127.0.0.1:$port/ask", json={"thread": number}).json()["answer"])
answers = []
threads = [threading.Thread(target=ask, args=[number]) for number in range(3)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
httpx.post("http://127.0.0.1:$port/ask", json={"order": answers})
"""

SPANNED = """
import httpx
import replay
with replay.span('plan'):
    httpx.post("http://127.0.0.1:$port/ask", json={"q": 1})
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A folder with the recordings of both programs above; the server is gone."""
    folder = tmp_path_factory.mktemp("programs")
    with rig.server() as port:
        for name, text in (("hashed", HASHED), ("threads", IN_THREADS)):
            (folder / f"{name}.py").write_text(rig.agent(text, port))
            done = rig.replay(
                "record", "-o", f"{name}.cassette", "--", "python", f"{name}.py", cwd=folder, PYTHONHASHSEED="0"
            )
            assert done.returncode == 0, done.stderr
    return folder


def test_a_program_is_run_again_under_other_seeds_and_in_rough_weather(programs):
    options = ("--times", "3", "--shuffle", "--seeds", "0,random", "--json", "--junit", "out.xml")
    done = rig.replay("verify", "threads.cassette", *options, cwd=programs)
    assert done.returncode == 0, done.stderr
    (verdict,) = json.loads(done.stdout)["verdicts"]
    assert [run["hash_seed"] for run in verdict["runs"]] == ["0", "random", "0"]
    assert [run["weather"] for run in verdict["runs"]] == [1, 2, 3]
    assert {run["event_hash"] for run in verdict["runs"]} == {verdict["event_hash"]}
    suite = ElementTree.parse(programs / "out.xml").getroot()
    assert [case.get("name") for case in suite] == [f"threads.cassette [run {number}]" for number in (1, 2, 3)]


def test_the_run_that_failed_is_named_with_its_conditions(programs):
    done = rig.replay("verify", "hashed.cassette", "--seeds", "0,1", cwd=programs)
    assert done.returncode == 4
    assert done.stdout.startswith("≠ hashed.cassette  diverged in 1 of 2 runs: 0 served, 0 live")
    told = [line.strip() for line in done.stderr.splitlines()]
    assert "cause: PYTHONHASHSEED is 1, and was 0: sets and dicts of strings come in another order" in told
    assert "in run 2 of 2 (PYTHONHASHSEED 1)" in told


def test_the_first_difference_names_step_task_values_and_line(recorded):
    agent = recorded.folder / "agent.py"
    agent.write_text(agent.read_text().replace('"turn": turn', '"turn": turn if turn < 2 else 7'))
    done = rig.replay("verify", "run.cassette", "--json", cwd=recorded.folder)
    assert done.returncode == 4
    (verdict,) = json.loads(done.stdout)["verdicts"]
    first = verdict["runs"][0]["first_difference"]
    assert (first["step"], first["lineage"], first["where"]) == (3, "0", "agent.py:7")
    assert first["changes"] == [{"path": "request.turn", "how": "changed", "before": 2, "after": 7}]
    told = rig.replay("verify", "run.cassette", cwd=recorded.folder).stderr
    assert "first difference: step 3 (task 0)" in told
    assert "request.turn: 2 → 7" in told


def test_python_gets_the_same(programs, monkeypatch):
    monkeypatch.chdir(programs)
    found = replay.verify("threads.cassette", times=2, shuffle=True, seeds=[1])
    assert found.identical
    assert [attempt.event_hash for attempt in found.attempts] == [found.event_hash] * 2
    failed = replay.verify("hashed.cassette", seeds=["1"]).failed[0]
    assert (failed.word, failed.first.where) == ("diverged", "hashed.py:4")


@pytest.mark.parametrize("options", [["--seeds", "0,x"], ["--seeds", "0,1", "--times", "1"], ["--times", "0"]])
def test_conditions_that_cannot_be_are_refused(programs, options):
    done = rig.replay("verify", "threads.cassette", *options, cwd=programs)
    assert done.returncode == 2
    assert "hint: " in done.stderr


def test_the_same_calls_in_another_order_are_another_run(recorded):
    """Each still finds its answer; the event hash tells."""
    agent = recorded.folder / "agent.py"
    agent.write_text(agent.read_text().replace("in range(3)", "in (1, 0, 2)"))
    done = rig.replay("verify", "run.cassette", cwd=recorded.folder)
    assert done.returncode == 1
    assert "first difference: step 1 (task 0)" in done.stderr
    assert "request.turn: 0 → 1" in done.stderr


def test_a_span_less_is_told_and_is_no_difference(tmp_path):
    with rig.server() as port:
        (tmp_path / "agent.py").write_text(rig.agent(SPANNED, port))
        rig.replay("record", "-o", "run.cassette", "--", "python", "agent.py", cwd=tmp_path)
        (tmp_path / "agent.py").write_text(rig.agent(SPANNED, port).replace("with replay.span('plan'):", "if True:"))
    done = rig.replay("verify", "run.cassette", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "= run.cassette  identical: 1 served, 0 live\n"
    assert done.stderr == "  only its spans are others than the recorded ones\n"
