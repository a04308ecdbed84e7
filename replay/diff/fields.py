"""Which fields of two requests differ, as paths that a person would write (``request.input[3].content``).

Lists of messages are aligned before anything is compared, so that one inserted message is one difference and not one
for every message after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import chain, islice
from typing import Any, Literal

import orjson

from replay.dialects import grpc
from replay.dialects.body import decoded
from replay.diff.affine import align
from replay.diff.anchors import Stretch
from replay.diff.features import Vocabulary, words_alike
from replay.events import Request

How = Literal["changed", "added", "removed"]

MAX_CHANGES = 1000
MAX_ALIGNED = 1000
"""Items of a list, after its equal ends, beyond which only the list as a whole is said to differ."""

MAX_TABLE = 10_000
"""Pairs of objects beyond which nothing is asked about how alike they are."""

_NAMING = ("role", "type", "name")
"""What makes an object another thing, not a changed one."""

_ROOT = {"http": "request", "tool": "arguments", "process": "process", "span": "span"}


@dataclass(frozen=True, slots=True)
class Change:
    """One field. ``before`` is as recorded, ``after`` as asked now; None where there is no such field.

    The numbers in ``path`` count in the request asked now; those of a removed item in the recorded one.
    """

    path: str
    how: How
    before: Any
    after: Any


def differing(recorded: Request, asked: Request, headers: tuple[str, ...] = ()) -> tuple[Change, ...]:
    """The fields in which ``asked`` differs from ``recorded``, at most a thousand. Of the headers only those named."""
    try:
        return tuple(islice(chain(_of_headers(recorded, asked, headers), _changes(recorded, asked)), MAX_CHANGES))
    except (RecursionError, orjson.JSONEncodeError):  # nested too deep for comparing and for writing
        return (Change(f"{_ROOT[asked.kind]}.body", "changed", _text(recorded), _text(asked)),)


def differing_values(before: Any, after: Any, root: str) -> tuple[Change, ...]:
    """The fields in which two JSON-like values differ, at most a thousand; paths begin with ``root``."""
    try:
        return tuple(islice(_of_values(before, after, root), MAX_CHANGES))
    except (RecursionError, orjson.JSONEncodeError):
        return (Change(root, "changed", before, after),)


def _changes(recorded: Request, asked: Request) -> Iterator[Change]:
    root = _ROOT[asked.kind]
    for name, before, after in (
        ("method" if asked.kind == "http" else "action", recorded.action, asked.action),
        ("url" if asked.kind == "http" else "name", recorded.target, asked.target),
    ):
        if before != after:
            yield Change(f"{root}.{name}", "changed", before, after)
    if recorded.body == asked.body:
        return
    before, after = _document(recorded), _document(asked)
    if isinstance(before, dict | list) and type(before) is type(after):
        yield from _of_values(before, after, root)
    elif before != after:
        yield Change(f"{root}.body", "changed", before, after)


def _of_headers(recorded: Request, asked: Request, names: tuple[str, ...]) -> Iterator[Change]:
    for name in names:
        before, after = recorded.header(name), asked.header(name)
        if before != after:
            how: How = "added" if before is None else "removed" if after is None else "changed"
            yield Change(f"request.headers.{name}", how, before, after)


def _document(request: Request) -> Any:
    """The body as data, else as text."""
    text = _text(request)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _text(request: Request) -> str:
    if grpc.is_grpc(request):
        return grpc.words(request.body)
    return decoded(request.body, request.header("content-encoding")).data.decode("utf-8", "replace")


def _of_values(before: Any, after: Any, path: str) -> Iterator[Change]:
    """Objects field by field, lists of objects aligned, and all else by deepdiff."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _of_field(before, after, key, f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and _holds_objects([*before, *after]):
        yield from _aligned(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _deep(before, after, path)
    elif _canonical(before) != _canonical(after):
        yield Change(path, "changed", before, after)


def _of_field(before: dict[str, Any], after: dict[str, Any], key: str, path: str) -> Iterator[Change]:
    if key not in before:
        yield Change(path, "added", None, after[key])
    elif key not in after:
        yield Change(path, "removed", before[key], None)
    elif _canonical(before[key]) != _canonical(after[key]):  # in Python, True is 1
        yield from _of_values(before[key], after[key], path)


def _canonical(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _holds_objects(items: list[Any]) -> bool:
    return all(isinstance(item, dict) for item in items)


def _aligned(before: list[Any], after: list[Any], path: str) -> Iterator[Change]:
    """Equal items are set against each other; what lies between them pairs up in order, the rest came or went."""
    old, new = ([_canonical(item) for item in items] for items in (before, after))
    start, end = _equal_ends(old, new)
    if max(len(old), len(new)) - start - end > MAX_ALIGNED:
        yield Change(path, "changed", before, after)
        return
    matcher = SequenceMatcher(None, old[start : len(old) - end], new[start : len(new) - end], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            yield from _replaced(before, after, (start + i1, start + i2, start + j1, start + j2), path)


def _replaced(before: list[Any], after: list[Any], stretch: Stretch, path: str) -> Iterator[Change]:
    """Items that are alike are compared, the rest was added or removed."""
    i1, i2, j1, j2 = stretch
    pairs = {i1 + i: j1 + j for i, j in _alike(before[i1:i2], after[j1:j2])}
    for i, j in pairs.items():
        yield from _of_values(before[i], after[j], f"{path}[{j}]")
    paired = set(pairs.values())
    for at in range(j1, j2):
        if at not in paired:
            yield Change(f"{path}[{at}]", "added", None, after[at])
    for at in range(i1, i2):
        if at not in pairs:
            yield Change(f"{path}[{at}]", "removed", before[at], None)


def _alike(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """As many as before: each is compared with the one in its place. Else the most alike, in order."""
    if len(before) == len(after) or len(before) * len(after) > MAX_TABLE:
        return [(n, n) for n in range(min(len(before), len(after)))]
    words = Vocabulary()
    old, new = ([words.encode(_canonical(item).decode()) for item in items] for items in (before, after))

    def similarity(i: int, j: int) -> float:
        same = all(before[i].get(key) == after[j].get(key) for key in _NAMING)
        return words_alike(old[i], new[j]) if same else 0.0

    return align(len(old), len(new), similarity)


def _equal_ends(old: list[bytes], new: list[bytes]) -> tuple[int, int]:
    shorter = min(len(old), len(new))
    start = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    end = next((at for at in range(shorter - start) if old[-1 - at] != new[-1 - at]), shorter - start)
    return start, end


_DEEP: dict[str, How] = {
    "dictionary_item_added": "added",
    "iterable_item_added": "added",
    "dictionary_item_removed": "removed",
    "iterable_item_removed": "removed",
    "values_changed": "changed",
    "type_changes": "changed",
}


def _deep(before: Any, after: Any, path: str) -> Iterator[Change]:
    from deepdiff import DeepDiff

    found = DeepDiff(before, after, view="tree", max_diffs=100_000)
    for report, how in _DEEP.items():
        for level in found.get(report, ()):
            steps = "".join(
                f"[{step}]" if isinstance(step, int) else f".{step}" for step in level.path(output_format="list")
            )
            yield Change(
                path + steps, how, None if how == "added" else level.t1, None if how == "removed" else level.t2
            )
