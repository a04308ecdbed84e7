"""What a filter or a conditional breakpoint asks of a row: ``kind:llm,tool diff:true cost:>0.01 !status:error refund``.

Terms are separated by spaces and must all hold; ``!`` before a term inverts it; quotes keep spaces together. A term
without a colon is text that the step must hold, in any case of letters.
"""

from __future__ import annotations

import operator
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from replay.dialects.steps import Step
from replay.errors import UsageError
from replay.tui.view.rows import Row
from replay.tui.view.texts import heading, texts

HINT = "kind:llm,tool diff:true status:error name:look* model:gpt-5* cost:>0.01 tokens:>1000 took:>2s text !text"

Price = Callable[[Step], float | None]
Test = Callable[[Row], bool]

_NUMBER = re.compile(r"(>=|<=|>|<|=)?(\d+(?:\.\d+)?)(ms|s|k|M)?")
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq, "": operator.ge,
}  # fmt: skip
_UNITS = {"": 1.0, "s": 1.0, "ms": 1e-3, "k": 1e3, "M": 1e6}


@dataclass(frozen=True, slots=True)
class Query:
    """``text``: as it was typed. ``holds(row)``: whether the row is meant."""

    text: str
    tests: tuple[Test, ...] = ()

    def holds(self, row: Row) -> bool:
        return all(test(row) for test in self.tests)


def parse(text: str, price: Price, marked: Test = lambda row: False) -> Query:
    """The query that ``text`` spells. ``price``: USD of a step; ``marked``: whether a row has a note.

    Raises :class:`UsageError` when a term cannot be read.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{text!r}: {error}", hint="close the quotes") from None
    return Query(text.strip(), tuple([_term(word, price, marked) for word in words]))


def _term(word: str, price: Price, marked: Test) -> Test:
    if word.startswith("!") and len(word) > 1:
        test = _term(word[1:], price, marked)
        return lambda row: not test(row)
    name, colon, value = word.partition(":")
    if colon and value and name in _WORDS:
        return _any_word(_WORDS[name], value)
    if colon and value and name in _FLAGS | {"note": marked}:
        return _flag((_FLAGS | {"note": marked})[name], word, value)
    if colon and value and name in _NUMBERS | {"cost": price}:
        return _compared((_NUMBERS | {"cost": price})[name], word, value)
    return _holds_text(word)


def _any_word(read: Callable[[Step], str], value: str) -> Test:
    patterns = value.lower().split(",")
    return lambda row: any(
        fnmatchcase(read(step).lower(), pattern) for step in (row.a, row.b) if step for pattern in patterns
    )


def _flag(read: Test, word: str, value: str) -> Test:
    if value not in ("true", "false"):
        raise UsageError(f"{word}: true or false", hint=HINT)
    return lambda row: read(row) is (value == "true")


def _compared(read: Price, word: str, value: str) -> Test:
    match = _NUMBER.fullmatch(value)
    if match is None:
        raise UsageError(f"{word}: a number, with > or < before it", hint=HINT)
    compare, limit = _OPERATORS[match[1] or ""], float(match[2]) * _UNITS[match[3] or ""]
    return lambda row: any(
        found is not None and compare(found, limit) for found in (read(step) for step in (row.a, row.b) if step)
    )


def _holds_text(word: str) -> Test:
    wanted = word.casefold()
    return lambda row: any(holds_text(step, wanted) for step in (row.a, row.b) if step)


def holds_text(step: Step, wanted: str) -> bool:
    """Whether any text of ``step``, its name and model included, holds ``wanted``, which is casefolded."""
    return wanted in heading(step).casefold() or any(wanted in each.text.casefold() for each in texts(step))


def _tokens(step: Step) -> float | None:
    return step.usage.input + step.usage.output if step.usage else None


_WORDS: dict[str, Callable[[Step], str]] = {
    "kind": lambda step: step.kind,
    "status": lambda step: step.status,
    "name": lambda step: step.name,
    "tool": lambda step: step.name if step.kind == "tool" else "",
    "model": lambda step: step.model,
    "origin": lambda step: step.source.origin if step.source else "inferred",
    "lineage": lambda step: step.lineage,
}
_FLAGS: dict[str, Test] = {"diff": lambda row: row.differs, "error": lambda row: row.step.status == "error"}
_NUMBERS: dict[str, Price] = {
    "tokens": _tokens,
    "took": lambda step: None if step.duration is None else step.duration / 1e9,
    "at": lambda step: step.at / 1e9,
}
