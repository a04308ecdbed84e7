"""``replay play`` with something replaced, from the command line."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from replay.cassette.forks import is_parent
from replay.dialects.cassette import open_cassette
from replay.testing import ModelServer
from tests.cli import rig

AGENT = """
import json, os, sys
import httpx
import replay

@replay.tool(effect="read")
def lookup_order(order_id):
    return client.get(os.environ["TOOLS_URL"] + f"/orders/{order_id}").json()

@replay.tool(effect="write")
def refund_order(order_id, amount):
    return client.post(os.environ["TOOLS_URL"] + "/refunds", json={"order_id": order_id, "amount": amount}).json()

TOOLS = {"lookup_order": lookup_order, "refund_order": refund_order}

def describe(name, **kinds):
    properties = {key: {"type": kind} for key, kind in kinds.items()}
    schema = {"type": "object", "properties": properties, "required": [*kinds]}
    return {"type": "function", "function": {"name": name, "description": "", "parameters": schema}}

OFFERED = [describe("lookup_order", order_id="integer"), describe("refund_order", order_id="integer", amount="number")]
messages = [
    {"role": "system", "content": "You are a friendly support agent."},
    {"role": "user", "content": "Can you please refund order 9?"},
]
with httpx.Client(headers={"authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}) as client:
    while True:
        asked = {"model": "gpt-5-mini", "messages": messages, "tools": OFFERED}
        answer = client.post(os.environ["OPENAI_BASE_URL"] + "/chat/completions", json=asked, timeout=30).json()
        message = answer["choices"][0]["message"]
        messages.append(message)
        if not message.get("tool_calls"):
            break
        for call in message["tool_calls"]:
            value = TOOLS[call["function"]["name"]](**json.loads(call["function"]["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": json.dumps(value)})
print(message["content"])
"""
"""Its steps: 1 the model asks for order 9, 2 that tool, 4 the model asks for a refund, 5 that tool, 7 the answer; 3 and
6 are the tools' own requests."""


@pytest.fixture(scope="session")
def agent_recording(model_process: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The agent, recorded from the command line."""
    folder = tmp_path_factory.mktemp("support")
    (folder / "agent.py").write_text(AGENT)
    done = rig.replay("record", "-o", "run.cassette", "--", "python", "agent.py", cwd=folder, **model_process.env())
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def support(agent_recording: Path, models: ModelServer, tmp_path: Path) -> Path:
    folder = tmp_path / "support"
    shutil.copytree(agent_recording, folder)
    return folder


def play(folder: Path, models: ModelServer, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return rig.replay("play", "run.cassette", *words, cwd=folder, **models.env(), **extra)


def test_a_model_is_swapped_forecast_compared_and_kept(support, models):
    done = play(support, models, "--swap", "model=gpt-5", "--on-divergence", "live", "--diff", "-o", "fork.cassette")
    assert done.returncode == 1, done.stderr
    told = done.stderr.splitlines()
    forecast = "replay: forecast: 2 steps served, 3 live, the first that changes is step 1, about "
    assert any(line.startswith(forecast) for line in told)
    assert told[-1] == "replay: live: 2 served, 3 live"
    assert "first difference: step 1" in done.stdout and "cause: your swap model=gpt-5" in done.stdout
    assert models.calls == 3
    models.reset()
    again = rig.replay("play", "fork.cassette", cwd=support, **models.env())
    assert again.returncode == 0
    assert again.stderr.splitlines()[-1].startswith("replay: identical: 5 served, 0 live")
    assert rig.replay("verify", "fork.cassette", cwd=support, **models.env()).returncode == 0
    assert models.calls == 0


def test_under_raise_the_swap_is_named_as_the_cause(support, models):
    done = play(support, models, "--swap", "model=gpt-5")
    assert done.returncode == 4
    *_, error, closest, cause, hint = done.stderr.splitlines()
    assert error.startswith("replay: error: step 1 is not in the cassette (llm openai gpt-5 /v1/chat/completions")
    assert closest == "  closest: step 1 of run.cassette, differs in request.model"
    assert cause == "  cause: your swap model=gpt-5"
    assert hint == "hint: run it live with --on-divergence live"
    assert models.calls == 0


def test_a_dry_run_runs_nothing(support, models):
    done = play(support, models, "--swap", "model@4-=gpt-5", "--dry-run", "--json")
    document = json.loads(done.stdout)
    assert (document["schema"], document["swaps"]) == ("replay.forecast/1", ["model@4-=gpt-5"])
    assert (document["served"], document["live"], document["first"]) == ([1, 2, 5], [4, 7], 4)
    assert document["input_tokens"] > 100 and document["cost"] > 0
    plain = play(support, models, "--swap", "model@4-=gpt-5", "--dry-run")
    assert plain.stdout.startswith("3 steps served, 2 live, the first that changes is step 4, about ")
    assert models.calls == 0
    assert not (support / ".replay").exists()


def test_the_forecast_is_what_then_happens(support, models):
    swap = ("--swap", "prompt:/friendly/=formal")
    document = json.loads(play(support, models, *swap, "--dry-run", "--json").stdout)
    play(support, models, *swap, "--on-divergence", "live", "-o", "fork.cassette")
    fork = open_cassette(support / "fork.cassette")
    live = [step.number for step in fork.steps if step.source and step.source.origin == "live"]
    assert document["live"] == live


def test_a_prompt_from_a_file_longer_than_an_environment_takes(support, models):
    (support / "prompt.md").write_text("You are brief. Never issue a refund. " + "Be kind. " * 30_000)
    swap = ("--swap", "prompt:system=@prompt.md")
    done = play(support, models, *swap, "--on-divergence", "live", "-o", "fork.cassette")
    assert done.returncode == 0, done.stderr
    assert "refund_order" not in open_cassette(support / "fork.cassette").tools
    (support / "prompt.md").unlink()
    again = rig.replay("play", "fork.cassette", cwd=support, **models.env())
    assert again.returncode == 0, again.stderr


def test_a_function_of_the_programs_stands_in_for_a_tool(support, models):
    (support / "mine.py").write_text("def lost(order_id):\n    return {'order_id': order_id, 'status': 'lost'}\n")
    done = play(support, models, "--swap", "tool:lookup_order=mine:lost", "--on-divergence", "live")
    assert "status lost" in done.stdout, done.stderr
    assert "1 swapped" in done.stderr.splitlines()[-1]


def test_a_function_that_is_not_there_is_told(support, models):
    done = play(support, models, "--swap", "tool:lookup_order=mine:lost")
    assert done.returncode == 2
    assert "mine:lost cannot be used" in done.stderr


def test_the_budget_ends_it_with_5_and_keeps_the_fork(support, models):
    done = play(support, models, "--swap", "model=gpt-5", "--on-divergence", "live", "--budget", "2calls")
    assert done.returncode == 5
    assert done.stderr.splitlines()[-2:] == [
        "replay: error: the budget of 2 calls is used up: 2 calls spent",
        "hint: raise --budget; what was made so far is kept",
    ]
    assert models.calls == 2
    kept = support / ".replay" / "last" / "run.cassette"
    assert f"replay: the fork is {kept.relative_to(support)}" in done.stderr
    assert open_cassette(kept).cut is None
    assert is_parent(open_cassette(kept).header.parent, support / "run.cassette")


def test_an_effect_is_refused_and_the_way_named(support, models):
    swap = (
        "--swap",
        'tool:lookup_order={"order_id": 9, "status": "damaged", "total": 20.5}',
        "--on-divergence",
        "live",
    )
    done = play(support, models, *swap)
    assert done.returncode == 5
    assert done.stderr.splitlines()[-1] == "hint: --allow-effect refund_order lets it"
    assert models.refunds() == []
    allowed = play(support, models, *swap, "--allow-effect", "refund_order")
    assert allowed.returncode == 0, allowed.stderr
    assert [refund["amount"] for refund in models.refunds()] == [20.5]


def test_nearest_and_a_function_of_yours_as_policies(support, models):
    done = play(support, models, "--swap", "model=gpt-5", "--on-divergence", "nearest")
    assert done.stderr.splitlines()[-1] == "replay: nearest: 2 served, 0 live, 3 answered by the nearest"
    (support / "mine.py").write_text(
        "def decide(divergence):\n    return 'live' if divergence.step == 1 else 'nearest'\n"
    )
    done = play(support, models, "--swap", "model=gpt-5", "--on-divergence", "mine:decide")
    assert done.stderr.splitlines()[-1] == "replay: live: 2 served, 1 live, 2 answered by the nearest"
    assert models.calls == 1


def test_asking_needs_a_terminal(support, models):
    done = subprocess.run(
        [rig.REPLAY, "play", "run.cassette", "--on-divergence", "ask"],
        cwd=support,
        env=rig.environment(),
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "replay: error: there is no terminal to ask on",
        "hint: choose beforehand: --on-divergence live, nearest or raise",
    ]


def test_a_person_is_asked_at_the_terminal(support, models):
    words = ["play", "run.cassette", "--swap", "model=gpt-5", "--on-divergence", "ask"]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(support)
        os.execve(rig.REPLAY, [rig.REPLAY, *words], rig.environment(**models.env()))
    screen = answers = b""
    answer = iter([b"n\n", b"what?\n", b"a\n"])
    while True:
        try:
            heard = os.read(terminal, 65536)
        except OSError:  # how a terminal ends on Linux
            break
        if not heard:
            break
        screen, answers = screen + heard, answers + heard
        if b"[s]top? " in answers:
            answers = b""
            os.write(terminal, next(answer))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, screen.decode()
    assert screen.count(b"[s]top? ") == 3
    assert b"live: 2 served, 2 live, 1 answered by the nearest" in screen


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--swap", "tool:nope=1"], "the swap tool:nope=1 matches nothing in the cassette"),
        (["--swap", "colour=blue"], "colour=blue is no swap"),
        (["--swap", "prompt:system=@missing.md"], "missing.md cannot be read"),
        (["--on-divergence", "perhaps"], "there is no policy perhaps"),
        (["--budget", "much"], "much is no budget"),
        (["--json"], "--json goes with --dry-run"),
    ],
)
def test_what_cannot_be_is_told_before_anything_runs(support, models, words, error):
    done = play(support, models, *words)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith(f"replay: error: {error}")
    assert done.stderr.splitlines()[-1].startswith("hint: ")
    assert done.stdout == "" and not (support / ".replay").exists()


def test_ls_shows_whose_fork_is_whose(support, models):
    for parent, swap, fork in (("run", "model@1=gpt-5", "one"), ("one", "param:temperature@1=0.5", "two")):
        words = ("play", f"{parent}.cassette", "--swap", swap, "--on-divergence", "live", "-o", f"{fork}.cassette")
        assert rig.replay(*words, cwd=support, **models.env()).returncode == 0
    done = rig.replay("ls", "--tree", cwd=support)
    rows = [line.rstrip() for line in done.stdout.splitlines()[1:]]
    assert [len(row) - len(row.lstrip()) for row in rows] == [0, 2, 4]
    assert rows[1].lstrip().startswith("one.cassette") and rows[1].endswith("model@1=gpt-5")
    assert rows[2].endswith("model@1=gpt-5, param:temperature@1=0.5")
    found = json.loads(rig.replay("ls", "--tree", "--json", cwd=support).stdout)["cassettes"]
    assert [row["depth"] for row in found] == [0, 1, 2]
    (support / "run.cassette").rename(support / "renamed.cassette")
    renamed = rig.replay("ls", "--tree", cwd=support).stdout.splitlines()[1:]
    assert [len(row) - len(row.lstrip()) for row in renamed] == [0, 2, 4], "known by what it holds"
    (support / "renamed.cassette").unlink()
    orphans = rig.replay("ls", "--tree", cwd=support).stdout
    assert "fork of run.cassette, which is not here, model@1=gpt-5" in orphans


def test_a_fork_whose_swap_ran_code_names_it_and_runs_nothing(support, models):
    (support / "mine.py").write_text("def lost(order_id):\n    return {'order_id': order_id, 'status': 'lost'}\n")
    words = ("--swap", "tool:lookup_order=mine:lost", "--on-divergence", "live", "-o", "fork.cassette")
    assert play(support, models, *words).returncode == 0
    (support / "mine.py").write_text("raise SystemExit('imported')\n")
    again = rig.replay("play", "fork.cassette", cwd=support, **models.env())
    assert (again.returncode, again.stderr.splitlines()[-1].split(":")[1]) == (0, " identical")


FAMILY = """
import os, subprocess, sys
import httpx

def ask(who):
    words = [{"role": "user", "content": who}]
    url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
    return httpx.post(url, json={"model": "gpt-5-mini", "messages": words}, timeout=30).json()["model"]

if len(sys.argv) > 1:
    print("child", ask("child"))
else:
    print("parent", ask("parent"), flush=True)
    sys.exit(subprocess.run([sys.executable, "family.py", "child"]).returncode)
"""


def test_child_processes_are_steered_too_and_share_the_budget(models, tmp_path):
    (tmp_path / "family.py").write_text(FAMILY)
    env = models.env()
    recorded = rig.replay("record", "-o", "run.cassette", "--", "python", "family.py", cwd=tmp_path, **env)
    assert recorded.stdout.split() == ["parent", "gpt-5-mini", "child", "gpt-5-mini"], recorded.stderr
    models.reset()
    done = play(tmp_path, models, "--swap", "model=gpt-5", "--on-divergence", "live", "-o", "fork.cassette")
    assert done.stdout.split() == ["parent", "gpt-5", "child", "gpt-5"], done.stderr
    again = rig.replay("play", "fork.cassette", cwd=tmp_path, **env)
    assert (again.returncode, again.stdout) == (0, done.stdout), again.stderr
    assert models.calls == 2
    bounded = play(tmp_path, models, "--swap", "model=gpt-5", "--on-divergence", "live", "--budget", "1call")
    assert bounded.returncode == 5, bounded.stderr
    assert models.calls == 3
