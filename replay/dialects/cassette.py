"""A cassette as a person reads it: what ``replay.open`` returns. Everything is read when asked, and kept."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from replay.cassette.reader import Reader
from replay.dialects import price
from replay.dialects.model import Usage
from replay.dialects.steps import Step, steps
from replay.events import Event, Header, Note


class Source(Protocol):
    """What a cassette file offers (:class:`replay.cassette.reader.Reader`)."""

    @property
    def header(self) -> Header: ...
    @property
    def notes(self) -> Sequence[Note]: ...
    @property
    def cut(self) -> str | None: ...
    @property
    def events(self) -> Sequence[Event]: ...
    def event(self, id: int, /) -> Event: ...
    def verify(self) -> list[str]: ...


class Cassette:
    """One recorded run, lazily.

    * ``header``, ``events``, ``notes``, ``event(id)``, ``cut`` (why the file ends early, or None): from the file.
    * ``verify()``: what is wrong with the file, one line each; empty when it is whole.
    * ``steps``, ``tools``, ``usage``, ``cost``, ``output``: derived.
    """

    def __init__(self, path: str | os.PathLike[str], source: Source) -> None:
        self.path = Path(path)
        self._source = source

    @property
    def header(self) -> Header:
        return self._source.header

    @property
    def notes(self) -> Sequence[Note]:
        return self._source.notes

    @property
    def cut(self) -> str | None:
        return self._source.cut

    @property
    def events(self) -> Sequence[Event]:
        return self._source.events

    def event(self, id: int) -> Event:
        return self._source.event(id)

    def verify(self) -> list[str]:
        return self._source.verify()

    @cached_property
    def steps(self) -> list[Step]:
        return steps(self.events)

    @property
    def tools(self) -> list[str]:
        """The names of the tool steps, in order, with those that were inferred from the traffic."""
        return [step.name for step in self.steps if step.kind == "tool"]

    @cached_property
    def usage(self) -> Usage:
        """The tokens of all LLM calls; a call whose answer told none counts none."""
        return sum([step.usage for step in self.steps if step.usage], Usage())

    @cached_property
    def cost(self) -> float | None:
        """USD at list price, or None when that is not certain (:func:`replay.dialects.price.cost`)."""
        return price.cost(self.steps, self.header.created)

    @property
    def output(self) -> Any:
        """The run's result, if the program told it (``run.output(…)``), else None."""
        return next((note.data for note in reversed(self.notes) if note.kind == "output"), None)

    def __repr__(self) -> str:
        return f"<Cassette {self.path.name}: {len(self.events)} events>"


def open_cassette(path: str | os.PathLike[str]) -> Cassette:
    """The cassette at ``path``. Raises :class:`replay.errors.CassetteError` when it cannot be read."""
    return Cassette(path, Reader(os.fspath(path)))
