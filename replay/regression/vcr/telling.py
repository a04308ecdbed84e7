"""What a test marked ``vcr`` is told: which request found no answer, and which had another body than recorded."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from replay.canon import volatile_fingerprint
from replay.canon.fingerprint import fingerprint
from replay.canon.redact import Redactor
from replay.diff.fields import differing
from replay.engine import redaction
from replay.events import Request
from replay.regression.names import shown
from replay.regression.vcr.served import Played, Served, Unanswered
from replay.regression.vcr.shapes import in_our_words
from replay.report import rows
from replay.report.amounts import counted
from replay.report.neutral import neutral_line

MOST_CHANGES = 5
MOST_TESTS = 20

_RECORDING = ("all", "rewrite", "new_episodes")
"""Modes in which pytest-recording would have reached the network."""

Section = tuple[str, list[str]]


@dataclass(slots=True)
class Told:
    """One test. ``mode``: the record mode that its marks and its ``vcr_config`` ask for."""

    node: str
    cassette: Served
    mode: str
    words: Words
    passed: bool = False
    _bodies: dict[bytes, int] = field(default_factory=dict)

    def sections(self) -> Iterator[Section]:
        """For a test that failed."""
        yield from self._all_unanswered()
        for played in self.cassette.heard.sent:
            if changes := self.words.changes(played):
                yield self._changed(played, changes)

    def _all_unanswered(self) -> list[Section]:
        """A client that tries again is told once."""
        sections = [self._unanswered(found) for found in self.cassette.heard.unanswered]
        return [section for at, section in enumerate(sections) if section not in sections[:at]]

    def to_dict(self) -> dict[str, Any]:
        """For the summary, as plain data."""
        heard = self.cassette.heard
        differing = [(played, self.words.changes(played)) for played in heard.sent]
        return {
            "node": self.node,
            "passed": self.passed,
            "again": self.words.recording("rewrite"),
            "served": heard.served,
            "left": sum(not self.cassette.play_counts[at] for at in range(len(self.cassette))),
            "mode": self.mode if self.mode in _RECORDING else "",
            "unanswered": self._all_unanswered(),
            "changed": [self._changed(played, changes) for played, changes in differing if changes],
            "volatile": sum(is_volatile(played) for played, changes in differing if changes),
        }

    @property
    def _file(self) -> str:
        return shown(Path(self.cassette.path).absolute(), self.words.project)

    def _changed(self, played: Played, changes: list[str]) -> Section:
        kind = "other ids or times in the body" if is_volatile(played) else "another body"
        title = f"{kind} than request {played.number} of {self._file}: {self.words.named(played)}"
        twin = self._twin(played)
        return title, changes + ([f"   its body is that of request {twin}"] if twin else [])

    def _twin(self, played: Played) -> int:
        """The number of the other recorded request that has this body, 0 if there is none."""
        if not self._bodies:
            for at, request in enumerate(self.cassette.requests, 1):
                self._bodies.setdefault(_body_of(request), at)
        return self._bodies.get(_body_of(played.asked), 0)

    def _unanswered(self, found: Unanswered) -> Section:
        cassette = self.cassette
        title = f"no answer in {self._file}: {self.words.named(found)}"
        if not found.closest:
            return title, [f"   {self._empty()}", f"   record:  {self._record('once')}"]
        lines = [f"   closest: request {found.closest} of {len(cassette)}, {self._why(found)}"]
        lines += self.words.differences(found)
        lines.append(f"   compared: {', '.join(matcher.__name__ for matcher in cassette._match_on)}")
        return title, [*lines, f"   accept:  {self._record('new_episodes' if found.was_played else 'rewrite')}"]

    def _empty(self) -> str:
        return "the file holds no request" if os.path.exists(self.cassette.path) else "there is no such file"

    def _why(self, found: Unanswered) -> str:
        if found.failed:
            return f"which differs in {', '.join(found.failed)}"
        return "which was played already (allow_playback_repeats is off)"

    def _record(self, mode: str) -> str:
        return f"pytest {shlex.quote(self.node)} {self.words.recording(mode)}, without --replay-vcr"


class Words:
    """Requests for people: secrets and control sequences replaced, files from the ``project``'s root.

    ``flag``: with which the other plugin would record. Raises :class:`replay.errors.UsageError` when the rules of
    redaction in the project make no sense.
    """

    def __init__(self, project: Path, flag: str) -> None:
        self.project = project
        self.flag = flag
        self._redactor = Redactor(os.environ, redaction.project_rules(project))

    def recording(self, mode: str) -> str:
        """pytest-vcr does not know the mode ``rewrite``."""
        return f"{self.flag}={'all' if mode == 'rewrite' and self.flag != '--record-mode' else mode}"

    def named(self, found: Played | Unanswered) -> str:
        redacted = self._redactor.request(in_our_words(found.asked))
        file, line = found.place
        where = f", called at {shown(Path(file), self.project)}:{line}" if file else ""
        return neutral_line(f"{redacted.action} {redacted.target}", 160) + where

    def changes(self, played: Played) -> list[str]:
        """The fields in which the body differs from the recorded one, one a line, cut after a few."""
        before, after = _bodies(played)
        if fingerprint(before) == fingerprint(after):
            return []
        return self._told(before, after) or [f"   request.body: {len(before.body)} bytes → {len(after.body)} bytes"]

    def differences(self, found: Unanswered) -> list[str]:
        """The same for method, URL and body."""
        return self._told(in_our_words(found.recorded), in_our_words(found.asked))

    def _told(self, recorded: Request, asked: Request) -> list[str]:
        found = differing(self._redactor.request(recorded), self._redactor.request(asked))
        lines = [neutral_line(f"   {rows.change_line(change)}") for change in islice(found, MOST_CHANGES)]
        return lines + ([f"   and {counted(len(found) - MOST_CHANGES, 'other field')}"] if found[MOST_CHANGES:] else [])


def is_volatile(played: Played) -> bool:
    """Whether the bodies differ in ids and times only."""
    before, after = _bodies(played)
    return volatile_fingerprint(before) == volatile_fingerprint(after)


def _bodies(played: Played) -> tuple[Request, Request]:
    """Both requests, made to differ in their bodies only. A file may lack the content type that its client added."""
    before, after = in_our_words(played.recorded), in_our_words(played.asked)
    headers = before.headers if before.header("content-type") else after.headers
    return replace(before, target=after.target, action=after.action, headers=headers), after


def _body_of(request: Any) -> bytes:
    """The same for bodies that say the same."""
    return fingerprint(replace(in_our_words(request), action="", target=""))


def summary(tests: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The lines at the end of the session."""
    changed = [test for test in tests if test["changed"]]
    missing = [test for test in tests if test["unanswered"] and test["passed"]]
    modes = [test for test in tests if test["mode"]]
    yield f"replay: vcr: {', '.join(_counts(tests))}"
    yield from _of_tests([("≠", test["node"], test["changed"]) for test in changed])
    yield from _of_tests([("+", f"{test['node']} passed, although", test["unanswered"]) for test in missing])
    if changed:
        again = changed[0]["again"]
        yield f' these bodies are not compared: add "body" to match_on, or record again: pytest {again}'
    if modes:
        asked = ", ".join(sorted({test["mode"] for test in modes}))
        yield f" only played, although record_mode is {asked}: {counted(len(modes), 'test')}"


def _of_tests(tests: Sequence[tuple[str, str, Sequence[Section]]]) -> Iterator[str]:
    for mark, head, sections in tests[:MOST_TESTS]:
        yield f" {mark} {head}"
        for title, lines in sections[:MOST_CHANGES]:
            yield f"   {title}"
            yield from (f"  {line}" for line in lines)
        if len(sections) > MOST_CHANGES:
            yield f"   and {counted(len(sections) - MOST_CHANGES, 'other request')}"
    if len(tests) > MOST_TESTS:
        yield f"   and {counted(len(tests) - MOST_TESTS, 'other test')}"


def _counts(tests: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    served = sum(test["served"] for test in tests)
    yield f"{counted(served, 'request')} of {counted(len(tests), 'test')} answered"
    volatile = sum(test["volatile"] for test in tests)
    counts = {
        "with another body than recorded": sum(len(test["changed"]) for test in tests) - volatile,
        "with other ids or times than recorded": volatile,
        "not in the file": sum(len(test["unanswered"]) for test in tests),
        "recorded and not asked for": sum(test["left"] for test in tests),
    }
    yield from (f"{count} {what}" for what, count in counts.items() if count)
