"""What importing comes to over real recordings: ``python -m tests.interop.proof`` (``make imports``) prints it.

Of each recording at REPLAY_CORPUS (default ``../shared/corpus``): can it be imported, is each interaction served equal
in status, header fields and body to four real clients, is what is exported again what was imported, and what does
redaction replace.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import replay
from replay.errors import ReplayError
from replay.interop import formats, har_export, vcr_export
from replay.interop.fields import header_fields
from replay.interop.imported import Imported
from replay.interop.keeping import keep
from replay.interop.loading import load_json, load_yaml
from tests.interop.asking import CLIENTS, Seen, by_name, wanted

CORPUS = Path(os.environ.get("REPLAY_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))
ENOUGH = 0.995
"""The share of files that must be imported; of a small sample, all but one."""


def recordings(corpus: Path = CORPUS) -> list[Path]:
    return sorted(path for path in corpus.rglob("*") if path.suffix.lower() in formats.SUFFIXES)


@dataclass(slots=True)
class Report:
    files: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    redacted: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def passes(self) -> bool:
        return not self.wrong and len(self.failed) <= max(1, self.files * (1 - ENOUGH))

    def add(self, path: Path) -> None:
        """Do everything with the recording at ``path``."""
        self.files += 1
        try:
            imported = formats.read(path)
        except ReplayError as error:
            self.failed[path.name] = error.message
            return
        self.left_out.update(left.reason for left in imported.unimported)
        self.counts["interactions"] += len(imported.events)
        with TemporaryDirectory() as folder:
            as_it_is = keep(imported, f"{folder}/verbatim.cassette", name=path.name, verbatim=True).path
            for client in CLIENTS:
                self._serve(path, imported, as_it_is, client)
            self._export(path, imported, as_it_is)
            redacted = keep(imported, f"{folder}/redacted.cassette", name=path.name)
            self.redacted.update(redacted.redacted)
            self._serve(path, imported, redacted.path, "httpx", redacted=True)

    def _serve(self, path: Path, imported: Imported, cassette: str, client: str, *, redacted: bool = False) -> None:
        kept = replay.open(cassette).events
        with replay.play(cassette) as run:
            for event, stored in zip(imported.events, kept, strict=True):
                seen = CLIENTS[client](event.request)
                differs = list(_differences(seen, wanted(stored if redacted else event)))
                self.counts[f"served to {client}{', redacted' if redacted else ''}"] += not differs
                self.wrong += [f"{path.name} #{event.id} by {client}: {each}" for each in differs]
        if not run.result.identical:
            self.wrong.append(f"{path.name} by {client}: {run.result}")

    def _export(self, path: Path, imported: Imported, cassette: str) -> None:
        was, now = _round_trip(path, imported, cassette)
        for number, (before, after) in enumerate(zip(was, now, strict=True)):
            self.counts["exported again"] += before == after
            if before != after:
                self.wrong.append(f"{path.name} #{number} is exported otherwise")


def _differences(seen: Seen, wanted: Seen) -> Iterator[str]:
    if seen.status != wanted.status:
        yield f"status {seen.status}, not {wanted.status}"
    if seen.body != wanted.body:
        yield f"a body of {len(seen.body)} bytes, not the one of {len(wanted.body)}"
    ours, theirs = by_name(seen.headers), by_name(wanted.headers)
    if b"<secret:" in wanted.body:  # its length is not the one that it came with, and a replay says the true one
        theirs.update({"content-length": [str(len(seen.body))]} if "content-length" in theirs else {})
    for name in sorted({*ours, *theirs}):
        if ours.get(name) != theirs.get(name):
            yield f"header {name}: {ours.get(name)}, not {theirs.get(name)}"


def _round_trip(path: Path, imported: Imported, cassette: str) -> tuple[list[Any], list[Any]]:
    """The records of the file, and those of its export."""
    opened = replay.open(cassette)
    if imported.format == "har":
        text = har_export.export(opened).text
        return load_json(path.read_bytes())["log"]["entries"], json.loads(text)["log"]["entries"]
    load = load_json if path.suffix == ".json" else load_yaml
    return [
        [_comparable(record) for record in document["interactions"] or []]
        for document in (load(path.read_bytes()), load_yaml(vcr_export.export(opened).text.encode()))
    ]  # type: ignore[return-value]


def _comparable(value: Any) -> Any:
    """Text is its UTF-8, and one value a list of one: vcrpy reads both alike."""
    if isinstance(value, dict):
        return {key: by_name_exactly(item) if key == "headers" else _comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def by_name_exactly(headers: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in header_fields(headers):
        found.setdefault(name, []).append(value)
    return found


def printed(report: Report) -> str:
    """The report as lines."""
    total = report.counts["interactions"]
    lines = [f"files             {report.files - len(report.failed)} of {report.files} imported"]
    lines += [f"  not imported    {name}: {why}" for name, why in report.failed.items()]
    lines += [f"  left out        {count} x {why}" for why, count in report.left_out.most_common()]
    lines += [f"{name:24}  {report.counts[name]} of {total}" for name in report.counts if name != "interactions"]
    lines.append(f"values redacted   {report.redacted.total()}")
    lines += [f"  {count:6}  {name}" for name, count in report.redacted.most_common()]
    return "\n".join([*lines, *[f"WRONG {each}" for each in report.wrong]])


def proof(paths: Sequence[Path]) -> Report:
    report = Report()
    for number, path in enumerate(paths):
        report.add(path)
        if number % 100 == 99:
            print(f"{number + 1} of {len(paths)}", file=sys.stderr, flush=True)
    return report


if __name__ == "__main__":
    found = proof(recordings(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS))
    print(printed(found))
    sys.exit(not found.passes)
