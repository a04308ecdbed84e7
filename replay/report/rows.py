"""One row of a comparison in a few words, as all its readers (text, HTML, Markdown, JUnit) say it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from replay.diff.fields import Change
from replay.diff.model import Diff, Metric, Row
from replay.diff.words import equal_start
from replay.report.amounts import counted, elapsed, money, scaled

MARKS = {"llm": "◆", "tool": "▲", "http": "●", "process": "■", "span": "▼"}
EXCERPT = 48
"""Characters of a value within a line."""

BEFORE = 12
"""Characters of an excerpt that stand before the first difference."""


def place(row: Row) -> tuple[str, str]:
    """The numbers of its steps, ``·`` where there is none."""
    return str(row.a.number) if row.a else "·", str(row.b.number) if row.b else "·"


def label(row: Row) -> str:
    """``step 7``, by b's number if it has one; else ``step 9 of a``."""
    return f"step {row.step.number}{'' if row.b else ' of a'}"


def reasons(diff: Diff, row: Row) -> Iterator[tuple[Row, str]]:
    """The rows of its chain, root first, each with why it differs."""
    for link in row.chain:
        yield diff.rows[link.row - 1], link.cause.said


def name(row: Row) -> str:
    """What the step is, indented by its depth."""
    step = row.step
    return f"{'  ' * step.depth}{MARKS[step.kind]} {step.name}"


def gist(row: Row) -> str:
    """What is different about it, on one line; empty when nothing is."""
    return "; ".join(_gist(row))


def _gist(row: Row) -> Iterator[str]:
    if row.mark == "+":
        yield "only in b"
    elif row.mark == "-":
        yield "only in a"
    if row.moved:
        yield moved(row)
    if row.mark == "≈":
        yield f"not compared: {_last(row.changes[0].path)}" if row.changes else "ids and times"
    elif row.changes:
        yield change_line(_telling(row.changes))
        if len(row.changes) > 1:
            yield counted(len(row.changes) - 1, "more field")


def moved(row: Row) -> str:
    """Where it was and where it is now."""
    assert row.moved is not None
    before, after = (f"after step {at}" if at else "first" for at in (row.moved.after_a, row.moved.after_b))
    return f"moved: {before} in a, {after} in b{', in another task' if row.moved.branch else ''}"


def change_line(change: Change, width: int = EXCERPT) -> str:
    """``response.content: "…two apples" → "…three apples"``."""
    before, after = excerpts(change, width)
    return f"{change.path}: {before} → {after}"


def excerpts(change: Change, width: int = EXCERPT) -> tuple[str, str]:
    """Both values on one line, each cut to what is near the first difference."""
    old, new = _shown(change.before), _shown(change.after)
    start = max(0, equal_start(old, new) - BEFORE) if max(len(old), len(new)) > width else 0
    cut = [_cut(text, start, width) for text in (old, new)]
    return ("nothing" if change.how == "added" else cut[0]), ("nothing" if change.how == "removed" else cut[1])


def _cut(text: str, start: int, width: int) -> str:
    """Part of a value; a text keeps its quotes."""
    quote = '"' if text.startswith('"') else ""
    inner = text[len(quote) : len(text) - len(quote)]
    part = inner[start : start + width]
    return f"{quote}{'…' if start else ''}{part}{'…' if start + width < len(inner) else ''}{quote}"


def _shown(value: Any, indent: int | None = None) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent, default=str)
    except RecursionError:
        return "(nested too deep to be shown)"


def whole(value: Any) -> str:
    """A value to be read in full: a text as it is, else indented JSON."""
    return value if isinstance(value, str) else _shown(value, 2)


def _telling(changes: Sequence[Change]) -> Change:
    """What a person looks for first: that another tool is called, then another result or other words."""
    for part in ("response.tool_calls", "response.value", "response.content"):
        found = next((change for change in changes if change.path.startswith(part)), None)
        if found is not None:
            return found
    return changes[0]


def _last(path: str) -> str:
    return path.rpartition(".")[2]


# The whole ------------------------------------------------------------------------------------------------------------


def title(diff: Diff) -> str:
    """``identical``, or where the difference begins."""
    if diff.identical:
        return "identical" if not diff.counts["≈"] else "identical but for ids, times and what is ignored"
    if diff.first is None:
        return "the output differs"
    step = diff.first.step
    return f"first difference: {label(diff.first)} ({step.kind} {step.name})"


_COUNTED = {
    "=": "equal",
    "≈": "equal but for ids, times or what is ignored",
    "≠": "changed",
    "+": "only in b",
    "-": "only in a",
}


def counts(diff: Diff) -> str:
    """``13 equal, 4 changed, 2 only in b``."""
    words = [f"{diff.counts[mark]} {word}" for mark, word in _COUNTED.items() if diff.counts[mark]]
    words += [f"{diff.counts['moved']} moved"] if diff.counts["moved"] else []
    words += [f"{diff.left_out} left out"] if diff.left_out else []
    return ", ".join(words) or "no steps"


def metric(each: Metric) -> str:
    """``output 44 → 82``; one number where both are equal."""
    values = [_amount(each.name, value) or "?" for value in (each.a, each.b)]
    return f"{each.name} {values[0]}" if values[0] == values[1] else f"{each.name} {values[0]} → {values[1]}"


def metrics(found: Iterable[Metric]) -> str:
    """Those that are more than nothing on at least one side."""
    return ", ".join(metric(each) for each in found if each.a or each.b)


def _amount(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name == "duration":
        return elapsed(int(value))
    return money(value) if name == "cost" else scaled(int(value))
