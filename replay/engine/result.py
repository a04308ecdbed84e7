"""What a run came to: everything a verdict rests on, true at every moment of the run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgpack

from replay.errors import DivergenceError
from replay.events import Request


@dataclass(frozen=True, slots=True)
class Divergence:
    """A request that the cassette holds no answer for, raw: who explains it reads the cassette.

    ``asked`` is redacted. ``closest`` is the id of the nearest recorded event (None: nothing like it is there);
    ``number`` the request's place among those of its lineage; ``step`` its place among the process's requests, from 1;
    ``where`` the call site as file:line; ``reason`` says what is wrong when it is not simply unknown; ``swap``: the
    swaps that made the request what it is.
    """

    asked: Request
    lineage: str
    number: int
    step: int
    closest: int | None
    where: str
    reason: str = ""
    swap: str = ""

    def __str__(self) -> str:
        what = f"{self.asked.kind} {self.asked.action} {self.asked.target}"
        place = f", called at {self.where}" if self.where else ""
        return f"request {self.step} is not in the cassette ({what}{place})" if not self.reason else self.reason


@dataclass(slots=True)
class Result:
    """Counts of one run: of one process, or of all of them added up by :func:`load`.

    * ``recorded``: requests written by a recording; ``served`` + ``live`` + ``swapped`` (answered by a swap) +
      ``nearest`` (answered by what was recorded for another request): requests made in a replay.
    * ``moved``: served from another lineage; ``volatile``: served after ids and times were set aside.
    * ``unused``: ids of recorded events that nothing asked for; ``shortened``: ids of answers whose reading ended
      otherwise than recorded.
    * ``reordered``: parts handed over in another order than recorded; ``unsettled``: parts handed over while some
      thread was still busy (see :mod:`replay.engine.order`), so that the order of what the program did is not certain.
    * ``unread`` / ``overread``: recorded reads of the clock or the dice left over / reads beyond the recorded ones.
    * ``refused``: connections and effects that a replay stopped; ``unwatched``: connections that were not recorded.
    * ``changed_inputs``: what the program read that is not as it was recorded: files, and ``$`` with variables' names.
    * ``gaps``: what could not be kept, in words; ``ignored``: telemetry calls by host.
    * ``output``: whether :meth:`replay.engine.run.Run.output` was given the recorded value again.
    * ``lineages``: the main tasks of the processes that took part; ``finished``: how many of them reached their end
      (the others were killed, or still run).
    * ``unguarded``: why the kernel does not refuse sockets (:mod:`replay.engine.seccomp`) where it was asked to.
    * ``stopped``: the program was told to end, by a divergence or a refusal.
    * ``halted``: exit code, message and hint of the error that ended the program, when that is no divergence: a
      budget, an effect, a swap that cannot be made.
    * ``differences``: other facts that make a replay not identical, in words.
    """

    mode: Literal["record", "play"] = "play"
    lineages: list[str] = field(default_factory=list)
    finished: int = 0
    recorded: int = 0
    served: int = 0
    live: int = 0
    swapped: int = 0
    nearest: int = 0
    moved: int = 0
    volatile: int = 0
    reordered: int = 0
    unsettled: int = 0
    unread: int = 0
    overread: int = 0
    unused: list[int] = field(default_factory=list)
    shortened: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unwatched: list[str] = field(default_factory=list)
    changed_inputs: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    stopped: bool = False
    halted: tuple[int, str, str] | None = None
    unguarded: str = ""
    ignored: dict[str, int] = field(default_factory=dict)
    output: Literal["", "same", "changed"] = ""
    divergences: list[Divergence] = field(default_factory=list)

    @property
    def identical(self) -> bool:
        """The replay asked for exactly what was recorded: nothing missing, left over, moved, refused or unfinished."""
        flaws = (
            self.divergences or self.unused or self.shortened or self.refused or self.gaps or self.differences
            or self.halted
        )  # fmt: skip
        counts = (
            self.live
            + self.swapped
            + self.nearest
            + self.moved
            + self.volatile
            + self.reordered
            + (len(self.lineages) - self.finished)
        )
        return not flaws and not counts and self.output != "changed"

    @property
    def asked(self) -> int:
        """Requests made in a replay, however they were answered."""
        return self.served + self.live + self.swapped + self.nearest

    def raise_for_divergence(self) -> None:
        """Raise :class:`replay.errors.DivergenceError` for the first divergence, if there is one."""
        if self.divergences:
            raise divergence_error(self.divergences[0])

    def to_dict(self) -> dict[str, Any]:
        """Plain data; ``identical`` included."""
        return {**asdict(self), "identical": self.identical}

    def save(self, directory: str) -> None:
        """Write this process's result into ``directory``, replacing its earlier one in one step."""
        of = "".join(self.lineages[:1]).replace("/", "-")  # a worker of a pool is several processes of the run in turn
        path = Path(directory, f"{os.getpid()}-{of}.result")
        fresh = path.with_suffix(".tmp")
        with suppress(FileNotFoundError):  # a child process that has outlived its run: nobody asks any more
            fresh.write_bytes(msgpack.packb(asdict(self)))
            fresh.replace(path)


def divergence_error(divergence: Divergence) -> DivergenceError:
    """The error a caller sees for ``divergence``."""
    return DivergenceError(
        str(divergence),
        asked=divergence.asked,
        where=divergence.where,
        hint="run it live with on_divergence='live' (--on-divergence live)",
    )


def load(directory: str) -> Result | None:
    """The results that all processes of a run left in ``directory``, added up; None when no session ever started."""
    files = sorted(Path(directory).glob("*.result"))
    return total([_from_dict(msgpack.unpackb(file.read_bytes())) for file in files]) if files else None


def total(results: Sequence[Result]) -> Result:
    """Add up the results of the processes of one run."""
    first, *others = results
    for other in others:
        for name in _COUNTS:
            setattr(first, name, getattr(first, name) + getattr(other, name))
        for name in _LISTS:
            getattr(first, name).extend(getattr(other, name))
        for host, calls in other.ignored.items():
            first.ignored[host] = first.ignored.get(host, 0) + calls
        first.unguarded = first.unguarded or other.unguarded
        first.stopped = first.stopped or other.stopped
        first.halted = first.halted or other.halted
        first.output = max(first.output, other.output, key=["", "same", "changed"].index)
    return first


_COUNTS = (
    "finished", "recorded", "served", "live", "swapped", "nearest", "moved", "volatile", "reordered", "unsettled",
    "unread", "overread",
)  # fmt: skip
_LISTS = (
    "lineages", "unused", "shortened", "refused", "unwatched", "changed_inputs", "gaps", "differences", "divergences",
)  # fmt: skip


def _from_dict(data: dict[str, Any]) -> Result:
    data["divergences"] = [_divergence(item) for item in data["divergences"]]
    return Result(**data)


def _divergence(data: dict[str, Any]) -> Divergence:
    asked = data.pop("asked")
    asked["headers"] = tuple((name, value) for name, value in asked["headers"])
    return Divergence(asked=Request(**asked), **data)
