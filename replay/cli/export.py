"""``replay export``: cassettes as files of other tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from replay.cli import output
from replay.cli.command import verb

if TYPE_CHECKING:
    from replay.interop.exporting import Exported

SUFFIXES = {"vcr": ".yaml", "har": ".har", "respx": ".py"}
FORMATS = {".yaml": "vcr", ".yml": "vcr", ".json": "vcr", ".har": "har", ".py": "respx"}


@verb("export", "Write cassettes as vcrpy, HAR or respx.")
@click.argument("cassettes", nargs=-1, required=True, metavar="CASSETTE|DIR...")
@click.option("-o", "--out", metavar="FILE|DIR", help="The file, or the directory for several. Default: stdout.")
@click.option("--to", "format", type=click.Choice(list(SUFFIXES)), help="The format. Default: by -o, else vcr.")
@click.option("--force", is_flag=True, help="Replace files that are there already.")
def command(cassettes: tuple[str, ...], out: str | None, format: str | None, force: bool) -> int:
    """\b
    Examples:
      replay export refund.cassette -o refund.yaml
      replay export cassettes --to har -o hars

    Write the HTTP exchanges of each cassette for another tool: YAML of vcrpy (or JSON, if -o ends so), a HAR file, or a
    Python module with a respx router that answers from the cassette. What was imported from such a file comes out as it
    stood there. What the format has no place for (tools, processes, calls without an answer) is named.
    """
    from replay.cli.progress import Progress

    to = format or FORMATS.get(Path(out).suffix.lower() if out else "", "vcr")
    work = _jobs(cassettes, out, SUFFIXES[to])
    progress = Progress("exporting")
    for number, (path, target) in enumerate(work):
        progress(number, len(work))
        exported = _exported(path, to, target)
        if target is None:
            click.echo(exported.text, nl=False)
        else:
            _write(exported.text, target, force=force)
        _tell(path, target, exported)
    progress(len(work), len(work))
    return 0


def _jobs(names: Sequence[str], out: str | None, suffix: str) -> list[tuple[Path, Path | None]]:
    from replay.cli.newest import below
    from replay.errors import UsageError

    if len(names) == 1 and not Path(names[0]).is_dir():
        whole = Path(out) if out else None
        into = whole / _renamed(Path(names[0]), suffix).name if whole and whole.is_dir() else whole
        return [(Path(names[0]), into)]
    if out is None:
        raise UsageError("there are several cassettes, and one output", hint="name a directory with -o")
    work: list[tuple[Path, Path | None]] = []
    for name in names:
        folder = Path(name)
        paths = list(below(name)) if folder.is_dir() else [folder]
        for path in paths:
            inside = path.relative_to(folder) if folder.is_dir() else Path(path.name)
            work.append((path, Path(out) / _renamed(inside, suffix)))
    return work


def _renamed(path: Path, suffix: str) -> Path:
    name = path.name.removesuffix(".zst").removesuffix(".cassette")
    return path.with_name(name + suffix)


def _exported(path: Path, to: str, target: Path | None) -> Exported:
    from replay.interop import har_export, respx_export, vcr_export
    from replay.interop.cassette import open_cassette

    cassette = open_cassette(path)
    if to == "har":
        return har_export.export(cassette)
    if to == "respx":
        return respx_export.export(cassette, target)
    return vcr_export.export(cassette, as_json=target is not None and target.suffix.lower() == ".json")


def _write(text: str, target: Path, *, force: bool) -> None:
    from replay.cli import replacing

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise replacing.cannot_write(str(target), error) from error
    if not force and target.exists():
        from replay.errors import UsageError

        raise UsageError(f"{target} exists", hint="--force replaces it")
    replacing.write(str(target), [text.encode("utf-8", "surrogatepass")], replace=True)


def _tell(path: Path, target: Path | None, exported: Exported) -> None:
    from collections import Counter

    from replay.report.amounts import counted

    where = f" -> {target}" if target else ""
    output.note(f"replay: exported {path}{where}, {counted(exported.records, 'record')}")
    for reason, number in Counter(left.reason for left in exported.left_out).items():
        output.note(f"replay: left out {counted(number, 'event')}: {reason}")
