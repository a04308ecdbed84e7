"""What a process of a run is to do, handed on through its environment: from the command line to the program, and from
the program to its own child processes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from replay.cassette.keys import handed_on
from replay.events import Entry

VARIABLE = "REPLAY_PLAN"

Policy = Literal["raise", "live"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One process's part in a run.

    * ``mode``: ``record`` writes ``cassette``; ``play`` serves from it, and writes ``save`` if that is not empty.
    * ``report``: a directory; each process of the run keeps its :class:`replay.engine.result.Result` there as a JSON
      file that is true at every moment, so that a killed process has still said what it saw.
    * ``lineage``: the address of this process's main task. The root process is ``0``.
    * ``weather``: the disturbances that this run is put through on purpose (:mod:`replay.engine.weather`); 0 for none.
    * ``encrypt``: what is written is encrypted with the key that ``$REPLAY_KEY`` names; its children are told the key.
    * ``allow_hosts`` are reached for real and untouched; ``ignore_hosts`` are telemetry on top of the known ones.
    """

    mode: Literal["record", "play"]
    cassette: str
    report: str = ""
    save: str = ""
    policy: Policy = "raise"
    lineage: str = "0"
    weather: int = 0
    encrypt: bool = False
    allow_hosts: tuple[str, ...] = ()
    ignore_hosts: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    entry: Entry = field(default_factory=Entry)

    @property
    def is_root(self) -> bool:
        return self.lineage == "0"

    def for_child(self, lineage: str) -> Plan:
        """The same plan for a child process whose main task has the address ``lineage``."""
        return replace(self, lineage=lineage)

    def to_environ(self) -> dict[str, str]:
        return {VARIABLE: json.dumps(asdict(self)), **handed_on(os.environ)}


def from_environ(environ: Mapping[str, str] = os.environ) -> Plan | None:
    """The plan that the parent process left, or None."""
    text = environ.get(VARIABLE)
    if not text:
        return None
    data: dict[str, Any] = json.loads(text)
    entry = data.pop("entry", {})
    for name in ("allow_hosts", "ignore_hosts"):
        data[name] = tuple(data[name])
    return Plan(**data, entry=Entry(**{**entry, "argv": tuple(entry["argv"])}))
