"""A bound on what a replay may spend in the world: USD, tokens, or calls.

Before a call is made, what it may cost is estimated and set aside; once its answer says what it used, that counts. The
first call that would go over the bound is not made.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal

from replay.dialects import price
from replay.dialects.dialect import Dialect
from replay.dialects.model import LlmRequest, Usage
from replay.dialects.table import find
from replay.errors import PolicyError, UsageError
from replay.events import Answer, Chunk, End, Event, Head, Part, Request

Unit = Literal["USD", "tokens", "calls"]

BYTES_PER_TOKEN = 4
"""Of English text, in round numbers; only for requests without a recorded counterpart."""

MOST_ANSWER = 1024
"""Output tokens of an answer of which nothing is known."""

_BUDGET = re.compile(r"\$?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(USD|usd|\$|tokens?|calls?)?")


@dataclass(frozen=True, slots=True)
class Budget:
    limit: float
    unit: Unit

    def __str__(self) -> str:
        return told(self.limit, self.unit)


def told(amount: float, unit: Unit) -> str:
    """``$0.50``, ``2000 tokens``."""
    if unit == "USD":
        return f"${amount:.4f}"
    return f"{amount:.0f} {unit if amount != 1 else unit[:-1]}"


def parse(text: str) -> Budget:
    """``0.50`` (USD), ``20000tokens``, ``10calls``. Raises :class:`UsageError`."""
    found = _BUDGET.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text} is no budget", hint="0.50 (USD), 20000tokens or 10calls")
    unit: Unit = {"t": "tokens", "c": "calls"}.get((found[2] or "u")[0].lower(), "USD")  # type: ignore[assignment]
    if unit != "USD" and "." in found[1]:
        raise UsageError(f"{text} is no whole number of {unit}", hint="20000tokens or 10calls")
    return Budget(float(found[1]), unit)


class Ledger:
    """What all processes of a run have spent. ``path``: a file they share; None when there is one process."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.spent = 0.0
        self._lock = Lock()

    def spend(self, amount: float, limit: float) -> bool:
        """Add ``amount`` unless that would go over ``limit``; whether it was added."""
        with self._lock, self._shared():
            if self.spent + amount > limit + 1e-12:
                return False
            self.spent += amount
            return True

    def correct(self, difference: float) -> None:
        with self._lock, self._shared():
            self.spent += difference

    @contextlib.contextmanager
    def _shared(self) -> Iterator[None]:
        if self.path is None:
            yield
            return
        import fcntl

        with self.path.open("a+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            self.spent = float(file.read() or 0)
            yield
            file.truncate(0)
            file.write(repr(self.spent))


class Meter:
    """Reads one live answer as it passes, and corrects the estimate by what it says it used."""

    def __init__(self, budget: Spending, request: Request, estimate: float) -> None:
        self.budget = budget
        self.request = request
        self.estimate = estimate
        self.head: Head | None = None
        self.chunks: list[Chunk] = []

    def see(self, part: Part) -> bool:
        """Whether that was the last of it."""
        if isinstance(part, Head):
            self.head = part
        elif isinstance(part, Chunk):
            self.chunks.append(part)
        elif isinstance(part, End):
            dialect = find(self.request)
            answer = Answer(self.head, chunks=tuple(self.chunks), end=part)
            used = dialect.answer(answer).usage if dialect else None
            if used is not None:
                self.budget.settle(self.request, self.estimate, used)
            return True
        return False


class Spending:
    """A budget in use."""

    def __init__(self, budget: Budget, ledger: Ledger) -> None:
        self.budget = budget
        self.ledger = ledger

    def allow(self, request: Request, recorded: Event | None) -> Meter | None:
        """Set aside what ``request`` may cost; a meter for its answer if that will say more exactly.

        ``recorded``: its counterpart. Raises :class:`PolicyError` when it would go over the budget.
        """
        dialect = find(request)
        estimate = self._amount(request, expected(request, dialect, recorded)) if dialect else self._of_others()
        if not self.ledger.spend(estimate, self.budget.limit):
            unit = self.budget.unit
            more = f", and the next call may take {told(estimate, unit)}" if unit != "calls" else ""
            raise PolicyError(
                f"the budget of {self.budget} is used up: {told(self.ledger.spent, unit)} spent{more}",
                hint="raise --budget; what was made so far is kept",
            )
        return Meter(self, request, estimate) if dialect and self.budget.unit != "calls" else None

    def settle(self, request: Request, estimate: float, used: Usage) -> None:
        self.ledger.correct(self._amount(request, used) - estimate)

    def _of_others(self) -> float:
        return 1.0 if self.budget.unit == "calls" else 0.0

    def _amount(self, request: Request, usage: Usage) -> float:
        if self.budget.unit != "USD":
            return 1.0 if self.budget.unit == "calls" else float(usage.input + usage.output)
        cost = cost_of(request, usage)
        if cost is None:
            dialect = find(request)
            model = dialect.request(request).model if dialect else ""
            raise UsageError(
                f"no price is known for {model or 'this model'}, so a budget in USD cannot be kept",
                hint="give it in tokens or calls (20000tokens); prices need pip install 'replay-debugger[prices]'",
            )
        return cost


def cost_of(request: Request, usage: Usage) -> float | None:
    """The list price in USD, today, of ``request`` with this usage; None when it is not known."""
    dialect = find(request)
    if dialect is None or not (dialect.billed or usage.input or usage.output):
        return 0.0
    return price.of_call(usage, dialect.request(request).model, request, time.time_ns())


def expected(request: Request, dialect: Dialect, recorded: Event | None) -> Usage:
    """The tokens that ``request`` may take: those of its counterpart, in proportion to its length; else a guess."""
    asked = dialect.request(request)
    known = dialect.answer(recorded.answer).usage if recorded is not None and recorded.answer is not None else None
    if known is None and not dialect.billed:
        return Usage()
    if known is None or recorded is None:
        return Usage(len(request.body) // BYTES_PER_TOKEN, _most(asked))
    share = len(request.body) / max(1, len(recorded.request.body))
    return Usage(round(known.input * share), known.output)


def _most(request: LlmRequest) -> int:
    names = ("max_tokens", "max_completion_tokens", "max_output_tokens")
    found = [value for name in names if isinstance(value := request.params.get(name), int)]
    return min([MOST_ANSWER, *found])
