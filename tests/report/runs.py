"""Two runs in memory for the readers of a diff, one of them hostile."""

from __future__ import annotations

import json

import replay
from replay.diff.model import Diff
from replay.events import Request
from tests.diff.runs import cassette, chat, completion, event, said

HOSTILE = (
    "</pre></details><script>alert(1)</script><img src=x onerror=alert(2)>"
    "\x1b[2J\x1b]0;owned\x07\u202e| cell |`code`\n\n# heading @everyone [link](javascript:alert(3)) ]]>\ufffe\x00 &amp;"
)


def tool(name, /, **arguments):
    return Request("tool", "call", name, body=json.dumps(arguments).encode())


def support() -> Diff:
    """The tool says something else, so the model does; one tool more, one less, one that changed places."""
    calls = [(tool(f"tool_{n}", words=f"words of its own {n}"), f"value {n}") for n in range(9)]

    def run(status, words, *rest):
        told = chat(said("user", "Where is order 7?"), said("user", f"It is {status}."))
        made = [(tool("lookup", order=7), {"status": status}), (told, completion(words)), *rest]
        return cassette(*[event(at, *each) for at, each in enumerate(made)])

    old = run("sent to Ghent", "It comes on Monday.", *calls[:6], calls[8])
    new = run("lost at sea", "It is lost.", *calls[1:6], calls[0], calls[7])
    return replay.diff(old, new)


def hostile() -> Diff:
    """Every text of both runs steers, breaks out or marks up."""
    old = event(0, tool(HOSTILE, **{HOSTILE: HOSTILE}), HOSTILE)
    new = event(0, tool(HOSTILE, **{HOSTILE: f"{HOSTILE} more"}), f"{HOSTILE} and more")
    gone = event(1, chat(said("user", HOSTILE)), completion(HOSTILE))
    return replay.diff(cassette(old, gone), cassette(new))


def equal() -> Diff:
    one = cassette(event(0, tool("look"), 1))
    return replay.diff(one, one)
