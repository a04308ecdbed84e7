"""Which of a fork's swaps touched a row."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from replay.dialects.cassette import Cassette
from replay.dialects.steps import Step
from replay.diff.fields import Change
from replay.diff.model import Row
from replay.engine.swaps.grammar import parse_stored
from replay.engine.swaps.selector import Place
from replay.engine.swaps.swap import Swap

_KINDS = {"tool": ("tool",), "http": ("http",), "response": ("llm", "tool", "http")}
"""The kinds of step that a kind of swap touches; all others touch calls to a model."""

_FIELDS: dict[str, tuple[str, ...]] = {
    "model": ("model", "url", "stream", "messages", "tools", "system", "method", "contents"),
    "prompt": ("messages", "system", "instructions", "input", "contents", "systemInstruction", "system_instruction"),
    "insert": ("messages", "input", "contents"),
    "drop": ("messages", "input", "contents", "system", "instructions"),
    "tooldef": ("tools",),
}
"""The fields of a request that a kind of swap changes. ``param``: the field that it names."""


class Swaps:
    """The swaps that b has and a has not."""

    def __init__(self, a: Cassette, b: Cassette) -> None:
        stored = [parse_stored(text) for text in b.header.swaps if text not in a.header.swaps]
        self.all = [swap for swap in stored if swap is not None]
        self._steps = b.steps

    def answering(self, row: Row) -> Swap | None:
        """The swap that gave this row another answer, or had the question asked anew."""
        return next((swap for swap in self.all if self._touches(swap, row)), None)

    def asking(self, row: Row, changes: Sequence[Change]) -> Swap | None:
        """The swap that changed one of these fields of the row's request."""
        return next((swap for swap in self.all if self._touches(swap, row) and _changes(swap, changes)), None)

    def _touches(self, swap: Swap, row: Row) -> bool:
        step = row.step
        if step.kind not in _KINDS.get(swap.kind, ("llm",)):
            return False
        if swap.kind == "tool" and not fnmatchcase(step.name, swap.name):
            return False
        if swap.kind == "http" and not _is_asked(swap.name, step):
            return False
        return swap.where.matches(self._place(step, row))

    def _place(self, step: Step, row: Row) -> Place:
        """The selector counts as the parent run does."""
        tools = (step.name,) if step.kind == "tool" else ()
        offered = tuple([tool.name for tool in step.request.tools]) if step.request else tools
        number = row.a.number if row.a else step.number
        return Place(number, (row.a or step).model, offered, tuple(self._spans(step)))

    def _spans(self, step: Step) -> list[str]:
        names = []
        parent = step.parent
        while parent is not None and 0 < parent <= len(self._steps):
            around = self._steps[parent - 1]
            if around.kind == "span":
                names.append(around.name)
            parent = around.parent if around.number == parent else None
        return names


def _changes(swap: Swap, changes: Sequence[Change]) -> bool:
    fields = (swap.name.partition(".")[0],) if swap.kind == "param" else _FIELDS.get(swap.kind, ())
    touched = {change.path.split(".")[1].partition("[")[0] for change in changes if "." in change.path}
    return bool(touched & {*fields}) or (swap.kind == "param" and any(swap.name in change.path for change in changes))


def _is_asked(pattern: str, step: Step) -> bool:
    request = step.source.request if step.source else None
    return request is not None and fnmatchcase(f"{request.action} {request.target}", pattern)
