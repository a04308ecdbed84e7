"""The panes beside the timeline: the same tab of the row's step in both runs, or in one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from replay.dialects.cassette import Cassette
from replay.dialects.steps import Step
from replay.report.amounts import elapsed, money, scaled
from replay.tui.view import context
from replay.tui.view.page import Blank, Column, numbered
from replay.tui.view.pages import TABS, lines, page
from replay.tui.view.pairing import Grain, Paired, paired, unified
from replay.tui.view.rows import Row
from replay.tui.view.text import shortened
from replay.tui.view.viewer import Viewer
from replay.tui.view.window import context_window


@dataclass(frozen=True, slots=True)
class Panes:
    """``columns``: one or two, equally long. ``titles``, ``subtitles``: of each column. ``hunks``: the lines at which
    differences begin."""

    columns: tuple[Column, ...]
    titles: tuple[str, ...]
    subtitles: tuple[str, ...]
    hunks: tuple[int, ...] = ()


NOTHING = Panes((numbered(("no step",)),), ("",), ("",))

LARGE = 100_000
"""Bytes of an answer or a request beyond which tabs are compared by what was sent, and not as they are shown."""


class Pages:
    """The texts of the tabs, read once. Forgotten when the viewer looks at other runs."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._runs = viewer.runs
        self._text = lru_cache(maxsize=64)(self._read)
        self._panes = lru_cache(maxsize=32)(self._lay)

    def panes(self, view: str) -> Panes:
        """What is shown of the row under the cursor; ``view``: one of :data:`replay.tui.view.viewer.VIEWS`."""
        viewer = self._viewer
        if viewer.row is None:
            return NOTHING
        return self._panes(viewer.at, viewer.tab, viewer.structure, viewer.grain, view)

    def differing(self) -> dict[str, bool]:
        """Which tabs differ between the two runs."""
        row = self._viewer.row
        if row is None or row.a is None or row.b is None:
            return dict.fromkeys(TABS, False)
        a, b = row.a, row.b
        if _bytes(a) + _bytes(b) > LARGE:
            requests, answers = (_sent(a) != _sent(b), _came(a) != _came(b))
            differs = {"response": answers, "request": requests, "messages": requests, "raw": requests or answers}
        else:
            structure = self._viewer.structure
            read = {run: {tab: self._text(run, row.at, tab, structure) for tab in TABS} for run in ("a", "b")}
            differs = {tab: read["a"][tab] != read["b"][tab] for tab in TABS}
        return differs | {"metrics": _weight(a) != _weight(b)}

    def _read(self, run: str, at: int, tab: str, structure: bool) -> tuple[str, ...]:
        """The lines of ``tab`` for the row at ``at`` in ``run``; none when it has no such step."""
        row = self._viewer.rows[at]
        step: Step | None = getattr(row, run)
        if step is None:
            return ()
        if tab == "messages":
            return lines("\n".join(_messages(self._viewer, row, run, step)))
        return page(step, tab, structure, self._runs.price)

    def _lay(self, at: int, tab: str, structure: bool, grain: Grain, view: str) -> Panes:
        viewer, row = self._viewer, self._viewer.rows[at]
        if viewer.runs.b is None or view in ("a", "b"):
            run = "b" if view == "b" and viewer.runs.b else "a"
            return _one(viewer, row, run, self._text(run, at, tab, structure))
        before, after = (self._text(run, at, tab, structure) for run in ("a", "b"))
        if view == "unified":
            return _unified(viewer, row, before, after, grain)
        pairs = paired(before, after, grain) if row.a and row.b else _beside(row, before, after)
        titles = (title("A", row.a, row), title("B", row.b, row))
        return Panes(pairs.columns, titles, (subtitle(viewer, row.a), subtitle(viewer, row.b)), pairs.hunks)


def title(run: str, step: Step | None, row: Row) -> str:
    """``A  #14 llm next_action  gpt-5``."""
    if step is None:
        return f"{run}  has no such step"
    named = f"#{step.number} {step.kind} {shortened(step.name, 40)}"
    return "  ".join(part for part in (run, named, shortened(step.model, 40)) if part)


def subtitle(viewer: Viewer, step: Step | None) -> str:
    """``612→44 tok  1.21s  $0.0013``."""
    if step is None:
        return ""
    tokens = f"{scaled(step.usage.input)}→{scaled(step.usage.output)} tok" if step.usage else ""
    cost = money(viewer.runs.price(step)) if step.kind == "llm" else ""
    return "  ".join(part for part in (tokens, elapsed(step.duration), cost) if part)


def _weight(step: Step) -> tuple[object, ...]:
    """What of the metrics is worth a mark: no two runs take the same time."""
    return step.usage, step.model, step.status


def _bytes(step: Step) -> int:
    return len(_sent(step)) + len(_came(step))


def _sent(step: Step) -> bytes:
    return step.source.request.body if step.source else step.arguments.encode()


def _came(step: Step) -> bytes:
    answer = step.source.answer if step.source else None
    return answer.body if answer else (step.value or "").encode("utf-8", "replace")


def _one(viewer: Viewer, row: Row, run: str, texts: tuple[str, ...]) -> Panes:
    step: Step | None = getattr(row, run)
    name = run.upper() if viewer.runs.b else ""
    return Panes((numbered(texts or ("",)),), (title(name, step, row).strip(),), (subtitle(viewer, step),))


def _unified(viewer: Viewer, row: Row, before: tuple[str, ...], after: tuple[str, ...], grain: Grain) -> Panes:
    if row.a and row.b:
        laid = unified(before, after, grain)
        words = f"A#{row.a.number} ⟷ {title('B', row.b, row)}"
    else:
        run = "B" if row.b else "A"
        laid = Paired((numbered(after or before),), ())
        words = f"{title(run, row.step, row)}  (only in {run})"
    return Panes(laid.columns, (words,), (subtitle(viewer, row.b or row.a),), laid.hunks)


def _beside(row: Row, before: tuple[str, ...], after: tuple[str, ...]) -> Paired:
    """A step of one run beside nothing."""
    shown = numbered((after if row.b else before) or ("",))
    nothing = Column((Blank(len(shown)),))
    return Paired((nothing, shown) if row.b else (shown, nothing), ())


def _messages(viewer: Viewer, row: Row, run: str, step: Step) -> list[str]:
    if step.request is None:
        return ["no call to a model: no messages were seen"]
    whole: Cassette | None = viewer.runs.a if run == "a" else viewer.runs.b
    other = row.a if run == "b" else row.b
    earlier = whole.steps[: step.number - 1] if whole else []
    found = context.seen(step, other, earlier, in_b=run == "b")
    return list(context.told(step, found, context_window(step), shares=other is None))
