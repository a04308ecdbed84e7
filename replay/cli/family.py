"""Which cassette is whose fork."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from replay.cassette.forks import is_parent, parent_name

Row = dict[str, Any]
LONGEST = 50


def arranged(rows: list[Row]) -> list[Row]:
    """``rows`` of ``replay ls``, each fork after its parent, with ``depth`` and, in words, what it was ``made_by``.

    A parent is known by its contents: it may have been renamed, and one that has changed is no longer it.
    """
    children: dict[str, list[Row]] = {}
    roots = []
    for row in rows:
        parent = _parent(row, rows)
        if parent is None:
            roots.append({**row, "made_by": _made_by(row, away=bool(row["parent"]))})
        else:
            children.setdefault(parent["path"], []).append({**row, "made_by": _made_by(row, away=False)})
    return [each for root in roots for each in _with_children(root, children, 0)]


def _parent(row: Row, rows: list[Row]) -> Row | None:
    mark = row["parent"]
    if not mark:
        return None
    others = [other for other in rows if other is not row and not other["error"]]
    others.sort(key=lambda other: not other["path"].endswith(parent_name(mark)))  # most forks find it at the first look
    return next((other for other in others if is_parent(mark, other["path"])), None)


def _with_children(row: Row, children: dict[str, list[Row]], depth: int) -> Iterator[Row]:
    yield {**row, "depth": depth}
    for child in children.pop(row["path"], []):
        yield from _with_children(child, children, depth + 1)


def _made_by(row: Row, *, away: bool) -> list[str]:
    swaps = [text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…" for text in row["swaps"]]
    return [*([f"fork of {parent_name(row['parent'])}, which is not here"] if away else []), *swaps]
