"""``replay sign``: vouch for the bytes of a cassette."""

from __future__ import annotations

import click

from replay.cli import output
from replay.cli.command import verb


@verb("sign", "Sign cassettes, so that a change to them shows.")
@click.argument("cassettes", nargs=-1, required=True)
@click.option(
    "--sign-key",
    required=True,
    metavar="PLACE",
    help="The private key: a file, env:NAME or command:WORDS; `replay keygen` makes one.",
)
def command(cassettes: tuple[str, ...], sign_key: str) -> int:
    """\b
    Examples:
      replay sign --sign-key audit.key refund.cassette
      replay sign --sign-key "command:pass show audit" runs/*.cassette

    Append an Ed25519 signature of all bytes to each cassette. `replay verify --signed-by audit.key.pub` refuses what
    was changed since, and what somebody else signed; encrypted cassettes can be checked so without their key.
    """
    from replay.cassette.keys import signing_key
    from replay.cassette.signature import sign

    key = signing_key(sign_key)
    for path in cassettes:
        made = sign(path, key)
        output.note(f"replay: signed {path} as {made.signer}")
    return 0
