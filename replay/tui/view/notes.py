"""What a person wrote about a run: notes on steps, and a verdict. Kept in ``CASSETTE.notes.json`` beside the cassette,
which is never written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from replay.dialects.cassette import Cassette
from replay.errors import UsageError

SCHEMA = "replay.notes/1"
GOLDEN = "replay.golden/1"
SUFFIX = ".notes.json"
MAX_SIZE = 4 << 20
"""Bytes of a notes file that are read."""

Word = Literal["good", "bad"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``why``: in words, or empty. ``corrected``: what the run should have answered, or empty."""

    word: Word
    why: str = ""
    corrected: str = ""


@dataclass(frozen=True, slots=True)
class Notes:
    """``steps``: the notes by number of the step. ``verdict``: on the run as a whole."""

    steps: Mapping[int, str] = field(default_factory=dict)
    verdict: Verdict | None = None

    def with_note(self, step: int, text: str) -> Notes:
        """With the note ``text`` on ``step``; without one when ``text`` is blank."""
        others = {number: note for number, note in self.steps.items() if number != step}
        return replace(self, steps=others | ({step: text.strip()} if text.strip() else {}))


def path_of(cassette: str | os.PathLike[str]) -> Path:
    """Where the notes on ``cassette`` lie."""
    return Path(f"{os.fspath(cassette)}{SUFFIX}")


def load(cassette: str | os.PathLike[str]) -> Notes:
    """The notes on ``cassette``; none when there is no file. Raises :class:`UsageError` when it is not one of ours."""
    path = path_of(cassette)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIZE + 1)
        return _notes(json.loads(data) if len(data) <= MAX_SIZE else None)
    except FileNotFoundError:
        return Notes()
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} holds no notes: {error}", hint=f"move {path.name} out of the way") from None


def save(cassette: str | os.PathLike[str], notes: Notes) -> None:
    """Write ``notes`` beside ``cassette``, at once or not at all. Raises :class:`UsageError` when that cannot be."""
    path = path_of(cassette)
    content = {
        "schema": SCHEMA,
        "verdict": asdict(notes.verdict) if notes.verdict else None,
        "steps": {str(number): notes.steps[number] for number in sorted(notes.steps)},
    }
    new = path.with_name(f"{path.name}.new")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1, ensure_ascii=False)
            file.write("\n")
        os.replace(new, path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="is the directory yours?") from error


def verdict(text: str, corrected: str = "") -> Verdict | None:
    """What ``good`` or ``bad`` with a reason after it says; None when ``text`` is blank.

    Raises :class:`UsageError` when it begins with another word.
    """
    word, _, why = text.strip().partition(" ")
    word = word.rstrip(":,")
    if not word:
        return None
    if word not in _WORDS:
        raise UsageError(f"{word!r} is no verdict", hint="good, or bad, and why: bad refunded twice")
    return Verdict(_WORDS[word], why.strip(" :,-"), corrected.strip())


_WORDS: dict[str, Word] = {"good": "good", "bad": "bad"}


def golden(cassette: Cassette, notes: Notes) -> str:
    """One line of a golden set: the run's output, the verdict, the corrected answer and the notes, as JSON."""
    record = {
        "schema": GOLDEN,
        "run": cassette.header.run,
        "tags": cassette.header.tags,
        "output": cassette.output,
        "verdict": asdict(notes.verdict) if notes.verdict else None,
        "steps": [{"step": number, "note": notes.steps[number]} for number in sorted(notes.steps)],
    }
    return json.dumps(record, ensure_ascii=False) + "\n"


def _notes(found: Any) -> Notes:
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ValueError(f"its schema is not {SCHEMA}")
    steps = found.get("steps")
    noted = steps.items() if isinstance(steps, dict) else ()
    return Notes(
        {int(number): note for number, note in noted if number.isdecimal() and isinstance(note, str)},
        _verdict(found.get("verdict")),
    )


def _verdict(found: Any) -> Verdict | None:
    if not isinstance(found, dict) or found.get("word") not in _WORDS:
        return None
    return Verdict(_WORDS[found["word"]], str(found.get("why", "")), str(found.get("corrected", "")))
