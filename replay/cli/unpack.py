"""``replay unpack``: the cassette of which a packed file is a copy, to the byte."""

from __future__ import annotations

import click

from replay.cli import output
from replay.cli.command import verb


@verb("unpack", "Turn packed copies back into cassettes.")
@click.argument("packed", nargs=-1, required=True)
@click.option("-o", "--out", metavar="FILE", help="The file to write. Default: the name without .zst.")
def command(packed: tuple[str, ...], out: str | None) -> int:
    """\b
    Examples:
      replay unpack refund.cassette.zst            writes refund.cassette
      replay unpack refund.cassette.zst -o again.cassette

    Write the cassette that was packed, to the byte. There is no need to in order to replay it.
    """
    from replay.cassette.file import File
    from replay.cassette.packed import Packed, unpack_bytes
    from replay.cli import replacing
    from replay.cli.pack import SUFFIX
    from replay.errors import UsageError

    replacing.only_one(out, len(packed))
    for path in packed:
        file = File(path)
        if not isinstance(file.source, Packed):
            raise UsageError(f"{path} is not packed", hint="it can be used as it is")
        target = out or (path.removesuffix(SUFFIX) if path.endswith(SUFFIX) else f"{path}.cassette")
        replacing.write(target, unpack_bytes(file.source))
        output.note(f"replay: unpacked {target}")
    return 0
