"""Looking for secrets in files of any kind: where each stands and what it is, never its value."""

from __future__ import annotations

import gzip
import html
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.canon.headers import TELLING
from replay.canon.placeholders import Placeholders
from replay.canon.redact import Redactor
from replay.canon.rules import Rules
from replay.dialects.cassette import Cassette, open_cassette
from replay.errors import CassetteError, UsageError
from replay.events import Answer, Event

MAX_UNPACKED = 256 << 20
"""Bytes of a packed text file that are looked at."""

_UNTOLD = frozenset({"header", "digest"})
"""What recording drops because its name is unknown: no sign of a secret by itself."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``place`` is a line (``line 12``) or a part of a run (``step 3, answer body``), ``kind`` a placeholder's name."""

    file: str
    place: str
    kind: str


class _Witness(Placeholders):
    """Notes what secrets are found, as they are replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: list[str] = []

    def of(self, name: str, secret: bytes) -> str:
        self.kinds.append(name)
        return super().of(name, secret)


class Scanner:
    """Looks by the rules that a recording made now would follow."""

    def __init__(self, environ: Mapping[str, str], rules: Rules) -> None:
        self._environ = environ
        self._rules = rules
        self._begin()

    def _begin(self) -> None:
        """What one file made known is nothing to look for in another."""
        self._witness = _Witness()
        self._redactor = Redactor(self._environ, self._rules, placeholders=self._witness)

    def scan(self, path: Path) -> Iterator[Finding]:
        """What ``path`` holds. Raises :class:`CassetteError` for a cassette that cannot be read."""
        self._begin()
        places = self._cassette(path) if _is_cassette(path) else self._text(path)
        for place, kind in places:
            yield Finding(str(path), place, kind)

    def _taken(self, place: str) -> Iterator[tuple[str, str]]:
        kinds, self._witness.kinds = self._witness.kinds, []
        for kind in dict.fromkeys(kinds):
            yield place, kind

    # Text ------------------------------------------------------------------------------------------------------------

    def _text(self, path: Path) -> Iterator[tuple[str, str]]:
        text = _content(path).decode("utf-8", "surrogateescape")
        is_markup = path.suffix.lower() in (".html", ".htm", ".xml", ".svg")
        found = 0
        for number, line in enumerate(text.splitlines(), start=1):
            self._redactor.text(html.unescape(line) if is_markup else line)
            for finding in self._taken(f"line {number}"):
                found += 1
                yield finding
        self._redactor.text(html.unescape(text) if is_markup else text)  # what goes over several lines
        several = list(self._taken("over several lines"))
        yield from [finding for finding in several if finding[1] == "private-key" or not found]

    # Cassettes -------------------------------------------------------------------------------------------------------

    def _cassette(self, path: Path) -> Iterator[tuple[str, str]]:
        cassette = open_cassette(path)
        self._redactor.header(cassette.header)
        yield from self._taken("header")
        names = _names(cassette)
        for event in cassette.events:
            yield from self._event(event, names.get(event.id, f"event {event.id}"))
        for note in cassette.notes:
            self._redactor.text(json.dumps(note.data, default=str))
            yield from self._taken(f"note {note.kind}")

    def _event(self, event: Event, name: str) -> Iterator[tuple[str, str]]:
        request = event.request
        (self._redactor.url if request.kind == "http" else self._redactor.text)(request.target)
        yield from self._taken(f"{name}, request address")
        yield from self._headers(request.headers, f"{name}, request")
        self._redactor.request(request)
        yield from [
            (place, kind)
            for place, kind in self._taken(f"{name}, request body")
            if request.body and kind not in _UNTOLD
        ]
        if event.answer is not None:
            yield from self._answer(event.answer, event.id, name)

    def _answer(self, answer: Answer, id: int, name: str) -> Iterator[tuple[str, str]]:
        if answer.head is not None:
            yield from self._headers(answer.head.headers, f"{name}, answer")
            self._redactor.parts(id, answer.head)
            self._witness.kinds.clear()
        for chunk in answer.chunks:
            self._redactor.parts(id, chunk)
        if answer.end is not None:
            self._redactor.parts(id, answer.end)
        yield from self._taken(f"{name}, answer body")

    def _headers(self, headers: Any, place: str) -> Iterator[tuple[str, str]]:
        for field in headers:
            self._redactor.headers((field,))
            for found, kind in self._taken(f"{place} header {field[0].lower()}"):
                if kind not in _UNTOLD or TELLING.search(field[0].lower()):
                    yield found, kind


def files(names: tuple[str, ...]) -> list[Path]:
    """The files of ``names``, directories with all that is in them. Raises :class:`UsageError` for one not there."""
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            found += sorted(Path(folder, file) for folder, _, inside in _walk(path) for file in inside)
        elif path.is_file():
            found.append(path)
        else:
            raise UsageError(f"{name} is no file", hint="replay scan cassettes/")
    return found


def _walk(path: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    for folder, folders, inside in os.walk(path):
        folders[:] = sorted(each for each in folders if each not in (".git", "__pycache__", ".venv"))
        yield folder, folders, inside


def _is_cassette(path: Path) -> bool:
    if path.suffix == ".cassette":
        return True
    try:
        open_cassette(path)
    except CassetteError:
        return False
    return True


def _content(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            with gzip.open(path) as file:
                return file.read(MAX_UNPACKED)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}", hint="is the path right?") from error
    except EOFError:
        return data
    return data


def _names(cassette: Cassette) -> dict[int, str]:
    """What ``replay show`` calls the events."""
    return {step.event: f"step {step.number}" for step in cassette.steps if step.event is not None}
