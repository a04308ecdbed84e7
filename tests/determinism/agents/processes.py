"""Child Python processes that call for themselves. They join the run only when the command line started it."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.determinism.agents.ask import ask

_CHILD = """
import httpx, random, sys
url, name = sys.argv[1:]
with httpx.Client() as client:
    for turn in range(3):
        answer = client.post(f"{url}/ask", json={"q": [name, turn, random.random()]}).json()["answer"]
        print(name, turn, answer, flush=True)
"""


def _command(url: str, name: str) -> list[str]:
    return [sys.executable, "-c", _CHILD, url, name]


def children_one_by_one(url):
    out = []
    with httpx.Client() as client:
        for name in ("first", "second"):
            said = subprocess.run(_command(url, name), capture_output=True, text=True, check=True).stdout
            out.append([said, ask(client, url, said)])
    return out


def children_from_a_pool(url):
    """Three children at once, each waited for in a thread."""

    def one(number: int) -> str:
        return subprocess.run(_command(url, f"{number}"), capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(one, range(3)))


def conversation_with_a_child(url):
    """The child's lines are read while it runs, and its answers lead to questions of the parent."""
    out = []
    with httpx.Client() as client, subprocess.Popen(_command(url, "c"), stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            out.append([line, ask(client, url, json.dumps(line))])
    return out


FAMILIES = (children_one_by_one, children_from_a_pool, conversation_with_a_child)
