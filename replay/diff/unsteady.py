"""What in a program is another thing in every run, told by what it asked: each thing with its source line and a remedy.

Two runs of the same program were given the same answers, the same clock and the same dice. What they ask differently
comes from the program itself: :func:`findings` says from where, as far as the values and the source tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from replay.diff.fields import Change
from replay.diff.first import Difference
from replay.diff.unordered import unordered_lines
from replay.engine.callsite import shown
from replay.engine.sources import Source, Sources

MAX_VALUE = 200
"""Characters of a value that is kept of a difference."""
MAX_ALSO = 3
"""Other lines that are named beside the likeliest."""
SHORTEST = 3
"""Characters below which a value that was read says nothing when a request holds it too."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``where``: file:line of the read, or of the request when that is all that is known (``asked``). ``reads``: what
    was read, in words. ``todo``: what to do. ``step``, ``field``, ``before``, ``after``: where it showed, and how.
    ``also``: other lines that may be the one."""

    where: str
    reads: str
    todo: str
    step: int = 0
    asked: str = ""
    field: str = ""
    before: str = ""
    after: str = ""
    also: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Seen:
    """How a run differed from the recorded one. ``recorded`` and ``reads``: what the two read. ``changed``: files and
    variables that changed in between. ``steady``: of a run under another hash seed, the run under the recorded one."""

    difference: Difference
    recorded: Sources
    reads: Sources
    changed: tuple[str, ...] = ()
    steady: Steady | None = None


@dataclass(frozen=True, slots=True)
class Steady:
    """A run under the recorded hash seed: where it differed, and what it read."""

    differences: tuple[Difference, ...]
    reads: Sources


_TODO = {
    "id": "leave the address out, or number your objects yourself",
    "hash": "use hashlib; the hash of a text is another one in every process",
    "threading.get_ident": "name the thread yourself, and use its name",
    "threading.get_native_id": "name the thread yourself, and use its name",
    "os.getpid": "leave the process id out of what you send, or read it in a function marked @replay.tool",
    "os.getppid": "leave the process id out of what you send, or read it in a function marked @replay.tool",
    "os.listdir": "sorted(…) around the listing",
    "os.scandir": "sorted(…) around the listing",
    "tempfile": "give the file a name of your own, or leave its path out of what you send",
}
_MARK = "read it in a function marked @replay.tool: it is recorded then"
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


def findings(seen: Seen) -> tuple[Finding, ...]:
    """What explains the difference ``seen``, field by field; each source line once."""
    found: dict[str, Finding] = {}
    for change in seen.difference.changes or (None,):
        told = [each for rule in _RULES for each in rule(seen, change)] or [_unknown(seen)]
        for each in told:
            found.setdefault(f"{each.where} {each.reads}", _finding(seen.difference, change, each))
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Told:
    """``where``: empty for the line of the request."""

    where: str
    reads: str
    todo: str
    also: tuple[str, ...] = ()


def _finding(first: Difference, change: Change | None, told: _Told) -> Finding:
    shown = (_text(change.before), _text(change.after)) if change is not None else ("", "")
    return Finding(
        told.where or first.where,
        told.reads,
        told.todo,
        step=first.step,
        asked=first.where,
        field=change.path if change is not None else "",
        before=shown[0][:MAX_VALUE],
        after=shown[1][:MAX_VALUE],
        also=told.also,
    )


def _read_values(seen: Seen, change: Change | None) -> Iterator[_Told]:
    """Values that were read by one line in both runs stand where the two differ."""
    if change is None:
        return
    old, new = _text(change.before), _text(change.after)
    before = {(source.name, source.where) for source in _within(seen.recorded.reads, old, new)}
    for source in _within(seen.reads.reads, new, old):
        if (source.name, source.where) in before:
            yield _Told(source.where, source.name, _TODO.get(source.name, _MARK))


def _within(reads: Sequence[Source], text: str, other: str) -> Iterator[Source]:
    """The reads with a value that is in ``text`` and not in the ``other`` one."""
    for source in reads:
        if any(value in text and value not in other for value in _telling(source)):
            yield source


def _telling(source: Source) -> list[str]:
    return [value for value in source.values if len(value) >= SHORTEST]


def _address(seen: Seen, change: Change | None) -> Iterator[_Told]:
    if change is not None:
        old, new = (set(_ADDRESS.findall(_text(value))) for value in (change.before, change.after))
        if old and new and old != new:
            yield _Told("", "an address in memory: the repr of an object", "give its class a __repr__ without it")


def _inputs(seen: Seen, change: Change | None) -> Iterator[_Told]:
    for name in seen.changed:
        yield _Told("", f"{name}, which one run changes for the next", "start every run from the same state")


def _set_order(seen: Seen, change: Change | None) -> Iterator[_Told]:
    """What differs under another hash seed, and did not under the recorded one."""
    if seen.steady is None or change is None or not _is_left(change, seen.recorded, seen.reads):
        return
    twin = _same_field(seen.steady.differences, seen.difference, change)
    if twin is not None and _is_left(twin, seen.recorded, seen.steady.reads):
        return
    first, *others = _set_lines(seen) or [""]
    todo = "sorted(…) around the set; replay gives the recorded hash seed back, other runs have another"
    yield _Told(first, "the order of a set (the hash seed)", todo, tuple(others[:MAX_ALSO]))


def _same_field(others: Sequence[Difference], difference: Difference, change: Change) -> Change | None:
    place = (difference.step, difference.lineage)
    same = (each for other in others if (other.step, other.lineage) == place for each in other.changes)
    return next((each for each in same if each.path == change.path), None)


def _is_left(change: Change, before: Sources, after: Sources) -> bool:
    """Whether the values differ also where nothing stands that was read otherwise."""
    return _bare(_text(change.before), before) != _bare(_text(change.after), after)


def _bare(text: str, sources: Sources) -> str:
    for value in sorted({value for source in sources.reads for value in _telling(source)}, key=len, reverse=True):
        text = text.replace(value, "…")
    return _ADDRESS.sub("…", text)


def _set_lines(seen: Seen) -> list[str]:
    """The lines that let the order of a set out: what is asked was made before, and most often nearby."""
    places = [f"{shown(path)}:{line}" for path in seen.reads.files for line in unordered_lines(path)]
    return sorted(places, key=lambda place: _distance(place, seen.difference.where))


def _distance(place: str, asked: str) -> tuple[bool, int]:
    (file, _, line), (other, _, at) = place.rpartition(":"), asked.rpartition(":")
    return file != other, abs(int(line) - int(at)) if line.isdigit() and at.isdigit() else 0


def _unknown(seen: Seen) -> _Told:
    return _Told("", "something that the recorder does not see", f"find what this request is made of, and {_MARK}")


_RULES: tuple[Callable[[Seen, Change | None], Iterator[_Told]], ...] = (_read_values, _address, _inputs, _set_order)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
