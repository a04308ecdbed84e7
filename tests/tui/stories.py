"""Runs for the tests of the UI: a small agent that mends a test, as it was and as it went with another model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from replay.cassette.forks import Swapped, note_of
from replay.dialects.cassette import Cassette
from replay.events import Answer, Chunk, End, Entry, Event, Failure, Head, Header, Note, Request

URL = "https://api.openai.com/v1/chat/completions"
MS = 1_000_000
SYSTEM = {"role": "system", "content": "You mend programs. Look before you change anything."}
TASK = {"role": "user", "content": "The tests of the parser fail. Mend them."}


class Source:
    """Events in place of a file."""

    def __init__(self, events: list[Event], header: Header, cut: str | None = None) -> None:
        self.header, self.events, self.cut = header, events, cut
        self.notes: list[Note] = []

    def event(self, id: int, /) -> Event:
        return self.events[id]

    def verify(self) -> list[str]:
        return []


def cassette(name: str, events: list[Event], folder: Path = Path(), **header: Any) -> Cassette:
    """A run called ``name``; its events are numbered as they come."""
    entry = Entry(argv=("python", "agent.py"))
    whole = Header(run=name, created=1_767_225_600_000_000_000, entry=entry, **header)
    return Cassette(folder / name, Source([replace(event, id=at) for at, event in enumerate(events)], whole))


def call(name: str, arguments: Any, id: str = "c1") -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {"role": "assistant", "content": None, "tool_calls": [{"id": id, "type": "function", "function": function}]}


def said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def result(text: str, id: str = "c1") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": text}


def llm(at: int, messages: list[dict[str, Any]], message: dict[str, Any], **rest: Any) -> Event:
    """A call to a model, ``at`` ms after the start."""
    model, took = rest.pop("model", "gpt-5"), rest.pop("took", 900)
    tokens = (len(json.dumps(messages)) // 4, len(json.dumps(message)) // 4)
    body = {
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]},
    }
    request = Request("http", "POST", URL, body=json.dumps({"model": model, "messages": messages}).encode())
    return Event(0, request, at=at * MS, where="agent.py:88", answer=_answer(body, (at + took) * MS), **rest)


def tool(at: int, name: str, arguments: Any, value: Any, **rest: Any) -> Event:
    """A tool that answers at once."""
    request = Request("tool", "call", name, body=json.dumps(arguments).encode())
    answer = replace(_answer(value, (at + 40) * MS), head=None)
    return Event(0, request, at=at * MS, where="agent.py:41", answer=answer, **rest)


def span(at: int, name: str, took: int, **rest: Any) -> Event:
    return Event(
        0, Request("span", "enter", name), at=at * MS, answer=Answer(end=End(), end_at=(at + took) * MS), **rest
    )


def _answer(body: Any, end_at: int) -> Answer:
    return Answer(Head(200, "OK"), chunks=(Chunk(json.dumps(body).encode()),), end=End(), end_at=end_at)


def mended(folder: Path = Path()) -> Cassette:
    """The run as it was recorded: nine steps, in two spans."""
    look, read, test = (
        call("list_files", {"path": "src"}),
        call("read_file", {"path": "parse.py"}),
        call("run_tests", {}),
    )
    history = [SYSTEM, TASK, look, result('["parse.py", "test_parse.py"]')]
    longer = [*history, read, result("def parse(text):\n    return text[0]\n")]
    events = [
        span(0, "planner", 4000),
        llm(10, [SYSTEM, TASK], look, parent=0),
        tool(950, "list_files", {"path": "src"}, ["parse.py", "test_parse.py"], parent=0),
        llm(1000, history, read, parent=0),
        tool(2000, "read_file", {"path": "parse.py"}, "def parse(text):\n    return text[0]\n", parent=0),
        span(4100, "mender", 5000),
        llm(4200, longer, test, parent=5),
        tool(5200, "run_tests", {}, {"exit": 1, "failed": ["test_parse_empty"]}, parent=5),
        llm(5300, [*longer, test, result('{"exit": 1}')], said("The failing test is test_parse_empty."), parent=5),
    ]
    return cassette("fix.cassette", events, folder)


def cheaper(folder: Path = Path()) -> Cassette:
    """The same with another model: it edits the file before it runs the tests."""
    events = [replace(event, origin="served") for event in mended().events]
    edit = call("edit_file", {"path": "parse.py", "text": "def parse(text):\n    return text[:1]\n"})
    asked = events[6].request
    history = json.loads(asked.body)["messages"]
    test = call("run_tests", {})
    changed = [
        llm(4200, history, edit, model="gpt-5-mini", took=400, parent=5, origin="live"),
        tool(4700, "edit_file", {"path": "parse.py"}, "written", parent=5, origin="live"),
        llm(4800, [*history, edit, result("written")], test, model="gpt-5-mini", took=300, parent=5, origin="live"),
        tool(5200, "run_tests", {}, {"exit": 0, "failed": []}, parent=5, origin="live"),
        llm(
            5300,
            [*history, edit, result("written"), test, result('{"exit": 0}')],
            said("All tests pass now: parse() takes an empty text."),
            model="gpt-5-mini",
            took=500,
            parent=5,
            origin="live",
        ),
    ]
    run = cassette("fix@mini.cassette", [*events[:6], *changed], folder, swaps=("model=gpt-5-mini",), parent="fix")
    asked = [event.id for event in run.events if event.origin == "live" and event.request.kind == "http"]
    run.notes.extend([note_of(event, Swapped(b"", (0,))) for event in asked])
    return run


def empty() -> Cassette:
    return cassette("empty.cassette", [])


def long(count: int = 10_000) -> Cassette:
    """``count`` steps: a model and a tool, in turns."""
    events: list[Event] = []
    for at in range(count // 2):
        events.append(llm(at * 100, [{"role": "user", "content": f"turn {at}"}], call("lookup", {"turn": at}), took=50))
        events.append(tool(at * 100 + 60, "lookup", {"turn": at}, f"value {at}"))
    return cassette("long.cassette", events)


def huge(size: int = 5_000_000) -> Cassette:
    """One answer of ``size`` characters, on a few very long lines and many short ones."""
    text = "word " * (size // 20) + "\n" + "x" * (size // 4) + "\n" + "a line of text\n" * (size // 30)
    return cassette("huge.cassette", [llm(0, [TASK], said(text))])


HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J "
    "\u202eright to left\u202c \U000e0041 [bold]markup[/] [@click=app.quit]x[/]\r\nnext\ttab\x00 "
    "漢字かな交じり文 한국어 👩\u200d👩\u200d👧 🏳\ufe0f\u200d🌈 e\u0301 ﷽ \ud83d"
)


def hostile() -> Cassette:
    """Control sequences, markup, wide characters and a line of a megabyte, in names, arguments and answers."""
    events = [
        span(0, "span \x1b[2J [red]漢字 👩\u200d👩", 90),
        llm(1, [{"role": "user", "content": HOSTILE}], said(HOSTILE), model="m\x1b]8;;http://x\x07[b]"),
        tool(20, "工具\x1b[5m[/]\u202e", {"text": HOSTILE}, HOSTILE * 3),
        llm(40, [{"role": "user", "content": "漢" * 200_000}], said("x" * 1_000_000 + HOSTILE)),
    ]
    return cassette("hostile \x1b[31m[red]漢字.cassette", events)


def failing() -> Cassette:
    """A tool that fails, a provider that refuses, an answer that never comes."""
    refused = llm(0, [TASK], said(""))
    body = json.dumps({"error": {"message": "you are over your quota", "type": "insufficient_quota"}}).encode()
    answer = Answer(Head(429, "Too Many Requests"), chunks=(Chunk(body),), end=End(), end_at=300 * MS)
    failed = tool(400, "run_tests", {}, None)
    broken = Answer(end=End("failed", Failure("builtins.TimeoutError", "no answer in 30 s")), end_at=500 * MS)
    events = [
        replace(refused, answer=answer),
        replace(failed, answer=broken),
        replace(llm(600, [TASK], said("")), answer=None),
    ]
    return cassette("failing.cassette", events)
