"""Which rules of redaction hold in a session, and where they come from.

What the program gave to ``replay.record`` or ``replay.play``, and the tables ``[tool.replay.redact]`` and
``[tool.replay.store]`` of the nearest ``pyproject.toml``. A recording writes them down, and a replay adds them to its
own, so that both see a request redacted alike: all but the regular expressions and the function, since a file that
somebody else has made is not trusted with those.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from replay.canon.redact import Redactor
from replay.canon.rules import Find, Rules, rules_of
from replay.cassette import Reader, Writer
from replay.engine import userkey
from replay.engine.plan import Plan
from replay.errors import UsageError
from replay.events import Note

KIND = "redaction"
"""Of the note that holds the rules of a recording."""


def given(
    redact: Mapping[str, Any] | Find | None, store: Mapping[str, Any] | None, match: Sequence[str] = ()
) -> tuple[dict[str, Any], Find | None]:
    """What a caller gave, as data for a plan and as a function. Raises :class:`UsageError` if it makes no sense."""
    find = redact if callable(redact) else None
    table = dict(redact) if isinstance(redact, Mapping) else {}
    if callable(table.get("function")):
        find = table.pop("function")
    rules = rules_of(table, store, "replay", list(match))
    return rules.to_data(), find


def with_project(plan: Plan) -> Plan:
    """``plan`` with the rules of the project, for the first process of a run: its children are told them."""
    if not plan.is_root:
        return plan
    return replace(plan, rules=_of(plan.rules).and_also(project_rules(Path.cwd())).to_data())


def redactor(plan: Plan, find: Find | None, source: Reader | None = None) -> Redactor:
    """The redactor of a session that follows ``plan`` and replays ``source``."""
    rules = _of(plan.rules)
    if source is not None:
        recorded = _recorded(source)
        if missing := sorted(set(rules.match) - set(recorded.match)):
            raise UsageError(
                f"the recording was not made to be matched by the header {missing[0]}",
                hint=f"record it again with --match-header {missing[0]}",
            )
        rules = rules.and_also(recorded)
    made = Redactor(os.environ, rules, find, digest=_digest if rules.match else None)
    made.words(tuple(sys.orig_argv))  # its secrets are looked out for from the start, here as in the recording
    return made


def matched(notes: Iterable[Note]) -> tuple[str, ...]:
    """Names of the header fields that take part in matching, by the ``notes`` of a cassette."""
    return _rules_in(notes).match


def _digest(value: bytes) -> str:
    """Under the key of this user, so that nobody who has the cassette alone can test a guess."""
    digest = userkey.digest(value)
    if not digest:
        raise UsageError("there is no key to compare secret header values by", hint="make ~/.config/replay writable")
    return f"{digest['key']}-{digest['digest']}"


def note_down(sink: Writer, rules: Rules) -> None:
    """Write ``rules`` into the cassette, if there are any."""
    if data := rules.to_data():
        sink.note(Note(KIND, data))


def _of(data: Mapping[str, Any]) -> Rules:
    table = dict(data)
    match, store = table.pop("match", ()), table.pop("store", None)
    return rules_of(table, store, match=match)


def _recorded(source: Reader) -> Rules:
    return _rules_in(source.notes)


def _rules_in(notes: Iterable[Note]) -> Rules:
    data = next((note.data for note in notes if note.kind == KIND and isinstance(note.data, dict)), {})
    try:
        rules = _of(data)
    except UsageError:  # of a file that somebody has edited
        return Rules()
    return replace(rules, patterns=(), function="")


def project_rules(start: Path) -> Rules:
    """The rules of the nearest ``pyproject.toml``, from ``start`` upwards."""
    for folder in (start, *start.parents):
        file = folder / "pyproject.toml"
        try:
            return _of_file(str(file), file.stat().st_mtime_ns)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
    return Rules()


@lru_cache(maxsize=8)
def _of_file(path: str, _mtime: int) -> Rules:
    text = Path(path).read_bytes()
    if b"tool.replay" not in text:  # reading TOML takes longer than opening a session
        return Rules()
    import tomllib

    try:
        table = tomllib.loads(text.decode()).get("tool", {}).get("replay", {})
    except ValueError as error:
        raise UsageError(f"{path} cannot be read: {error}", hint="correct the file") from None
    return rules_of(table.get("redact"), table.get("store"), match=table.get("match-header", ()))
