"""Where the cursor goes. Each move is a pure function of the rows and the place: forwards and backwards agree.

A move gives the place of a row, or words that say why it is not possible here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from replay.tui.view.rows import Row

Moved = int | str


@dataclass(frozen=True, slots=True)
class Place:
    """``rows``: all of them; ``visible``: the places of those that the filter lets through, ascending; ``at``: the
    cursor; ``stops``: whether a row has a breakpoint."""

    rows: Sequence[Row]
    visible: Sequence[int]
    at: int
    stops: Callable[[Row], bool]

    def after(self) -> range:
        """Indexes into ``visible`` below the cursor, from near to far."""
        return range(bisect_right(self.visible, self.at), len(self.visible))

    def before(self) -> range:
        """Indexes into ``visible`` above the cursor, from near to far."""
        return range(bisect_left(self.visible, self.at) - 1, -1, -1)


def down(place: Place) -> Moved:
    return _first(place, place.after(), lambda row: True, "this is the last row")


def up(place: Place) -> Moved:
    return _first(place, place.before(), lambda row: True, "this is the first row")


def over(place: Place) -> Moved:
    depth = place.rows[place.at].depth
    return _first(place, place.after(), lambda row: row.depth <= depth, "nothing follows at this depth")


def over_back(place: Place) -> Moved:
    depth = place.rows[place.at].depth
    return _first(place, place.before(), lambda row: row.depth <= depth, "nothing comes before at this depth")


def finish(place: Place) -> Moved:
    """The last row of the innermost span that goes on below the cursor."""
    around: int | None = place.at
    while around is not None:
        row = place.rows[around]
        if row.end > place.at:
            last = bisect_right(place.visible, row.end) - 1
            if place.visible[last] > place.at:
                return place.visible[last]
        around = row.parent
    return "no span goes on below this row"


def start(place: Place) -> Moved:
    """The row of the span around the cursor."""
    parent = place.rows[place.at].parent
    return "this row is in no span" if parent is None else parent


def next_stop(place: Place) -> Moved:
    return _first(place, place.after(), _stop(place), "no difference and no breakpoint below")


def previous_stop(place: Place) -> Moved:
    return _first(place, place.before(), _stop(place), "no difference and no breakpoint above")


def first_difference(place: Place) -> Moved:
    return _first(place, range(len(place.visible)), lambda row: row.differs, "no row differs")


def last_difference(place: Place) -> Moved:
    return _first(place, range(len(place.visible) - 1, -1, -1), lambda row: row.differs, "no row differs")


def first(place: Place) -> Moved:
    return _first(place, range(len(place.visible)), lambda row: True, "there is no row")


def last(place: Place) -> Moved:
    return _first(place, range(len(place.visible) - 1, -1, -1), lambda row: True, "there is no row")


MOVES: dict[str, Callable[[Place], Moved]] = {
    "next": down,
    "previous": up,
    "over": over,
    "over-back": over_back,
    "finish": finish,
    "start": start,
    "continue": next_stop,
    "continue-back": previous_stop,
    "first-difference": first_difference,
    "last-difference": last_difference,
    "first": first,
    "last": last,
}
"""By the id of the key binding."""


def _stop(place: Place) -> Callable[[Row], bool]:
    return lambda row: row.differs or place.stops(row)


def _first(place: Place, indexes: range, wanted: Callable[[Row], bool], otherwise: str) -> Moved:
    found = (place.visible[index] for index in indexes)
    return next((at for at in found if wanted(place.rows[at])), otherwise)
