"""What a process of a run is to do, handed on through its environment: from the command line to the program, and from
the program to its own child processes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from replay.cassette.keys import handed_on
from replay.events import Entry

VARIABLE = "REPLAY_PLAN"

SWAPS = "swaps.json"
"""In the report directory: the plan's swaps. They hold whole prompts, for which an environment has no room."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One process's part in a run.

    * ``mode``: ``record`` writes ``cassette``; ``play`` serves from it, and writes ``save`` if that is not empty.
    * ``report``: a directory; each process of the run keeps its :class:`replay.engine.result.Result` there as a JSON
      file that is true at every moment, so that a killed process has still said what it saw.
    * ``lineage``: the address of this process's main task. The root process is ``0``.
    * ``weather``: the disturbances that this run is put through on purpose (:mod:`replay.engine.weather`); 0 for none.
    * ``encrypt``: what is written is encrypted with the key that ``$REPLAY_KEY`` names; its children are told the key.
    * ``policy``: see :mod:`replay.engine.swaps.deciding`. ``swaps``: see :mod:`replay.engine.swaps.grammar`, without
      names of files. ``budget``: see :mod:`replay.engine.swaps.budget`. ``allow_effects``: names of tools with effects
      that may run for real.
    * ``sources``: each process tells what it read, by source line (:mod:`replay.engine.sources`).
    * ``rules``: what is redacted beyond the built-in rules (:meth:`replay.canon.rules.Rules.to_data`).
    * ``allow_hosts`` are reached for real and untouched; ``ignore_hosts`` are telemetry on top of the known ones.
    """

    mode: Literal["record", "play"]
    cassette: str
    report: str = ""
    save: str = ""
    policy: str = "raise"
    swaps: tuple[str, ...] = ()
    budget: str = ""
    allow_effects: tuple[str, ...] = ()
    lineage: str = "0"
    weather: int = 0
    sources: bool = False
    encrypt: bool = False
    rules: dict[str, Any] = field(default_factory=dict)
    allow_hosts: tuple[str, ...] = ()
    ignore_hosts: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    entry: Entry = field(default_factory=Entry)

    @property
    def is_root(self) -> bool:
        return self.lineage == "0"

    @property
    def is_worker(self) -> bool:
        """A worker of a pool: it owes neither work nor an end, for the pool may end it at any time."""
        return self.lineage.rpartition("/")[2].startswith("pw")

    @property
    def is_steered(self) -> bool:
        """Whether a replay may leave its recording on purpose."""
        return bool(self.policy != "raise" or self.swaps or self.budget)

    def for_child(self, lineage: str) -> Plan:
        """The same plan for a child process whose main task has the address ``lineage``."""
        return replace(self, lineage=lineage)

    def to_environ(self) -> dict[str, str]:
        """The variables that :func:`from_environ` reads. Swaps must have been put down (:meth:`put_down_swaps`)."""
        plan = replace(self, swaps=()) if self.report else self
        return {VARIABLE: json.dumps(asdict(plan)), **handed_on(os.environ)}

    def put_down_swaps(self) -> None:
        """Write the swaps into the report directory."""
        if self.swaps:
            Path(self.report, SWAPS).write_text(json.dumps(self.swaps), encoding="utf-8")


def from_environ(environ: Mapping[str, str] = os.environ) -> Plan | None:
    """The plan that the parent process left, or None."""
    text = environ.get(VARIABLE)
    if not text:
        return None
    data: dict[str, Any] = json.loads(text)
    entry = data.pop("entry", {})
    for name in ("allow_hosts", "ignore_hosts", "allow_effects", "swaps"):
        data[name] = tuple(data[name])
    if data["report"] and (swaps := Path(data["report"], SWAPS)).is_file():
        data["swaps"] = tuple(json.loads(swaps.read_text(encoding="utf-8")))
    return Plan(**data, entry=Entry(**{**entry, "argv": tuple(entry["argv"])}))
