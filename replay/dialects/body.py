"""The readable bytes of a body that is stored as received, perhaps compressed and perhaps cut short.

Codings are those of RFC 9110 section 8.4 and of the IANA registry: gzip, deflate, zstd, br.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import zstandard

from replay.canon.packed import UNPACKED

MAX_DECODED = 128 << 20
"""A body that unpacks to more bytes than this is read up to here; a cassette may hold a bomb."""

_SLICE = 1 << 16
_BROTLI_SLICE = 64  # its decoder has no output limit in every version, and a kilobyte may unpack to hundreds of MB
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
        unpack = _CODINGS.get(coding)
        if unpack is None:
            return Body(b"", f"the body is {coding}-encoded, which cannot be read here")
        body = _bounded(unpack(body.data), coding)
        if body.problem:
            return body
    return body


def _bounded(pieces: Iterator[bytes], coding: str) -> Body:
    """Join ``pieces`` up to the limit; a decoder that gives up keeps what it gave before."""
    kept: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            kept.append(piece)
            size += len(piece)
            if size > MAX_DECODED:
                return Body(b"".join(kept)[:MAX_DECODED], f"only the first {MAX_DECODED} bytes were unpacked")
    except (ValueError, *_DECODER_ERRORS) as error:
        return Body(b"".join(kept), f"the {coding} body cannot be unpacked further: {error}")
    return Body(b"".join(kept))


def _gunzip(data: bytes) -> Iterator[bytes]:
    while data:
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        yield from _inflate(member, data)
        data = member.unused_data


def _deflate(data: bytes) -> Iterator[bytes]:
    """``deflate`` means the zlib format (RFC 9110 section 8.4.1.2), but some servers send bare deflate."""
    zlib_header = len(data) >= 2 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    return _inflate(zlib.decompressobj(wbits=zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS), data)


def _inflate(decoder: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    while data and not decoder.eof:
        yield decoder.decompress(data, _SLICE)
        data = decoder.unconsumed_tail


def _unzstd(data: bytes) -> Iterator[bytes]:
    decoder = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    with decoder.stream_reader(data, read_across_frames=True) as reader:
        while piece := reader.read(_SLICE):
            yield piece


def _unbrotli(data: bytes) -> Iterator[bytes]:
    module = _brotli()
    if module is None:
        raise ValueError("no brotli module is installed")
    decoder = module.Decompressor()
    for start in range(0, len(data), _BROTLI_SLICE):
        try:
            yield decoder.process(data[start : start + _BROTLI_SLICE])
        except module.error as error:
            raise ValueError(str(error)) from error


def _brotli() -> Any:
    for name in ("brotli", "brotlicffi"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


_CODINGS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "zstd": _unzstd,
    "br": _unbrotli,
}
_DECODER_ERRORS = (zlib.error, zstandard.ZstdError)
