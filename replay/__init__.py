"""Deterministic record and replay for LLM agents: the names that programs use.

``record`` and ``play`` open a run; ``tool`` and ``span`` mark the program's own functions and stretches; ``open`` reads
a cassette, ``diff`` compares two, and ``verify`` runs its program again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from replay.errors import CassetteError, DivergenceError, PolicyError, ReplayError, UsageError

if TYPE_CHECKING:
    from replay import swap
    from replay.cli.repeat import verify
    from replay.diff.compare import diff
    from replay.engine.run import Run, play, record
    from replay.interop.cassette import Cassette
    from replay.interop.cassette import open_cassette as open
    from replay.taps.tools import span, tool

__all__ = [
    "Cassette",
    "CassetteError",
    "DivergenceError",
    "PolicyError",
    "ReplayError",
    "Run",
    "UsageError",
    "diff",
    "open",
    "play",
    "record",
    "span",
    "swap",
    "tool",
    "verify",
]

_LAZY: dict[str, tuple[str, str | None]] = {
    "Cassette": ("replay.interop.cassette", "Cassette"),
    "Run": ("replay.engine.run", "Run"),
    "diff": ("replay.diff", None),
    "open": ("replay.interop.cassette", "open_cassette"),
    "play": ("replay.engine.run", "play"),
    "record": ("replay.engine.run", "record"),
    "span": ("replay.taps.tools", "span"),
    "swap": ("replay.swap", None),
    "tool": ("replay.taps.tools", "tool"),
    "verify": ("replay.cli.repeat", "verify"),
}
"""Loaded on first use: ``import replay`` takes a few milliseconds."""


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'replay' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _LAZY[name]
    value = import_module(module) if attribute is None else getattr(import_module(module), attribute)
    globals()[name] = value
    return value
