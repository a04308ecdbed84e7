"""What of two runs is to be compared: the words of ``--only`` and ``--ignore``.

============================  ==================================================================
``llm`` ``tool`` ``http``     steps of that kind (also ``span``, ``process``)
``name:refund_*``             steps of that name; likewise ``model:``, ``branch:`` (a lineage)
``response.tool_calls``       a field and all that lies in it; ``*`` stands for one part
                              (``request.messages[*].content``)
``temperature``               fields of that name, wherever they are
============================  ==================================================================

What is left out still takes part in the alignment: a step must not lose its counterpart because it is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import get_args

from replay.dialects.reading import StepKind
from replay.dialects.steps import Step
from replay.errors import UsageError

_OF_STEP: dict[str, Callable[[Step], str]] = {
    "kind": lambda step: step.kind,
    "name": lambda step: step.name,
    "model": lambda step: step.model,
    "branch": lambda step: step.lineage,
}
_ROOTS = ("request", "response", "arguments", "process", "span", "output")
_FIELD = re.compile(r"[\w$*-]+(\[(\d+|\*)\])*(\.[\w$*-]+(\[(\d+|\*)\])*)*")


@dataclass(frozen=True, slots=True)
class Rules:
    """``only`` and ``ignore``: (what of a step, pattern) for steps, and patterns for fields. ``exact``: ids and times
    count like everything else."""

    only_steps: tuple[tuple[str, str], ...] = ()
    only_fields: tuple[re.Pattern[str], ...] = ()
    ignored_steps: tuple[tuple[str, str], ...] = ()
    ignored_fields: tuple[re.Pattern[str], ...] = ()
    exact: bool = False

    def shows(self, step: Step) -> bool:
        """Whether the step is compared."""
        if any(_matches(step, rule) for rule in self.ignored_steps):
            return False
        return not self.only_steps or any(_matches(step, rule) for rule in self.only_steps)

    def counts(self, path: str) -> bool:
        """Whether the field at ``path`` is compared."""
        if any(pattern.match(path) for pattern in self.ignored_fields):
            return False
        return not self.only_fields or any(pattern.match(path) for pattern in self.only_fields)


def rules(only: Iterable[str] = (), ignore: Iterable[str] = (), *, exact: bool = False) -> Rules:
    """The rules that these words mean. Raises :class:`replay.errors.UsageError` for a word that means nothing."""
    only_steps, only_fields = _read(only)
    ignored_steps, ignored_fields = _read(ignore)
    return Rules(only_steps, only_fields, ignored_steps, ignored_fields, exact)


def _read(words: Iterable[str]) -> tuple[tuple[tuple[str, str], ...], tuple[re.Pattern[str], ...]]:
    steps: list[tuple[str, str]] = []
    fields: list[re.Pattern[str]] = []
    for word in words:
        key, colon, pattern = word.partition(":")
        if word in get_args(StepKind):
            steps.append(("kind", word))
        elif colon and key in _OF_STEP and pattern:
            steps.append((key, pattern))
        elif _FIELD.fullmatch(word):
            fields.append(_field(word))
        else:
            hint = "a kind (llm, tool, …), name:GLOB, model:GLOB, branch:GLOB, or a field such as response.tool_calls"
            raise UsageError(f"{word!r} names no steps and no field", hint=hint)
    return tuple(steps), tuple(fields)


def _field(word: str) -> re.Pattern[str]:
    anywhere = "" if word.partition(".")[0].partition("[")[0] in _ROOTS else r"(?:.*\.)?"
    return re.compile(anywhere + re.escape(word).replace(r"\*", r"[^.\[\]]*") + r"(?=$|[.\[])")


def _matches(step: Step, rule: tuple[str, str]) -> bool:
    what, pattern = rule
    return fnmatchcase(_OF_STEP[what](step), pattern)
