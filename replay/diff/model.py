"""What a comparison of two runs says: rows of aligned steps, what changed in each, and why.

``a`` is the run before, ``b`` the run now. What costs parsing (the changed fields, the cause) is worked out when it is
asked for, and kept: two runs of 10,000 steps must list at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from replay.dialects.cassette import Cassette
from replay.dialects.steps import Step
from replay.diff.fields import Change

Mark = Literal["=", "≈", "≠", "+", "-"]
"""``=`` equal. ``≈`` equal but for ids, times and fields that were to be ignored. ``≠`` changed. ``+`` only in b.
``-`` only in a."""

CauseKind = Literal["swap", "upstream", "live", "nearest", "fault", "chance", "input", "order", "code"]
"""``swap``: a component was replaced. ``upstream``: another row, of which this one took something over. ``live``: the
answer came from the world. ``nearest``: the closest recorded answer was served. ``fault``: a planted fault. ``chance``:
the same was asked and something else came, or what looks like a time, an id or a number drawn differs. ``input``: a
file or variable changed. ``order``: the same, at another point. ``code``: none of these, so the program itself."""


@dataclass(frozen=True, slots=True)
class Move:
    """The step came at another point: after step ``after_a`` of its branch in a, after ``after_b`` in b (their
    numbers; 0: it was the first). ``branch``: it also changed its task."""

    after_a: int
    after_b: int
    branch: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that both runs have of a step or of the whole. ``name``: ``input``, ``output``, ``cached``,
    ``reasoning`` (tokens), ``duration`` (ns), ``cost`` (USD); None where it is not known. A metric that differs makes
    no difference of the row."""

    name: str
    a: float | None
    b: float | None

    @property
    def changed(self) -> bool:
        return self.a != self.b


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a row differs, as far as the two files show it.

    * ``said``: in words, whole for a reader who sees nothing else.
    * ``row``: for ``upstream``, the number of the row that it came from, else None; ``path``: the field there.
    * ``into``: the field of this row that took it over, or that differs; empty for a row of one run only.
    * ``swap``: for ``swap``, as it was given (``model=gpt-5-mini``).
    """

    kind: CauseKind
    said: str
    row: int | None = None
    path: str = ""
    into: str = ""
    swap: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One row of a chain of causes, and why it differs."""

    row: int
    cause: Cause


class Details(Protocol):
    """What rows ask for when they are looked at."""

    def changes(self, row: Row, /) -> tuple[Change, ...]: ...
    def metrics(self, row: Row, /) -> tuple[Metric, ...]: ...
    def cause(self, row: Row, /) -> Cause | None: ...
    def chain(self, row: Row, /) -> tuple[Link, ...]: ...


@dataclass(frozen=True)
class Row:
    """One aligned pair of steps, or a step of one run.

    ``number``: from 1, in the order of b, with what only a has at the place where it was. ``moved``: set when the pair
    came at another point; a moved pair that is equal has the mark ``=`` and still differs. ``request``, ``response``:
    which of the two differ (beyond ids, times and ignored fields); both False for a step of one run.
    """

    number: int
    mark: Mark
    a: Step | None
    b: Step | None
    details: Details = field(repr=False, compare=False)
    request: bool = False
    response: bool = False
    moved: Move | None = None

    @property
    def step(self) -> Step:
        """The step of b, else that of a: for the name, the kind and the depth."""
        found = self.b or self.a
        assert found is not None
        return found

    @property
    def index_a(self) -> int | None:
        """Place of ``a`` in ``Cassette.steps``, from 0."""
        return self.a.number - 1 if self.a else None

    @property
    def index_b(self) -> int | None:
        return self.b.number - 1 if self.b else None

    @property
    def differs(self) -> bool:
        """Whether it counts as a difference: changed, in one run only, or moved."""
        return self.mark in ("≠", "+", "-") or self.moved is not None

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """The fields that differ, requests first: ``request.messages[3].content``, ``response.tool_calls[0].name``.

        Of a ``≈`` row the ids and times; of a ``≠`` row they are left out. Empty for a step of one run.
        """
        return self.details.changes(self)

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """Tokens, time and cost of the step in both runs."""
        return self.details.metrics(self)

    @cached_property
    def cause(self) -> Cause | None:
        """Why it differs; None when it does not."""
        return self.details.cause(self)

    @property
    def chain(self) -> tuple[Link, ...]:
        """From the root cause to this row; empty when it does not differ."""
        return self.details.chain(self)


@dataclass(frozen=True)
class Diff:
    """Two runs compared. ``rows``: everything, in order; ``output``: how the run's result differs (paths begin with
    ``output``); ``notes``: what is to be known about the comparison, in words (a run cut short, inputs that changed).
    ``left_out``: how many steps were not compared, as asked.
    """

    a: Cassette
    b: Cassette
    rows: tuple[Row, ...]
    output: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def identical(self) -> bool:
        """No row differs, and the output does not."""
        return self.first is None and not self.output

    @cached_property
    def first(self) -> Row | None:
        """The first row that differs."""
        return next((row for row in self.rows if row.differs), None)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many rows have each mark, all five named; and ``moved``."""
        counts = dict.fromkeys(("=", "≈", "≠", "+", "-", "moved"), 0)
        for row in self.rows:
            counts[row.mark] += 1
            counts["moved"] += row.moved is not None
        return counts

    @cached_property
    def totals(self) -> tuple[Metric, ...]:
        """Tokens, time and cost of both runs as a whole."""
        from replay.diff.metrics import totals

        return totals(self.a, self.b)

    def row(self, number: int, run: Literal["a", "b"] = "b") -> Row | None:
        """The row that holds step ``number`` of ``run``."""
        found = (getattr(row, run) for row in self.rows)
        return next((row for row, step in zip(self.rows, found, strict=True) if step and step.number == number), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, the content of ``replay.diff/1`` (see :mod:`replay.diff.document`)."""
        from replay.diff.document import document

        return document(self)
