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
    """One difference between the recorded run and another. ``reseeded``: the other had another hash seed, and with the
    recorded one there is no such difference. ``before`` and ``after``: what the two runs read."""

    difference: Difference
    reseeded: bool
    before: Sources
    after: Sources


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
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


def findings(seen: Seen) -> tuple[Finding, ...]:
    """What explains the difference ``seen``, field by field; each source line once."""
    found: dict[str, Finding] = {}
    for change in seen.difference.changes or (None,):
        each = _finding(seen, change)
        found.setdefault(f"{each.where} {each.reads}", each)
    return tuple(found.values())


def _finding(seen: Seen, change: Change | None) -> Finding:
    where, reads, todo, also = next(told for rule in _RULES if (told := rule(seen, change)))
    shown = (_text(change.before), _text(change.after)) if change is not None else ("", "")
    first = seen.difference
    return Finding(
        where or first.where,
        reads,
        todo,
        step=first.step,
        asked=first.where,
        field=change.path if change is not None else "",
        before=shown[0][:MAX_VALUE],
        after=shown[1][:MAX_VALUE],
        also=also,
    )


Told = tuple[str, str, str, tuple[str, ...]]
"""Line (empty: that of the request), what was read, what to do, other lines."""


def _read_value(seen: Seen, change: Change | None) -> Told | None:
    """A value that was read in each run stands where the two differ."""
    if change is None:
        return None
    old, new = _text(change.before), _text(change.after)
    before = {(source.name, source.where) for source in _within(seen.before.reads, old, new)}
    for source in _within(seen.after.reads, new, old):
        if (source.name, source.where) in before:
            return source.where, source.name, _TODO.get(source.name, "read it in a function marked @replay.tool"), ()
    return None


def _within(reads: Sequence[Source], text: str, other: str) -> Iterator[Source]:
    """The reads with a value that is in ``text`` and not in the ``other`` one."""
    for source in reads:
        if any(len(value) >= SHORTEST and value in text and value not in other for value in source.values):
            yield source


def _address(seen: Seen, change: Change | None) -> Told | None:
    if change is None:
        return None
    old, new = _text(change.before), _text(change.after)
    if old == new or not _ADDRESS.search(old) or _ADDRESS.sub("0x", old) != _ADDRESS.sub("0x", new):
        return None
    return "", "an address in memory: the repr of an object", "give its class a __repr__ without the address", ()


def _set_order(seen: Seen, change: Change | None) -> Told | None:
    if not seen.reseeded:
        return None
    file = seen.difference.where.rpartition(":")[0]
    lines = sorted(_set_lines(seen), key=lambda place: _distance(place, seen.difference.where))
    first, *others = lines or [""]
    near = tuple(place for place in others if place.rpartition(":")[0] == file) or tuple(others)
    todo = "sorted(…) around the set; replay gives the recorded hash seed back, other runs have another"
    return first, "the order of a set (the hash seed)", todo, near[:3]


def _set_lines(seen: Seen) -> Iterator[str]:
    for path in seen.after.files:
        yield from (f"{shown(path)}:{line}" for line in unordered_lines(path))


def _distance(place: str, asked: str) -> tuple[bool, int]:
    """How far a line is from the one that asked: what is asked is made before, and most often nearby."""
    (file, _, line), (other, _, at) = place.rpartition(":"), asked.rpartition(":")
    return file != other, abs(int(line) - int(at)) if line.isdigit() and at.isdigit() else 0


def _unknown(seen: Seen, change: Change | None) -> Told:
    todo = "find what this line's request is made of; read it in a function marked @replay.tool, and it is recorded"
    return "", "something that the recorder does not see", todo, ()


_RULES: tuple[Callable[[Seen, Change | None], Told | None], ...] = (_read_value, _address, _set_order, _unknown)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
