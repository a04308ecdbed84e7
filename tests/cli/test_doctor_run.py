"""``replay doctor --run``: what in a program differs from run to run is named by its line, and nothing else is."""

from __future__ import annotations

import json

import pytest

from tests.cli import rig

STEADY = """
import random, time
import httpx
def ask(content):
    body = {"messages": [{"role": "user", "content": content}]}
    return httpx.post("http://127.0.0.1:$port/ask", json=body).json()["answer"]
answer = ask(f"it is {time.time()}, and I rolled {random.random()}")
colours = {"red", "green", "blue", "black", "white", "pink", "grey", "brown"}
print(sorted(colours))
"""

WORLDLY = {
    "the order of a set": ("text = ', '.join(colours)\nask(text)", "agent.py:10", "the order of a set (the hash seed)"),
    "a process id": ("import os\nme = f'worker {os.getpid()}'\nask(me)", "agent.py:11", "os.getpid"),
    "an address": ("ask(f'{object()}')", "agent.py:6", "an address in memory: the repr of an object"),
    "a temporary name": (
        "import tempfile\nwith tempfile.NamedTemporaryFile() as file:\n    ask(file.name)", "agent.py:11", "tempfile",
    ),
}  # fmt: skip


@pytest.fixture
def examined(tmp_path):
    def examine(text, *words):
        with rig.server() as port:
            (tmp_path / "agent.py").write_text(rig.agent(text, port))
            return rig.replay("doctor", "--run", *words, "--", "python", "agent.py", cwd=tmp_path)

    return examine


def test_a_program_that_does_the_same_each_time_is_told_so(examined):
    done = examined(STEADY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("deterministic: 1 event, the same in two more runs, also under another hash seed\n")
    assert "  random.random  agent.py:7\n" in done.stdout  # recorded and served again


@pytest.mark.parametrize("name", WORLDLY)
def test_what_differs_is_named_by_its_source_line_with_what_to_do(name, examined):
    added, where, reads = WORLDLY[name]
    done = examined(STEADY + added + "\n", "--json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert found["schema"] == "replay.doctor-run/1"
    (finding,) = found["findings"]
    assert (finding["where"], finding["reads"]) == (where, reads)
    assert (finding["step"], finding["field"]) == (2, "request.messages[0].content")
    assert finding["before"] != finding["after"]
    assert finding["todo"]


def test_two_causes_in_one_request_are_told_apart(examined):
    done = examined(STEADY + "import os\nask(f'{os.getpid()}: ' + ', '.join(colours))\n")
    assert done.returncode == 1
    assert "agent.py:11  os.getpid\n" in done.stdout
    assert "agent.py:11  the order of a set (the hash seed)\n" in done.stdout


def test_what_differs_later_is_named_too(examined):
    done = examined(STEADY + "import os\nask(f'first {os.getpid()}')\nask('then ' + ', '.join(colours))\n")
    assert done.returncode == 1
    assert "agent.py:11  os.getpid\n  seen in step 2," in done.stdout
    assert "agent.py:12  the order of a set (the hash seed)\n  seen in step 3," in done.stdout


def test_a_file_that_each_run_changes_for_the_next_is_named(examined, tmp_path):
    (tmp_path / "count.txt").write_text("x")
    added = "with open('count.txt', 'a+') as file:\n    file.seek(0)\n    ask(file.read())\n    file.write('x')\n"
    done = examined(STEADY + added)
    assert done.returncode == 1
    assert "count.txt, which one run changes for the next\n" in done.stdout


def test_a_program_that_asks_nothing_is_an_error(examined):
    done = examined("print('nothing')")
    assert done.returncode == 2
    assert "nothing crossed the boundary" in done.stderr


@pytest.mark.parametrize("words", [["--run"], ["--", "python", "agent.py"]])
def test_which_program_is_asked_for(words, tmp_path):
    done = rig.replay("doctor", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert "hint: replay doctor --run -- python agent.py" in done.stderr
