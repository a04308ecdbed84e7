"""The rows of the timeline as lines, and the line above them."""

from __future__ import annotations

from replay.dialects.steps import Step
from replay.report.amounts import elapsed, scaled
from replay.tui.view.rows import Row
from replay.tui.view.text import Line, Span, cells, fitted, shortened
from replay.tui.view.viewer import Viewer

ICONS = {"llm": "◆", "tool": "▲", "http": "●", "process": "■", "span": "▼"}
MARKS = {"=": "equal", "≈": "alike", "≠": "changed", "+": "added", "-": "removed", "": "equal"}
"""The role of each mark."""

DEEPEST = 8
"""Levels that are indented."""


def heading(viewer: Viewer) -> str:
    """``Steps 14/22   ≠4 +2 -3 ≈2``."""
    if not viewer.rows:
        return "Steps"
    place = f"Steps {viewer.at + 1}/{len(viewer.rows)}"
    diff = viewer.runs.diff
    counts = [f"{mark}{diff.counts[mark]}" for mark in "≠+-≈" if diff and diff.counts[mark]] if diff else []
    return "   ".join([place, " ".join(counts)]).rstrip()


def line(viewer: Viewer, y: int, width: int) -> Line:
    """The visible row number ``y``, from 0, in ``width`` cells."""
    if not 0 <= y < len(viewer.visible):
        return ()
    row = viewer.rows[viewer.visible[y]]
    here = row.at == viewer.at
    front = Span(_front(viewer, row, here), "cursor" if here else "breakpoint")
    mark = (Span(row.mark, MARKS[row.mark]),) if viewer.runs.b else ()
    digits = max(2, len(str(len(viewer.rows))))
    numbers = Span(f"{_numbers(viewer, row, digits)} ", "gutter")
    indent = "  " * min(row.depth, DEEPEST)
    badge, badge_role = _badge(row)
    used = 1 + len(mark) + cells(numbers.text) + len(indent) + 2
    badge = shortened(badge, max(0, (width - used) // 2))
    name = fitted(row.step.name + (" (inferred)" if row.step.inferred else ""), max(0, width - used - cells(badge) - 1))
    return (
        front,
        *mark,
        numbers,
        Span(f"{indent}{ICONS[row.step.kind]} ", f"kind.{row.step.kind}"),
        Span(name, "here" if here else _name_role(row)),
        Span(f" {badge}", badge_role),
    )


def _front(viewer: Viewer, row: Row, here: bool) -> str:
    if here:
        return "▶"
    if viewer.stops(row):
        return "●"
    return "✎" if viewer.note(row) else " "


def _numbers(viewer: Viewer, row: Row, digits: int) -> str:
    runs = (row.a, row.b) if viewer.runs.b else (row.a,)
    return "".join([f" {str(step.number) if step else '·':>{digits}}" for step in runs])


def _name_role(row: Row) -> str:
    return {"+": "added", "-": "removed"}.get(row.mark, "error" if row.step.status == "error" else "")


def _badge(row: Row) -> tuple[str, str]:
    """What is worth knowing of the row at a glance, and its role."""
    if row.a is None or row.b is None:
        return _alone(row.step)
    if row.a.status != row.b.status:
        return f"{row.a.status}→{row.b.status}", "changed"
    if row.pair and row.pair.moved:
        return "moved", "changed"
    if row.mark == "≈":
        return _fields(row) or "ids", "dim"
    if row.mark == "≠":
        return _change(row.a, row.b) or _fields(row), "changed"
    return "", ""


def _alone(step: Step) -> tuple[str, str]:
    if step.status != "ok":
        return step.status, "error"
    if step.source and step.source.origin not in ("recorded", "served"):
        return step.source.origin, "changed"
    return elapsed(step.duration), "dim"


def _change(a: Step, b: Step) -> str:
    if a.kind == "llm" and a.usage and b.usage and (more := b.usage.output - a.usage.output):
        return f"{'+' if more > 0 else '-'}{scaled(abs(more))}tok"
    return ""


def _fields(row: Row) -> str:
    """The last word of the first changed path: ``content``, ``tool_call_id``."""
    changes = row.pair.changes if row.pair else ()
    return changes[0].path.rpartition(".")[2].partition("[")[0] if changes else ""
