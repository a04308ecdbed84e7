"""An agent with something of everything, in which one thing at a time can be changed.

Its steps: 1 a span, 2 to 4 three questions to a model, 5 a tool that is marked, 6 a call that hands on the results of
that tool and of one that is not marked, 7 a stream, 8 a call that tells the time and throws dice.
"""

from __future__ import annotations

import random
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import replay


@dataclass(frozen=True, slots=True)
class Agent:
    """Each field is one thing that somebody may change in a program between its recording and a replay."""

    system: str = "You answer in one word."
    model: str = "random-1"
    temperature: float = 0.0
    schema: str = "integer"
    path: str = "/v1/chat/completions"
    trace: str = "first run"
    questions: tuple[str, ...] = ("red?", "green?", "blue?")
    marked_says: str = "19 euros"
    unmarked_says: str = "in stock"
    has_span: bool = True
    reads_all: bool = True
    tells_the_time: bool = True
    asks_once_more: bool = False
    asks_on_a_thread: bool = False

    def run(self, url: str) -> str:
        """The value is what the marked tool said."""
        with httpx.Client(base_url=url, headers={"x-trace": self.trace}) as client:
            with replay.span("planner") if self.has_span else nullcontext():
                for question in self.questions:
                    client.post(self.path, json=self._chat(_said("user", question)))  # asks
            if self.asks_on_a_thread:
                thread = threading.Thread(target=lambda: client.post("/ask", json={"q": "aside"}))  # asks aside
                thread.start()
                thread.join()
            price = self._price()
            client.post(self.path, json=self._chat(*self._results(price)))  # hands on
            self._stream(client)
            said = {"now": str(time.time()), "dice": f"{random.random():.17f}"}
            if self.tells_the_time:
                client.post("/ask", json=said)  # tells the time
            if self.asks_once_more:
                client.post("/ask", json=said)  # asks once more
        return price

    def _price(self) -> str:
        @replay.tool(effect="read")
        def price(article: int) -> str:
            return self.marked_says

        return price(7)

    def _stream(self, client: httpx.Client) -> None:
        with client.stream("POST", "/stream", json={"chunks": 5}) as response:
            for _ in response.iter_raw():
                if not self.reads_all:
                    break

    def _chat(self, *messages: dict[str, Any]) -> dict[str, Any]:
        schema = {"type": "object", "properties": {"article": {"type": self.schema}}}
        return {
            "model": self.model,
            "temperature": self.temperature,
            "messages": [_said("system", self.system), *messages],
            "tools": [{"type": "function", "function": {"name": "stock", "parameters": schema}}],
        }

    def _results(self, price: str) -> tuple[dict[str, Any], ...]:
        """What a model would have asked for, and got."""
        calls = [
            {"id": f"call_{name}", "type": "function", "function": {"name": name, "arguments": '{"article": 7}'}}
            for name in ("price", "stock")
        ]
        return (
            _said("assistant", "", tool_calls=calls),
            _said("tool", price, tool_call_id="call_price"),
            _said("tool", self.unmarked_says, tool_call_id="call_stock"),
        )


def _said(role: str, content: str, **fields: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **fields}


def line(comment: str) -> str:
    """``file:line`` of the call that carries ``comment``."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    (number,) = [number for number, text in enumerate(lines, 1) if text.endswith(f"# {comment}")]
    return f"tests/determinism/planted.py:{number}"
