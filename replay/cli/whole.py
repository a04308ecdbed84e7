"""Whether a cassette's file is whole, and signed by whom: the part of ``replay verify`` that runs nothing."""

from __future__ import annotations

import os
from time import monotonic

from replay.cli.checked import Checked
from replay.errors import CassetteError, ReplayError


def check_file(path: str, signed_by: bytes | None) -> Checked:
    """Verify the file at ``path``: every frame, the chains, the seal, its signatures; and, if ``signed_by`` is a public
    key, that its holder signed all of it. An error is a verdict too."""
    began = monotonic()
    try:
        problems, counts = _look(path, signed_by)
    except ReplayError as error:
        return Checked(path, error.exit_code, "error", monotonic() - began, details=(error.message,), hint=error.hint)
    seconds = monotonic() - began
    if problems:
        hint = f"replay show {path} lists what is whole"
        return Checked(path, CassetteError.exit_code, "damaged", seconds, details=tuple(problems), hint=hint)
    return Checked(path, 0, "whole", seconds, counts=counts)


def _look(path: str, signed_by: bytes | None) -> tuple[list[str], str]:
    """What is wrong, and what there is to say if nothing is."""
    from replay.cassette import Reader
    from replay.cassette.file import File
    from replay.cassette.keys import VARIABLE
    from replay.cassette.signature import missing_signer, signatures
    from replay.report.amounts import counted

    file = File(path)
    missing = missing_signer(path, signed_by) if signed_by is not None else ""
    signers = [f"signed by {each.signer}" for each in signatures(file)]
    if missing:
        return [missing], ""
    if signed_by is not None and file.cipher is not None and not os.environ.get(VARIABLE):
        return [], ", ".join([*signers, "encrypted: contents not read, no key is named"])
    reader = Reader(path)
    return reader.verify(), ", ".join([counted(len(reader), "event"), *signers])
