"""What changed is found: each planted change is named at its exact step, and nothing is said where nothing changed."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import replay
from replay.cassette import Reader
from replay.cli.launch import launch
from replay.cli.verdict import Verdict, judge
from replay.diff.first import first_difference
from replay.engine.plan import Plan
from replay.errors import DivergenceError
from tests.determinism.harness import PROVING, Weather, hash_of
from tests.determinism.planted import Agent, line
from tests.determinism.server import random_server
from tests.determinism.test_switches import without_reads

CLEAN = 150 if PROVING else 10

CHANCE = "only what looks like a time, an id or a random number differs"
CODE = "your code, a prompt or the input changed"


@dataclass(frozen=True, slots=True)
class Recorded:
    url: str
    path: Path

    @property
    def fork(self) -> Path:
        return self.path.with_suffix(".fork")

    def play(self, agent: Agent) -> Verdict:
        """The verdict on a replay of ``agent``, whatever becomes of it."""
        run = replay.play(self.path, save=self.fork)
        try:
            with run:
                run.output(agent.run(self.url))
        except DivergenceError:
            assert run.result.divergences
        return judge(run.result, Reader(str(self.path)), str(self.path), live=False, hash_seed="")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Recorded:
    """The agent as it is; the server is gone."""
    path = tmp_path_factory.mktemp("planted") / "run.cassette"
    with random_server() as url, replay.record(path) as run:
        run.output(Agent().run(url))
    return Recorded(url, path)


DIVERGES: dict[str, tuple[dict[str, Any], int, str, list[str], str]] = {
    "a word of the prompt": (
        {"system": "You answer in two words."},
        2, "asks", ["request.messages[0].content"], "your prompt changed (the system message)",
    ),
    "a later question": (
        {"questions": ("red?", "green?", "violet?")}, 4, "asks", ["request.messages[1].content"], CODE,
    ),
    "the model": ({"model": "random-2"}, 2, "asks", ["request.model"], "your code asks another model"),
    "a parameter of the model": (
        {"temperature": 0.5}, 2, "asks", ["request.temperature"], "your code sets another temperature",
    ),
    "the schema of a tool": (
        {"schema": "string"},
        2, "asks", ["request.tools[0].function.parameters.properties.article.type"],
        "the tools that your code offers changed",
    ),
    "the path of the URL": ({"path": "/v2/chat"}, 2, "asks", ["request.url"], "your code makes another call"),
    "what an unmarked tool says": (
        {"unmarked_says": "sold out"},
        6, "hands on", ["request.messages[3].content"], "the tool stock gave another result",
    ),
    "one question more": ({"questions": ("red?", "green?", "blue?", "red?")}, 5, "asks", [], ""),
    "one call more at the end": (
        {"asks_once_more": True}, 9, "asks once more", [], "the program asks this once more than it was recorded",
    ),
    "a call on a new thread": ({"asks_on_a_thread": True}, 5, "asks aside", [], ""),
}  # fmt: skip
"""What is changed: step, place, fields and cause of the divergence (empty: not said here)."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # how it unwinds a thread
@pytest.mark.parametrize("change", DIVERGES)
def test_a_change_is_named_at_its_step_with_its_line_its_field_and_its_cause(change: str, recorded: Recorded) -> None:
    changed, step, place, fields, cause = DIVERGES[change]
    verdict = recorded.play(replace(Agent(), **changed))
    assert (verdict.code, verdict.word) == (4, "diverged")
    found = verdict.explanation
    assert found is not None
    assert found.step == step
    assert not place or found.where == line(place)
    assert not fields or [each.path for each in found.changes] == fields
    assert found.cause.startswith(cause)


LEFT_REAL = {"clock": ("time.", "request.now"), "dice": ("random.", "request.dice")}


@pytest.mark.parametrize("part", LEFT_REAL)
def test_a_clock_or_dice_left_real_are_taken_for_chance(part: str, recorded: Recorded) -> None:
    source, field = LEFT_REAL[part]
    with pytest.MonkeyPatch.context() as patch:
        without_reads(source)(patch)
        found = recorded.play(Agent()).explanation
    assert found is not None
    assert (found.step, found.where) == (8, line("tells the time"))
    assert [each.path for each in found.changes] == [field]
    assert found.cause.startswith(CHANCE)


DIFFERS = {
    "one call fewer": ({"tells_the_time": False}, ["1 recorded event never asked for: http POST "]),
    "a stream closed early": (
        {"reads_all": False},
        ["1 answer read otherwise than recorded: http POST "],
    ),
}


@pytest.mark.parametrize("change", DIFFERS)
def test_what_every_request_survives_is_a_difference_in_words(change: str, recorded: Recorded) -> None:
    changed, told = DIFFERS[change]
    verdict = recorded.play(replace(Agent(), **changed))
    assert (verdict.code, verdict.word, verdict.explanation) == (1, "different", None)
    for said, words in zip(verdict.differences, told, strict=True):
        assert words in said


def test_two_questions_in_turned_order_are_another_run(recorded: Recorded) -> None:
    """Each still gets its own answer; the event hash that ``replay verify`` compares tells."""
    recorded.play(replace(Agent(), questions=("green?", "red?", "blue?")))
    assert hash_of(recorded.fork) != hash_of(recorded.path)
    found = first_difference(replay.open(recorded.path), replay.open(recorded.fork))
    assert found is not None
    assert (found.step, found.where) == (2, line("asks"))
    (change,) = found.changes
    assert (change.path, change.before, change.after) == ("request.messages[1].content", "red?", "green?")


HARMLESS = {
    "a header": {"trace": "second run"},
    "the code of a marked tool": {"marked_says": "never said, for the recorded value is served"},
    "a span less": {"has_span": False},
}


@pytest.mark.parametrize("change", HARMLESS)
def test_what_takes_no_part_is_no_difference(change: str, recorded: Recorded) -> None:
    verdict = recorded.play(replace(Agent(), **HARMLESS[change]))
    assert (verdict.code, verdict.word, verdict.differences) == (0, "identical", ())
    assert first_difference(replay.open(recorded.path), replay.open(recorded.fork)) is None


def test_nothing_is_said_where_nothing_changed(recorded: Recorded) -> None:
    for seed in range(CLEAN):
        with Weather.rough(seed).lasts():
            verdict = recorded.play(Agent())
        assert (verdict.code, verdict.differences) == (0, ()), f"weather {seed}"
        assert hash_of(recorded.fork) == hash_of(recorded.path), f"weather {seed}"


CHILD = """
import sys
import httpx
print(httpx.post(sys.argv[1] + "/ask", json={"q": "child"}).json()["answer"])
"""

PARENT = """
import subprocess, sys
import httpx
httpx.post(sys.argv[1] + "/ask", json={"q": "parent"})
subprocess.run([sys.executable, sys.argv[2], sys.argv[1]], stdout=subprocess.PIPE)
httpx.post(sys.argv[1] + "/ask", json={"q": "parent again"})
"""


def test_a_changed_child_process_is_named_as_the_task_that_differs(tmp_path: Path) -> None:
    parent, child, path = (tmp_path / name for name in ("parent.py", "child.py", "run.cassette"))
    parent.write_text(PARENT)
    child.write_text(CHILD)
    with random_server() as url:
        command = (sys.executable, str(parent), url, str(child))
        assert launch(command, Plan("record", str(path)), hash_seed="").code == 0
    assert replay.verify(path, command=command).identical
    (lineage,) = {event.lineage for event in replay.open(path).events} - {"0"}
    child.write_text(CHILD.replace('"child"', '"grown up"'))
    (failed,) = replay.verify(path, command=command).failed
    assert (failed.code, failed.word) == (4, "diverged")
    assert failed.first is not None
    assert (failed.first.step, failed.first.lineage, failed.first.where) == (3, lineage, f"{child}:4")
    assert [(each.path, each.before, each.after) for each in failed.first.changes] == [
        ("request.q", "child", "grown up")
    ]
