"""What the tests of the plugin write and run."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from replay.testing import ModelServer, Reply

INI = """
[pytest]
addopts = -p replay -p asyncio -p no:cacheprovider
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
"""
"""With ``PYTEST_DISABLE_PLUGIN_AUTOLOAD`` set: other plugins are switched on by the tests that need them."""

AGENT = '''
import json
import os

import httpx
import replay

SYSTEM = "You are a friendly support agent."
MODEL = "gpt-5-mini"
TOOLS = [{"type": "function", "function": {"name": "lookup_order", "parameters": {"type": "object"}}}]
URL = os.environ.get("MODEL_URL", "http://127.0.0.1:9/v1") + "/chat/completions"
client = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))


@replay.tool
def lookup_order(order_id: int) -> dict:
    return {"order_id": order_id, "status": "delivered"}


def stock(item):
    """A tool that nobody marked."""
    return {"item": item, "left": 3}


def body(messages, **fields):
    return {"model": MODEL, "messages": messages, **fields}


def say(text):
    """One call to the model."""
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
    return client.post(URL, json=body(messages)).json()["choices"][0]["message"]["content"]


async def asay(text, client=None):
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
    async with httpx.AsyncClient() as client:
        answer = await client.post(URL, json=body(messages))
    return answer.json()["choices"][0]["message"]["content"]


def agent(question, extra_look=False, skip_look=False):
    """Two turns, with a marked and an unmarked tool in between."""
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
    turn = client.post(URL, json=body(messages, tools=TOOLS)).json()["choices"][0]["message"]
    messages.append(turn)
    for call in turn["tool_calls"]:
        arguments = json.loads(call["function"]["arguments"])
        if call["function"]["name"] == "lookup_order":
            result = lookup_order(**arguments) if not skip_look else {"order_id": 7, "status": "delivered"}
        else:
            result = stock(**arguments)
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": json.dumps(result)})
    if extra_look:
        lookup_order(order_id=8)
    return client.post(URL, json=body(messages, tools=TOOLS)).json()["choices"][0]["message"]["content"]
'''

TURNS = (
    Reply(
        calls=({"name": "lookup_order", "arguments": {"order_id": 7}}, {"name": "stock", "arguments": {"item": "lamp"}})
    ),
    Reply(say="Order 7 was delivered, and there are 3 lamps left."),
)
"""What the model says to ``agent``."""


@dataclass
class Suite:
    """``path``: the suite's root directory. ``server``: the model, which counts its calls."""

    pytester: pytest.Pytester
    server: ModelServer

    @property
    def path(self) -> Path:
        return self.pytester.path

    def write(self, source: str, name: str = "test_agent") -> None:
        """A test file in ``tests/``, which begins with the imports that all have."""
        folder = self.path / "tests"
        folder.mkdir(exist_ok=True)
        head = "import pytest, replay\nfrom agent import *\n"
        (folder / f"{name}.py").write_text(head + source, encoding="utf-8")

    def run(self, *flags: str) -> pytest.RunResult:
        """Run the suite in this process."""
        for name in [name for name in sys.modules if name == "agent" or name.startswith("test_")]:
            del sys.modules[name]
        return self.pytester.runpytest_inprocess(*flags)

    def apart(self, *flags: str) -> pytest.RunResult:
        """Run the suite in a process of its own."""
        return self.pytester.runpytest_subprocess(*flags, timeout=120)

    def record(self, *flags: str) -> pytest.RunResult:
        """Record what has no cassette; all tests must pass."""
        done = self.run("--replay-mode", "once", *flags)
        assert done.ret == 0, done.stdout.str()
        return done

    def script(self, *turns: Reply) -> None:
        self.server.script(turns or TURNS)

    def edit(self, before: str, after: str, name: str = "agent.py") -> None:
        """Change the source of the agent, or of a test."""
        path = self.path / name
        source = path.read_text(encoding="utf-8")
        assert before in source
        path.write_text(source.replace(before, after), encoding="utf-8")

    def cassettes(self) -> list[str]:
        """All there are, as paths from the root."""
        return sorted(str(path.relative_to(self.path)) for path in self.path.glob("cassettes/**/*.cassette"))


def summary(done: pytest.RunResult) -> str:
    """The line of ours at the end."""
    return next((line for line in done.outlines if re.match(r"replay: \d", line)), "")


def section(done: pytest.RunResult) -> list[str]:
    """The lines of the first failure section, without its title's dashes and the agent's line numbers."""
    start = next(at for at, line in enumerate(done.outlines) if re.match(r"-+ replay: ", line))
    lines = [done.outlines[start].strip("- ")]
    for line in done.outlines[start + 1 :]:
        if not line.startswith(" "):
            break
        lines.append(re.sub(r"(agent\.py):\d+", r"\1:LINE", line))
    return lines
