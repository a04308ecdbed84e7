"""``replay pack``: a compressed copy, for keeping outside git."""

from __future__ import annotations

import click

from replay.cli import output
from replay.cli.command import verb

SUFFIX = ".zst"


@verb("pack", "Make compressed copies, which every command reads.")
@click.argument("cassettes", nargs=-1, required=True)
@click.option("-o", "--out", metavar="FILE", help="The file to write. Default: CASSETTE.zst.")
def command(cassettes: tuple[str, ...], out: str | None) -> int:
    """\b
    Examples:
      replay pack refund.cassette                  writes refund.cassette.zst
      replay pack runs/*.cassette

    Make a compressed copy of each cassette. Every command reads it as it is, and `zstd -d` unpacks it as well as
    `replay unpack` does. In git keep the cassette itself: git's own compression does better on what changes little.
    """
    from replay.cassette.file import File
    from replay.cassette.packed import pack_bytes
    from replay.cassette.source import Plain
    from replay.cli import replacing
    from replay.errors import UsageError
    from replay.report.amounts import volume

    replacing.only_one(out, len(cassettes))
    for path in cassettes:
        file = File(path)
        if not isinstance(file.source, Plain):
            raise UsageError(f"{path} is packed already", hint=f"replay unpack {path}")
        target = out or path + SUFFIX
        size = replacing.write(target, pack_bytes(file.source))
        output.note(f"replay: packed {target}, {volume(size)} of {volume(file.source.size)}")
    return 0
