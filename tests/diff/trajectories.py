"""Runs to plant changes in: real ones from the corpus, and generated agents whose requests repeat their history."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from replay.canon import fingerprint
from replay.dialects.body import decoded
from replay.events import Answer, Chunk, End, Event, Head, Request

CORPUS = Path(os.environ.get("REPLAY_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ALONE = 4
"""Exchanges from which on a recording is a trajectory of its own; shorter ones are chained."""
CHAINED = 12
PROSE = ("content", "text", "arguments", "output", "prompt", "thinking")
DATA = ("arguments", "input", "args")
WORDS = [f"{a}{b}{c}" for a in "bcdfglmnprstv" for b in "aeiou" for c in ("lt", "nd", "rk", "sh")]


@dataclass(frozen=True)
class Turn:
    """One step before it is an event. ``id`` says which it is, whatever happens to its words."""

    id: str
    kind: str
    asked: Any
    said: Any
    name: str = ""


@dataclass(frozen=True)
class Trajectory:
    """``render`` makes events of turns; a generated agent's requests hold all turns before them."""

    name: str
    turns: tuple[Turn, ...]
    render: Callable[[Sequence[Turn]], list[Event]]


def from_corpus(every: int = 1) -> Iterator[Trajectory]:
    """Real exchanges in the order in which they were recorded; each ``every``-th trajectory."""
    waiting: list[Turn] = []
    number = 0
    for path in sorted(CORPUS.rglob("*.yaml")):
        size = path.read_bytes().count(b"\n- request:")
        if size >= ALONE:
            number += 1
            if number % every == 0:
                yield Trajectory(path.stem, tuple(_turns(path)), _plain)
        elif len(waiting) < CHAINED:
            waiting += [path] * bool(size)
        else:
            number += 1
            if number % every == 0:
                yield Trajectory(f"{path.stem} and before", tuple(t for each in waiting for t in _turns(each)), _plain)
            waiting = []


def _turns(path: Path) -> Iterator[Turn]:
    recorded = yaml.load(path.read_bytes(), LOADER)
    for at, each in enumerate(recorded.get("interactions") or []):
        asked, said = each["request"], each["response"]
        request = Request("http", asked["method"], asked["uri"], _fields(asked), _raw(asked["body"]))
        body = decoded(_raw((said.get("body") or {}).get("string")), request_encoding(said)).data
        yield Turn(f"{path}#{at}", "http", (request, request.body), (said["status"]["code"], body))


def request_encoding(said: dict[str, Any]) -> str | None:
    return next((v[0] for k, v in said["headers"].items() if k.lower() == "content-encoding"), None)


def _fields(asked: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value if isinstance(value, str) else value.decode())
        for name, values in asked["headers"].items()
        for value in values
    )


def _raw(value: Any) -> bytes:
    return value if isinstance(value, bytes) else (value or "").encode()


def _plain(turns: Sequence[Turn]) -> list[Event]:
    return [_event(at, replace(turn.asked[0], body=turn.asked[1]), *turn.said) for at, turn in enumerate(turns)]


def _event(at: int, request: Request, status: int, body: bytes) -> Event:
    answer = Answer(Head(status), chunks=(Chunk(body),), end=End())
    return Event(at, request, "0", at, at, at, fingerprint=fingerprint(request), answer=answer)


def generated(seed: int, length: int = 30) -> Trajectory:
    """A chat agent: a call to a model, the tools it asks for, again; some tools are polled with equal arguments."""
    rng = random.Random(seed)
    tools = [f"{rng.choice(('get', 'find', 'list', 'check'))}_{rng.choice(WORDS)}" for _ in range(4)]
    turns: list[Turn] = []
    while len(turns) < length:
        if turns and turns[-1].kind == "llm":
            for name in rng.choices(tools, k=rng.choice((1, 1, 1, 2))):
                polled = rng.random() < 0.15
                arguments = {"job": "status"} if polled else {"query": prose(rng, 3), "limit": rng.randrange(9)}
                said = {"state": "waiting"} if polled else {"rows": [prose(rng, 6), prose(rng, 4)]}
                turns.append(Turn(f"{seed}.{len(turns)}", "tool", arguments, said, name))
        else:
            turns.append(Turn(f"{seed}.{len(turns)}", "llm", "", prose(rng, rng.randrange(8, 40))))
    return Trajectory(f"generated {seed}", tuple(turns), _agent)


def prose(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(WORDS, k=words))


def _agent(turns: Sequence[Turn]) -> list[Event]:
    """The messages of each request are all that was said and done before it."""
    history: list[dict[str, Any]] = [
        {"role": "system", "content": "You are an agent."},
        {"role": "user", "content": "Begin."},
    ]
    events = []
    for at, turn in enumerate(turns):
        if turn.kind == "llm":
            body = json.dumps({"model": "m", "messages": history}).encode()
            request = Request("http", "POST", "http://host/v1/chat/completions", body=body)
            message = {"role": "assistant", "content": turn.said}
            answer = {"choices": [{"message": message, "finish_reason": "stop"}]}
            events.append(_event(at, request, 200, json.dumps(answer).encode()))
            history = [*history, message]
        else:
            request = Request("tool", "call", turn.name, body=json.dumps(turn.asked).encode())
            events.append(_event(at, request, 200, json.dumps(turn.said).encode()))
            history = [*history, {"role": "tool", "tool_call_id": f"call_{at}", "content": json.dumps(turn.said)}]
    return events


def reworded(turn: Turn, share: float, rng: random.Random) -> Turn:
    """``turn`` with ``share`` of the words of what was asked, of what was said, or of both replaced, at least one."""
    sides = rng.choice((("asked",), ("said",), ("asked", "said"))) if turn.kind != "llm" else ("said",)
    for side in sides:
        value = getattr(turn, side)
        new = (value[0], _body(value[1], share, rng)) if turn.kind == "http" else _value(value, share, rng)
        turn = replace(turn, **{side: new})
    return turn


def _body(body: bytes, share: float, rng: random.Random) -> bytes:
    """A body of JSON, or of server-sent events that hold JSON, with other words where people and models write."""
    try:
        return json.dumps(_document(json.loads(body), share, rng)).encode()
    except ValueError:
        return b"\n".join([_line(line, share, rng) for line in body.split(b"\n")])


def _line(line: bytes, share: float, rng: random.Random) -> bytes:
    start, mark, data = line.partition(b"data: ")
    try:
        return start + mark + json.dumps(_document(json.loads(data), share, rng)).encode() if mark else line
    except ValueError:
        return line


def _document(value: Any, share: float, rng: random.Random, key: str = "") -> Any:
    if key in DATA and not isinstance(value, str):
        return _value(value, share, rng)
    if isinstance(value, dict):
        return {key: _document(each, share, rng, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_document(each, share, rng, key if isinstance(each, str) else "") for each in value]
    return _value(value, share, rng) if key in PROSE else value


def _value(value: Any, share: float, rng: random.Random) -> Any:
    """All texts in ``value`` with other words; JSON within a text stays JSON."""
    if isinstance(value, dict):
        return {key: _value(each, share, rng) for key, each in value.items()}
    if isinstance(value, list):
        return [_value(each, share, rng) for each in value]
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return json.dumps(_value(dict(json.loads(value)), share, rng))
    except (ValueError, TypeError):
        words = value.split(" ")
        for at in rng.sample(range(len(words)), max(1, round(len(words) * share))):
            words[at] = rng.choice(WORDS)
        return " ".join(words)
