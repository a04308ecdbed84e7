"""The panes beside the timeline: the same tab of the row's step in both runs, or in one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from replay.dialects.cassette import Cassette
from replay.dialects.steps import Step
from replay.report.amounts import elapsed, money, scaled
from replay.tui.view import context
from replay.tui.view.page import FILLER, PageLine, numbered
from replay.tui.view.pages import TABS, lines, page
from replay.tui.view.pairing import paired, unified
from replay.tui.view.rows import Row
from replay.tui.view.text import shortened
from replay.tui.view.viewer import Viewer
from replay.tui.view.window import context_window


@dataclass(frozen=True, slots=True)
class Panes:
    """``columns``: one or two, equally long. ``titles``, ``subtitles``: of each column. ``hunks``: the lines at which
    differences begin."""

    columns: tuple[tuple[PageLine, ...], ...]
    titles: tuple[str, ...]
    subtitles: tuple[str, ...]
    hunks: tuple[int, ...] = ()


NOTHING = Panes(((PageLine(None, "no step"),),), ("",), ("",))


class Pages:
    """The texts of the tabs, read once. Forgotten when the viewer looks at other runs."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._runs = viewer.runs
        self.of = lru_cache(maxsize=64)(self._of)

    def _of(self, run: str, at: int, tab: str, structure: bool) -> tuple[str, ...]:
        """The lines of ``tab`` for the row at ``at`` in ``run``; none when it has no such step."""
        row = self._viewer.rows[at]
        step: Step | None = getattr(row, run)
        if step is None:
            return ()
        if tab == "messages":
            return lines("\n".join(_messages(self._viewer, row, run, step)))
        return page(step, tab, structure, self._runs.price)

    def panes(self, view: str) -> Panes:
        """What is shown of the row under the cursor; ``view``: one of :data:`replay.tui.view.viewer.VIEWS`."""
        viewer = self._viewer
        row = viewer.row
        if row is None:
            return NOTHING
        before, after = (self.of(run, row.at, viewer.tab, viewer.structure) for run in ("a", "b"))
        if viewer.runs.b is None or view in ("a", "b"):
            run = "b" if view == "b" and viewer.runs.b else "a"
            return _one(viewer, row, run, after if run == "b" else before)
        pairs = paired(before, after, viewer.grain) if row.a and row.b else None
        if view == "unified":
            return _unified(viewer, row, before, after)
        columns = (pairs.left, pairs.right) if pairs else _beside(row, before, after)
        return Panes(
            columns,
            (title("A", row.a, row), title("B", row.b, row)),
            (subtitle(viewer, row.a), subtitle(viewer, row.b)),
            pairs.hunks if pairs else (),
        )

    def differing(self) -> dict[str, bool]:
        """Which tabs differ between the two runs."""
        row = self._viewer.row
        if row is None or row.a is None or row.b is None:
            return dict.fromkeys(TABS, False)
        structure = self._viewer.structure
        differing = {tab: self.of("a", row.at, tab, structure) != self.of("b", row.at, tab, structure) for tab in TABS}
        return differing | {"metrics": _weight(row.a) != _weight(row.b)}


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


def _one(viewer: Viewer, row: Row, run: str, texts: tuple[str, ...]) -> Panes:
    step: Step | None = getattr(row, run)
    name = run.upper() if viewer.runs.b else ""
    return Panes((tuple(numbered(texts)) or (FILLER,),), (title(name, step, row).strip(),), (subtitle(viewer, step),))


def _unified(viewer: Viewer, row: Row, before: tuple[str, ...], after: tuple[str, ...]) -> Panes:
    if row.a and row.b:
        column, hunks = unified(paired(before, after, viewer.grain))
        words = f"A#{row.a.number} ⟷ {title('B', row.b, row)}"
    else:
        run = "B" if row.b else "A"
        column, hunks = tuple(numbered(after or before)), ()
        words = f"{title(run, row.step, row)}  (only in {run})"
    return Panes((column or (FILLER,),), (words,), (subtitle(viewer, row.b or row.a),), hunks)


def _beside(row: Row, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[tuple[PageLine, ...], ...]:
    """A step of one run beside nothing."""
    shown = tuple(numbered(after if row.b else before)) or (FILLER,)
    nothing = (FILLER,) * len(shown)
    return (nothing, shown) if row.b else (shown, nothing)


def _messages(viewer: Viewer, row: Row, run: str, step: Step) -> list[str]:
    if step.request is None:
        return ["no call to a model: no messages were seen"]
    whole: Cassette | None = viewer.runs.a if run == "a" else viewer.runs.b
    other = row.a if run == "b" else row.b
    earlier = whole.steps[: step.number - 1] if whole else []
    found = context.seen(step, other, earlier, in_b=run == "b")
    return list(context.told(step, found, context_window(step)))
