"""``:``: the row that a few characters name.

========  ====================================================
``14``    step 14 of run A (of B, when A has none such)
``b:15``  step 15 of run B; ``a:15`` of run A
``llm:3`` the third LLM call; so with every kind of step
``+12s``  the first step at or after 12 s; also ``+1m30s``, ``+800ms``
``50%``   half-way down
========  ====================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from replay.errors import UsageError
from replay.tui.view.rows import Row

HINT = "14, b:15, llm:3, +12.5s, 50%"
_TIME = re.compile(r"\+(?:(\d+)m)?(?:(\d+(?:\.\d+)?)(ms|s)?)?")
KINDS = ("llm", "tool", "http", "process", "span")


def find(rows: Sequence[Row], wanted: str) -> int:
    """The place of the row that ``wanted`` names. Raises :class:`UsageError` in words a person can act on."""
    text = wanted.strip().lower()
    for pattern, rule in _RULES:
        if match := re.fullmatch(pattern, text):
            return rule(rows, match)
    raise UsageError(f"{wanted!r} names no row", hint=HINT)


def _by_number(rows: Sequence[Row], match: re.Match[str]) -> int:
    number = int(match[1])
    for run in "ab":
        for row in rows:
            if (step := getattr(row, run)) and step.number == number:
                return row.at
    raise UsageError(f"there is no step {number}", hint=HINT)


def _by_run(rows: Sequence[Row], match: re.Match[str]) -> int:
    number = int(match[2])
    found = (row.at for row in rows if (step := getattr(row, match[1])) and step.number == number)
    return _one(found, f"run {match[1].upper()} has no step {number}")


def _by_kind(rows: Sequence[Row], match: re.Match[str]) -> int:
    of_kind = [row.at for row in rows if row.step.kind == match[1]]
    at = int(match[2])
    return _one(iter(of_kind[at - 1 : at] if at else ()), f"there are {len(of_kind)} {match[1]} steps")


def _by_time(rows: Sequence[Row], match: re.Match[str]) -> int:
    parts = _TIME.fullmatch(match[0])
    if parts is None or not (parts[1] or parts[2]):
        raise UsageError(f"{match[0]!r} is no time", hint="+12.5s, +1m30s, +800ms")
    unit = 1e6 if parts[3] == "ms" else 1e9
    after = int(parts[1] or 0) * 60e9 + float(parts[2] or 0) * unit
    return _one((row.at for row in rows if row.step.at >= after), f"no step begins at or after {match[0]}")


def _by_share(rows: Sequence[Row], match: re.Match[str]) -> int:
    share = float(match[1])
    if not rows or share > 100:
        raise UsageError(f"{match[0]} is not between 0% and 100%", hint=HINT)
    return rows[round(share / 100 * (len(rows) - 1))].at


def _one(found: Iterable[int], otherwise: str) -> int:
    at = next(iter(found), None)
    if at is None:
        raise UsageError(otherwise, hint=HINT)
    return at


_RULES: tuple[tuple[str, Callable[[Sequence[Row], re.Match[str]], int]], ...] = (
    (r"(\d{1,9})", _by_number),
    (r"([ab]):(\d{1,9})", _by_run),
    (rf"({'|'.join(KINDS)}):(\d{{1,9}})", _by_kind),
    (r"\+.*", _by_time),
    (r"(\d{1,3}(?:\.\d+)?)%", _by_share),
)
