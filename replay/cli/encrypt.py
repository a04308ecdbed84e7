"""``replay encrypt``: cassettes that only the holder of a key can read."""

from __future__ import annotations

import click

from replay.cli import output
from replay.cli.command import verb


@verb("encrypt", "Encrypt cassettes with the key that REPLAY_KEY names.")
@click.argument("cassettes", nargs=-1, required=True)
@click.option("-o", "--out", metavar="FILE", help="Write there. Default: replace CASSETTE.")
def command(cassettes: tuple[str, ...], out: str | None) -> int:
    """\b
    Examples:
      REPLAY_KEY=file:data.key replay encrypt refund.cassette
      REPLAY_KEY="command:pass show replay" replay encrypt runs/*.cassette

    Encrypt whole cassettes (AES-256-GCM). All commands and replays read them while REPLAY_KEY names the key: file:PATH,
    env:NAME or command:WORDS. `replay record --encrypt` writes nothing else from the start; here the disk may keep
    traces of the file that is replaced.
    """
    from replay.cassette.cipher import Cipher
    from replay.cassette.file import File
    from replay.cassette.header import header_json
    from replay.cassette.rewrite import pieces_of, rewritten
    from replay.cli import replacing
    from replay.errors import UsageError

    replacing.only_one(out, len(cassettes))
    for path in cassettes:
        file = File(path)
        if file.cipher is not None:
            raise UsageError(f"{path} is encrypted already", hint=f"replay decrypt {path}")
        pieces = rewritten(header_json(file), pieces_of(file), Cipher.new())
        replacing.write(out or path, pieces, replace=not out)
        output.note(f"replay: encrypted {out or path}", *replacing.unsigned(file))
    return 0
