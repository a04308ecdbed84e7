"""Many foreign files at once: which there are below a directory, and where the cassette of each goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from replay.canon.rules import Rules
from replay.errors import CassetteError, ReplayError, UsageError
from replay.interop import formats
from replay.interop.keeping import Kept, keep
from replay.interop.loading import suffix

SUFFIX = ".cassette"


@dataclass(frozen=True, slots=True)
class Job:
    """One foreign file and the cassette to make of it. ``named``: the user named it, not only its directory."""

    source: Path
    target: Path
    named: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """``kept`` is None when the file could not be imported; ``error`` says why."""

    job: Job
    kept: Kept | None
    error: ReplayError | None = None


def jobs(names: Sequence[str], out: str | None) -> list[Job]:
    """What is to be done for files and directories; ``out``: the file for a single file, else a directory.

    Raises :class:`UsageError` for a name that is not there.
    """
    single = len(names) == 1 and not Path(names[0]).is_dir()
    taken: set[Path] = set()
    found = []
    for name in names:
        path = Path(name)
        if not path.exists():
            raise UsageError(f"{name} is not there", hint="replay import FILE-OR-DIRECTORY")
        for source in _below(path) if path.is_dir() else (path,):
            inside = source.relative_to(path) if path.is_dir() else Path(source.name)
            is_file = single and out is not None and not Path(out).is_dir()
            target = Path(out) if is_file and out else _target(source, inside, out, taken)
            taken.add(target)
            found.append(Job(source, target, named=not path.is_dir()))
    return found


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        yield from [Path(place, name) for name in sorted(names) if suffix(Path(name)) in formats.SUFFIXES]


def _target(source: Path, inside: Path, out: str | None, taken: set[Path]) -> Path:
    """Beside the source, or at the same place below ``out``; two sources of one stem keep their suffixes."""
    base = Path(out) / inside if out else source
    plain = base.with_suffix("") if base.suffix.lower() == ".gz" else base
    target = plain.with_name(plain.stem + SUFFIX)
    return base.with_name(base.name + SUFFIX) if target in taken else target


def run(
    work: Sequence[Job],
    *,
    format: str = "",
    environ: Mapping[str, str] | None = None,
    rules: Rules | None = None,
    verbatim: bool = False,
    replace: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Iterator[Outcome]:
    """Do the ``work``, one outcome a job; a file that cannot be imported does not keep the others from it.

    The options are those of :func:`replay.interop.keeping.keep`; ``replace``: cassettes that are there already.
    """
    for number, job in enumerate(work):
        progress(number, len(work))
        try:
            if not replace and os.path.lexists(job.target):
                raise UsageError(f"{job.target} exists", hint="--force replaces it")
            imported = formats.read(job.source, format)
            _make_room(job.target)
            kept = keep(
                imported, str(job.target), name=job.source.name, environ=environ, rules=rules, verbatim=verbatim
            )
            yield Outcome(job, kept)
        except ReplayError as error:
            yield Outcome(job, None, error)
    progress(len(work), len(work))


def _make_room(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CassetteError(f"cannot make {target.parent}: {error.strerror}", hint="choose another place") from error
