"""``replay decrypt``: encrypted cassettes turned into open ones."""

from __future__ import annotations

import click

from replay.cli import output
from replay.cli.command import verb


@verb("decrypt", "Turn encrypted cassettes into open ones.")
@click.argument("cassettes", nargs=-1, required=True)
@click.option("-o", "--out", metavar="FILE", help="Write there. Default: replace CASSETTE.")
def command(cassettes: tuple[str, ...], out: str | None) -> int:
    """\b
    Examples:
      REPLAY_KEY=file:data.key replay decrypt refund.cassette
      REPLAY_KEY=env:DATA_KEY replay decrypt refund.cassette -o open.cassette

    Write cassettes that open without a key. There is no need to in order to replay them.
    """
    from replay.cassette.file import File
    from replay.cassette.header import header_json
    from replay.cassette.rewrite import pieces_of, rewritten
    from replay.cli import replacing
    from replay.errors import UsageError

    replacing.only_one(out, len(cassettes))
    for path in cassettes:
        file = File(path)
        if file.cipher is None:
            raise UsageError(f"{path} is not encrypted", hint="it opens as it is")
        replacing.write(out or path, rewritten(header_json(file), pieces_of(file)), replace=not out)
        output.note(f"replay: decrypted {out or path}", *replacing.unsigned(file))
    return 0
