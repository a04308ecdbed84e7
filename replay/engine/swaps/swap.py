"""One replaced component, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from replay.engine.swaps.selector import Selector

Kind = Literal["model", "prompt", "insert", "drop", "param", "tooldef", "tool", "http", "response"]


_MUST_QUOTE = frozenset("=@ ")


@dataclass(frozen=True, slots=True)
class Swap:
    """``kind`` and ``name`` say what is replaced, ``value`` what by, ``where`` in which steps.

    ============  ===========================================  ==================================================
    kind          ``name``                                     ``value``
    ============  ===========================================  ==================================================
    model         empty                                        ``[PROVIDER:]NAME[@BASE_URL]``
    prompt        ``system``, ``user[0]``, ``[2]``, ``/re/``   the words; for ``/re/`` a replacement as ``re.sub`` has
    insert        ``user``, ``user[2]`` (in front of that)     the words
    drop          ``user[0]``, ``[2]``, ``tool``               empty
    param         ``temperature``, ``reasoning.effort``        JSON, or a word; empty takes it out
    tooldef       ``lookup``; ``+search`` adds one where some  JSON: a definition or a schema; empty takes it out
                  are offered, or where ``where`` says
    tool          ``lookup_order`` (a shell pattern)           JSON, ``pkg.mod:function``, or a URL to POST to
    http          ``GET https://host/*``                       a body, ``{"status":…, "headers":…, "body":…}``, or a URL
    response      empty: ``where`` says which step             JSON or words
    ============  ===========================================  ==================================================

    ``function``: what ``tool`` runs when it is given as an object and not by name; no part of equality.
    """

    kind: Kind
    name: str = ""
    value: str = ""
    where: Selector = field(default_factory=Selector)
    function: Callable[..., Any] | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """As the command line has it, with the value itself where that names a file."""
        quoted = f'"{self.name}"' if _MUST_QUOTE & set(self.name) and not self.name.startswith("/") else self.name
        name = f":{quoted}" if self.name else ""
        where = str(self.where)
        if self.kind == "response":
            return f"response:{where}={escaped(self.value)}"
        if self.kind == "drop":
            return f"drop{name}{where and f'@{where}'}"
        return f"{self.kind}{name}{where and f'@{where}'}={escaped(self.value)}"

    @property
    def short(self) -> str:
        """As above, with a long value cut: for messages to a person."""
        text = " ".join(str(self).split())
        return text if len(text) <= 60 else f"{text[:57]}…"


def escaped(value: str) -> str:
    """``value`` so that it is not taken for the name of a file."""
    return f"@{value}" if value.startswith("@") else value
