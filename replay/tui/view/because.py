"""The pane "Why": what differs in this row, in the request or in the answer, and where that came from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from replay.diff import model as diff
from replay.diff.fields import Change
from replay.tui.view.rows import Row
from replay.tui.view.text import Line, Span, shortened
from replay.tui.view.viewer import Viewer
from replay.tui.view.wrap import wrapped

MAX_CHANGES = 3
SHOWN = 48
"""Cells of a value."""

MAX_CELLS = 300
"""Of one thing that is said."""
_KINDS = {
    "swap": "your swap", "upstream": "upstream", "live": "a live call", "nearest": "the nearest recorded answer",
    "fault": "a planted fault", "chance": "chance", "input": "an input", "order": "the order", "code": "the program",
}  # fmt: skip


def title(viewer: Viewer) -> str:
    return "Why" if viewer.runs.b else "Step"


def why(viewer: Viewer, width: int) -> list[Line]:
    """What is to be said about the row under the cursor."""
    row = viewer.row
    if row is None:
        return [(Span("this run has no step"),)]
    told = _compared(viewer, row, row.pair) if row.pair else _alone(viewer, row)
    note = viewer.note(row)
    lines = [*([(Span("note: ", "dim"), Span(note))] if note else []), *told]
    return [piece for line in lines for piece in wrapped(_neutral(line), width)]


def _neutral(line: Line) -> Line:
    return tuple([Span(shortened(span.text, MAX_CELLS), span.role) for span in line])


def _alone(viewer: Viewer, row: Row) -> Iterator[Line]:
    step = row.step
    if step.error:
        yield (Span("error: ", "error"), Span(step.error))
    where = step.source.where if step.source else ""
    origin = step.source.origin if step.source else "inferred from the traffic"
    yield (
        Span("asked at ", "dim"), Span(where or "an unknown line"), Span(" by task ", "dim"), Span(step.lineage),
        Span("   origin ", "dim"), Span(origin),
    )  # fmt: skip
    verdict = viewer.notes.verdict
    if verdict:
        yield (Span("verdict: ", "dim"), Span(f"{verdict.word} {verdict.why}", _VERDICT[verdict.word]))


_VERDICT = {"good": "good", "bad": "bad"}


def _compared(viewer: Viewer, row: Row, pair: diff.Row) -> Iterator[Line]:
    if not pair.differs:
        yield from _equal(viewer, row, pair)
        return
    first = viewer.runs.diff.first if viewer.runs.diff else None
    place = "First difference" if first is pair else "Difference"
    yield (Span(f"{place}: row {pair.number}, {_part(pair)}. ", "strong"), Span(_request_said(pair)))
    chain = pair.chain
    cause = pair.cause
    if cause:
        yield (Span(f"cause ({_KINDS[cause.kind]}): ", "dim"), Span(cause.said))
    if len(chain) > 1:
        yield (Span("chain: ", "dim"), Span(" → ".join([_link(viewer, link) for link in chain])))
    for change in pair.changes[:MAX_CHANGES]:
        yield _change(change)
    if len(pair.changes) > MAX_CHANGES:
        yield (Span(f"and {len(pair.changes) - MAX_CHANGES} other fields", "dim"),)


def _equal(viewer: Viewer, row: Row, pair: diff.Row) -> Iterator[Line]:
    if pair.mark == "≈":
        yield (Span("Equal but for ids and times.", "strong"),)
        yield from (_change(change) for change in pair.changes[:MAX_CHANGES])
        return
    first = viewer.runs.diff.first if viewer.runs.diff else None
    if first is None:
        yield (Span("Equal. ", "strong"), Span("No row of the two runs differs."))
    elif first.number > pair.number:
        yield (Span("Equal. ", "strong"), Span(f"The first difference is row {first.number} (d)."))
    else:
        yield (Span("Equal, ", "strong"), Span(f"also after the first difference (row {first.number}, d)."))


def _part(pair: diff.Row) -> str:
    if pair.mark == "+":
        return "only in B"
    if pair.mark == "-":
        return "only in A"
    if pair.request and pair.response:
        return "request and answer"
    return "request" if pair.request else "response" if pair.response else "moved"


def _request_said(pair: diff.Row) -> str:
    if pair.mark in ("+", "-"):
        return ""
    if pair.response and not pair.request:
        cause = pair.cause
        return f"The request is equal{' except your swap' if cause and cause.kind == 'swap' else ''}."
    return ""


def _link(viewer: Viewer, link: diff.Link) -> str:
    row = viewer.rows[link.row - 1]
    field = f" {link.cause.path or link.cause.into}".rstrip()
    return f"row {link.row} {row.step.name}{field}"


def _change(change: Change) -> Line:
    before, after = _text(change.before), _text(change.after)
    start = _first_change(before, after)
    return (
        Span(f"{change.path}  "), Span(_from(before, start), "removed"), Span(" → ", "dim"),
        Span(_from(after, start), "added"),
    )  # fmt: skip


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _first_change(before: str, after: str) -> int:
    """Where to begin so that the first change of two long texts is seen."""
    if max(len(before), len(after)) <= SHOWN:
        return 0
    same = next((at for at, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    return max(0, same - SHOWN // 3)


def _from(text: str, start: int) -> str:
    return ("…" if start else "") + shortened(text[start:], SHOWN)
