"""The state of the UI: which row, which tab, what is filtered, found and marked. All of it lies here, in plain sight.

What is drawn is a function of this state alone (:mod:`replay.tui.view.show`), so a row looks the same from whichever
side it was reached.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

from replay.errors import UsageError
from replay.tui.view import goto, moves, notes
from replay.tui.view.pages import TABS
from replay.tui.view.pairing import GRAINS
from replay.tui.view.provenance import Found, appearances
from replay.tui.view.query import Query, holds_text, parse
from replay.tui.view.rows import Row
from replay.tui.view.runs import Runs

VIEWS = ("split", "unified", "a", "b")
MAX_JUMPS = 1_000


class Viewer:
    """One or two runs, looked at. ``said``: a word to the person, until the next key."""

    def __init__(self, runs: Runs) -> None:
        self.runs = runs
        self.rows: Sequence[Row] = runs.rows
        self.visible: list[int] = list(range(len(self.rows)))
        self.at = 0
        self.tab = TABS[0]
        self.view = VIEWS[0]
        self.grain = GRAINS[0]
        self.structure = True
        self.hunk = 0
        self.said = ""
        self.filter = Query("")
        self.breakpoints: set[int] = set()
        self.conditions: list[Query] = []
        self.sought = ""
        self.found: list[int] = []
        self.jumps: list[int] = []
        self.notes = notes.load(self.notes_of)
        self.at_first_difference()

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None when the run has no step."""
        return self.rows[self.at] if self.rows else None

    @property
    def notes_of(self) -> Path:
        """The cassette that notes are on: the run now."""
        return (self.runs.b or self.runs.a).path

    def at_first_difference(self) -> None:
        """Where two runs first differ, on the tab that shows it; else at the top."""
        first = next((row for row in self.rows if row.differs), None)
        if first is None:
            return
        self.at = first.at
        if first.pair and first.pair.request and not first.pair.response:
            self.tab = "request"

    # --- going somewhere ---------------------------------------------------------------------------------------------

    def move(self, name: str) -> None:
        """One of :data:`replay.tui.view.moves.MOVES`."""
        if self.row is None:
            self.said = "there is no step"
            return
        found = moves.MOVES[name](moves.Place(self.rows, self.visible, self.at, self.stops))
        if isinstance(found, str):
            self.said = found
        elif name in ("next", "previous", "over", "over-back"):
            self.put(found)
        else:
            self.jump(found)

    def put(self, at: int) -> None:
        """The cursor on the row at ``at``."""
        self.at, self.hunk, self.said = at, 0, ""

    def jump(self, at: int) -> None:
        """The same, with a way back."""
        if at != self.at:
            self.jumps = [*self.jumps, self.at][-MAX_JUMPS:]
        self.put(at)

    def back(self) -> None:
        """To where the last jump began."""
        if not self.jumps:
            self.said = "there is nowhere to go back to"
            return
        self.put(min(self.jumps.pop(), max(0, len(self.rows) - 1)))

    def goto(self, wanted: str) -> None:
        """Where ``wanted`` says (:mod:`replay.tui.view.goto`). Raises :class:`UsageError`."""
        self.jump(goto.find(self.rows, wanted))

    def open(self) -> None:
        """The row that caused this difference; at that row, the tab and place of the field that differs."""
        pair = self.row.pair if self.row else None
        if pair is None or not pair.differs:
            self.said = "this row does not differ"
            return
        root = next((link.row for link in pair.chain), pair.number)
        if root != pair.number:
            self.jump(root - 1)
            self.said = "this is where it began; backspace goes back"
        else:
            self.tab = "request" if pair.request and self.tab != "request" else "response"
            self.hunk = 0

    # --- finding -----------------------------------------------------------------------------------------------------

    def search(self, wanted: str) -> None:
        """Look for ``wanted`` in all visible rows, and go to the first at or below the cursor, else the first."""
        self.sought, self.found = wanted, []
        if not wanted:
            return
        folded = wanted.casefold()
        self.found = [
            at for at in self.visible if any(holds_text(s, folded) for s in (self.rows[at].a, self.rows[at].b) if s)
        ]
        self._to_found(bisect_left(self.found, self.at))

    def search_step(self, by: int) -> None:
        """The next (1) or previous (-1) row that was found, round the end."""
        if not self.sought:
            self.said = "nothing is searched for; / begins"
            return
        at = bisect_left(self.found, self.at)
        here = at < len(self.found) and self.found[at] == self.at
        self._to_found(at + by if here or by < 0 else at)

    def _to_found(self, index: int) -> None:
        if not self.found:
            self.said = f"no step holds {self.sought!r}"
            return
        place = index % len(self.found)
        self.jump(self.found[place])
        self.said = f"{place + 1}/{len(self.found)} {self.sought}"

    def filter_by(self, text: str) -> None:
        """Show only the rows that ``text`` asks for; all, when it is blank. Raises :class:`UsageError`."""
        query = self.query(text)
        visible = [row.at for row in self.rows if query.holds(row)]
        if self.rows and not visible:
            raise UsageError(f"no row is {query.text}", hint="the filter stays as it was")
        self.filter, self.visible, self.found = query, visible, []
        if self.visible:
            self.put(self.visible[min(bisect_left(visible, self.at), len(visible) - 1)])

    def query(self, text: str) -> Query:
        """What ``text`` asks of a row. Raises :class:`UsageError`."""
        return parse(text, self.runs.price, lambda row: self.note(row) != "")

    def appearances(self, wanted: str) -> list[Found]:
        """Where ``wanted`` appears, first to last, in the run now. Raises :class:`UsageError`."""
        return list(appearances((self.runs.b or self.runs.a).steps, wanted))

    def to_step(self, number: int) -> None:
        """To the row of step ``number`` of the run now."""
        self.goto(f"{'b' if self.runs.b else 'a'}:{number}")

    # --- marking -----------------------------------------------------------------------------------------------------

    def stops(self, row: Row) -> bool:
        """Whether ``row`` has a breakpoint, of its own or by a condition."""
        return row.at in self.breakpoints or any(query.holds(row) for query in self.conditions)

    def toggle_breakpoint(self) -> None:
        if self.row:
            self.breakpoints ^= {self.at}
            self.said = f"breakpoint {'set' if self.at in self.breakpoints else 'taken away'}"

    def break_where(self, text: str) -> None:
        """A breakpoint on every row that ``text`` asks for; blank takes all conditions away."""
        self.conditions = [*self.conditions, self.query(text)] if text.strip() else []
        count = sum(self.stops(row) for row in self.rows)
        self.said = f"{count} rows have a breakpoint"

    def note(self, row: Row) -> str:
        """The note on ``row``, or empty."""
        step = row.b if self.runs.b else row.a
        return self.notes.steps.get(step.number, "") if step else ""

    def write_note(self, text: str) -> None:
        """Note ``text`` on this step, and save. Raises :class:`UsageError`."""
        step = self.row and (self.row.b if self.runs.b else self.row.a)
        if not step:
            raise UsageError("this row is not in the run now", hint="notes are on the run now")
        self._keep(self.notes.with_note(step.number, text))

    def judge(self, text: str, corrected: str = "") -> None:
        """The verdict on the run; blank takes it away. Raises :class:`UsageError`."""
        self._keep(notes.Notes(self.notes.steps, notes.verdict(text, corrected)))

    def _keep(self, kept: notes.Notes) -> None:
        notes.save(self.notes_of, kept)
        self.notes = kept
        self.said = f"saved in {notes.path_of(self.notes_of.name)}"

    # --- another look ------------------------------------------------------------------------------------------------

    def turn(self, what: str, values: Sequence[str]) -> None:
        """The next of ``values`` for ``what`` (``view``, ``grain``)."""
        now = values.index(getattr(self, what)) if getattr(self, what) in values else -1
        setattr(self, what, values[(now + 1) % len(values)])
        self.said = f"{what}: {getattr(self, what)}"

    def look_again(self, runs: Runs) -> None:
        """``runs`` in place of those shown (one has grown, B is another, other fields are ignored); the cursor stays
        on its step, or at the end when it was there."""
        row, was_last = self.row, self.at == len(self.rows) - 1
        self.runs, self.rows = runs, runs.rows
        self.visible = [each.at for each in self.rows if self.filter.holds(each)]
        self.found = []
        run, step = ("a", row.a) if row and row.a else ("b", row.b if row else None)
        same = (each.at for each in self.rows if step and (s := getattr(each, run)) and s.number == step.number)
        last = max(0, len(self.rows) - 1)
        self.at = last if was_last else next(same, min(self.at, last))
