"""Why a row differs: a request came from upstream or from outside; an answer was given by a swap, the world or chance.

A row whose request differs owes it to an earlier row if that row's answer brought the words (:mod:`replay.diff.flow`);
else to a swap, an input, the program. A row whose request is equal was answered differently. Following the rows that
causes name leads to the root.
"""

from __future__ import annotations

from collections.abc import Sequence

from replay.dialects.cassette import Cassette
from replay.diff.fields import Change
from replay.diff.flow import Flow
from replay.diff.inputs import changed_inputs, differing_inputs, is_secret
from replay.diff.model import Cause, CauseKind, Link, Row
from replay.diff.pair import RESPONSE
from replay.diff.swapped import Swaps
from replay.diff.telltale import CHANCE, field_told, only_chance, prompt_told
from replay.diff.turns import Turns

_BY_ORIGIN: dict[str, tuple[CauseKind, str]] = {
    "swapped": ("swap", "a swap gave this answer"),
    "live": ("live", "the answer came from the world, not from a cassette"),
    "nearest": ("nearest", "the closest recorded answer was served"),
    "fault": ("fault", "a fault was planted here"),
}

_BY_KIND = {
    "llm": "the same was asked and the model said something else: it samples",
    "tool": "the same was asked and the tool gave another result",
    "http": "the same was asked and the server said something else",
    "process": "the same was run and something else came out",
    "span": "the stretch ended differently",
}


class Why:
    """The causes of one comparison's rows, each worked out once."""

    def __init__(self, a: Cassette, b: Cassette, rows: Sequence[Row]) -> None:
        self.a, self.b, self.rows = a, b, rows
        self._by_number = {row.number: row for row in rows}
        self._swaps = Swaps(a, b)
        self._flow: Flow | None = None
        self._inputs: str | None = None
        self._turned: Turns | None = None

    def cause(self, row: Row) -> Cause | None:
        """None for a row that does not differ."""
        if not row.differs:
            return None
        if row.mark in ("+", "-"):
            rules = (self._swap_of_lone, self._inside, self._upstream, self._another_way, self._outside)
            return next(cause for rule in rules if (cause := rule(row)) is not None)
        if row.request:
            return self._of_request(row)
        return self._of_answer(row) if row.response else self._of_move(row)

    def chain(self, row: Row) -> tuple[Link, ...]:
        """From the root to ``row``. A row that was met already ends it."""
        links: dict[int, Link] = {}
        at: Row | None = row
        while at is not None and at.cause is not None and at.number not in links:
            links[at.number] = Link(at.number, at.cause)
            at = self._by_number.get(at.cause.row) if at.cause.row else None
        return tuple(links.values())[::-1]

    # Requests --------------------------------------------------------------------------------------------------------

    def _of_request(self, row: Row) -> Cause:
        changes = [change for change in row.changes if not change.path.startswith(RESPONSE)]
        upstream = self._upstream(row)
        if upstream is not None:
            return upstream
        swap = self._swaps.asking(row, changes)
        if swap is not None:
            return Cause("swap", f"your swap {swap.short}", into=changes[0].path, swap=str(swap))
        return self._outside(row, changes)

    def _upstream(self, row: Row) -> Cause | None:
        if self._flow is None:
            self._flow = Flow(self.rows)
        found = self._flow.source(row)
        if found is None:
            return None
        said = f"{found.into} came from {_told(found.row)}, {found.path}"
        return Cause("upstream", said, found.row.number, found.path, found.into)

    def _outside(self, row: Row, changes: Sequence[Change] = ()) -> Cause:
        """What no earlier row explains."""
        into = changes[0].path if changes else ""
        if self._changed_inputs():
            return Cause("input", self._changed_inputs(), into=into)
        if only_chance(changes):
            return Cause("chance", CHANCE, into=into)
        messages = row.b.request.messages if row.b and row.b.request else ()
        told = prompt_told(changes, messages) or field_told(changes)
        told = told or "no earlier answer holds what is new: your code, a prompt or the input changed"
        return Cause("code", told, into=into)

    def _changed_inputs(self) -> str:
        if self._inputs is None:
            names = differing_inputs(self.a.notes, self.b.notes)
            self._inputs = changed_inputs(name for name in names if not is_secret(name))
        return self._inputs

    # Rows of one run -------------------------------------------------------------------------------------------------

    def _swap_of_lone(self, row: Row) -> Cause | None:
        source = row.b.source if row.b else None
        swap = self._swaps.answering(row) if source and source.origin == "swapped" else None
        return Cause("swap", f"your swap {swap.short}", swap=str(swap)) if swap else None

    def _inside(self, row: Row) -> Cause | None:
        around = self._turns().around(row)
        if around is None:
            return None
        return Cause("upstream", f"it belongs to {_told(around)}, which differs", around.number)

    def _another_way(self, row: Row) -> Cause | None:
        """The latest earlier row that asked for this tool in one run only; else the latest whose answer differs."""
        turns = self._turns()
        if row.step.kind == "tool":
            asking = turns.asking(row, row.step.name)
            if asking is not None:
                return Cause("upstream", f"{_told(asking)} asked for it", asking.number, f"{RESPONSE}.tool_calls")
        found = turns.before(row)
        if found is None:
            return None
        said = f"the run took another way after {_told(found)}"
        return Cause("upstream", said, found.number, RESPONSE)

    def _turns(self) -> Turns:
        if self._turned is None:
            self._turned = Turns(self.rows)
        return self._turned

    # Answers ---------------------------------------------------------------------------------------------------------

    def _of_answer(self, row: Row) -> Cause:
        assert row.b is not None
        origin = row.b.source.origin if row.b.source else "recorded"
        path = row.changes[0].path
        swap = self._swaps.answering(row) if origin in ("swapped", "live") else None
        if swap is not None:
            return Cause("swap", f"your swap {swap.short}", into=path, swap=str(swap))
        if origin in _BY_ORIGIN:
            kind, said = _BY_ORIGIN[origin]
            return Cause(kind, said, into=path)
        inner = self._turns().within(row)
        if inner is not None:
            return Cause("upstream", f"within it, {_told(inner)} differs", inner.number, RESPONSE, path)
        if row.step.kind != "llm" and self._changed_inputs():
            return Cause("input", self._changed_inputs(), into=path)
        return Cause("chance", _BY_KIND[row.step.kind], into=path)

    def _of_move(self, row: Row) -> Cause:
        move = row.moved
        assert move is not None
        after = [f"after step {number}" if number else "first" for number in (move.after_a, move.after_b)]
        task = " of another task" if move.branch else ""
        return Cause("order", f"it came {after[0]}, and now comes {after[1]}{task}")


def _told(row: Row) -> str:
    """``step 4 (tool lookup_order)``, by b's number if it has one."""
    step = row.step
    return f"step {step.number}{'' if row.b else ' of a'} ({step.kind} {step.name})"
