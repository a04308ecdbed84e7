"""The header of an open file, also of an encrypted one."""

from __future__ import annotations

from replay.cassette.file import File
from replay.cassette.frame import PREAMBLE, Kind, damaged, unpack
from replay.errors import CassetteError


def header_json(file: File) -> bytes:
    """The header as JSON. Raises :class:`CassetteError` when the frame is not whole, or does not open."""
    frame, why = file.try_frame(PREAMBLE.size)
    if frame is None:
        raise CassetteError(
            f"frame 0 (header) at byte {PREAMBLE.size}: {why}", hint=f"`replay repair {file.path}` keeps what is whole"
        )
    if frame.kind != Kind.HEADER:
        raise damaged(frame, "should be the header")
    payload = unpack(frame)
    if isinstance(payload, list) and len(payload) == (1 if file.cipher is None else 2) and type(payload[-1]) is bytes:
        return payload[0] if file.cipher is None else file.cipher.open_header(payload[1])
    raise damaged(frame, "holds no header")
