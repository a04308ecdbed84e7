"""The readable bytes of a body that is stored as received, perhaps compressed and perhaps cut short."""

from __future__ import annotations

from dataclasses import dataclass

from replay.canon.coding import Unpacker, unpacker
from replay.canon.packed import UNPACKED

MAX_DECODED = 128 << 20
"""A body that unpacks to more bytes than this is read up to here; a cassette may hold a bomb."""

_SLICES = {"gzip": 1 << 14, "x-gzip": 1 << 14, "deflate": 1 << 14}
_SLICE = 64
"""Bytes that are unpacked at once: gzip makes at most a thousand of one, but a kilobyte of zstd or brotli may unpack to
hundreds of MB.
"""

_PLAIN_STARTS = (b"{", b"[", b"data:", b"event:", b":")


@dataclass(frozen=True, slots=True)
class Body:
    """``data``: the bytes as far as they could be decoded. ``problem``: why that is not all, or empty."""

    data: bytes
    problem: str = ""


def decoded(data: bytes, encoding: str | None) -> Body:
    """``data`` without its ``Content-Encoding``. A truncated body gives what came. Never raises.

    Recordings made by other tools keep the header but unpack the body, so a body that is plainly text passes.
    """
    packed, mark, plain = data.partition(UNPACKED)
    if mark:  # a redacted body, unpacked from here on
        return Body(decoded(packed, encoding).data + plain)
    codings = [coding.strip().lower() for coding in (encoding or "").split(",") if coding.strip()]
    body = Body(data)
    for coding in reversed(codings):
        if coding == "identity" or body.data.lstrip().startswith(_PLAIN_STARTS):
            continue
        unpacking = unpacker(coding)
        if unpacking is None:
            missing = "no brotli module is installed" if coding == "br" else "which cannot be read here"
            return Body(b"", f"the body is {coding}-encoded, {missing}")
        body = _bounded(unpacking, body.data, coding)
        if body.problem:
            return body
    return body


def _bounded(unpacking: Unpacker, data: bytes, coding: str) -> Body:
    """Unpack up to the limit; of what cannot be unpacked further, keep what came before."""
    kept: list[bytes] = []
    size = 0
    step = _SLICES.get(coding, _SLICE)
    try:
        for start in range(0, len(data), step):
            kept.append(unpacking.unpack(data[start : start + step]))
            size += len(kept[-1])
            if size > MAX_DECODED:
                return Body(b"".join(kept)[:MAX_DECODED], f"only the first {MAX_DECODED} bytes were unpacked")
    except ValueError as error:
        return Body(b"".join(kept), f"the {coding} body cannot be unpacked further: {error}")
    return Body(b"".join(kept))
