"""Content codings piece by piece: what a stream unpacks to as it comes, and packing it again.

Codings are those of RFC 9110 section 8.4 and of the IANA registry: gzip, deflate, zstd, br.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Protocol


class Unpacker(Protocol):
    """Raises ValueError when it is given what cannot be unpacked."""

    def unpack(self, data: bytes) -> bytes:
        """What ``data``, the next piece, adds to what was packed."""


class Packer(Protocol):
    def pack(self, data: bytes) -> bytes:
        """``data`` packed, so that all of it can be unpacked before more comes."""

    def finish(self) -> bytes:
        """What ends the packed data."""


def unpacker(coding: str) -> Unpacker | None:
    """For a value of ``Content-Encoding``; None when it cannot be unpacked here."""
    made = [_one(_UNPACKERS, name) for name in reversed(_names(coding))]
    return None if not all(made) else _Unpackers([each for each in made if each])


def packer(coding: str) -> Packer | None:
    """The reverse of :func:`unpacker`."""
    made = [_one(_PACKERS, name) for name in _names(coding)]
    return None if not all(made) else _Packers([each for each in made if each])


def _names(coding: str) -> list[str]:
    return [name for part in coding.lower().split(",") if (name := part.strip()) and name != "identity"]


def _one(table: dict[str, Callable[[], Any]], name: str) -> Any:
    make = table.get(name)
    return make() if make else None


class _Unpackers:
    def __init__(self, unpackers: Sequence[Unpacker]) -> None:
        self._unpackers = unpackers

    def unpack(self, data: bytes) -> bytes:
        for unpacker in self._unpackers:
            data = unpacker.unpack(data)
        return data


class _Packers:
    def __init__(self, packers: Sequence[Packer]) -> None:
        self._packers = packers

    def pack(self, data: bytes) -> bytes:
        for packer in self._packers:
            data = packer.pack(data)
        return data

    def finish(self) -> bytes:
        data = b""
        for packer in self._packers:
            data = (packer.pack(data) if data else b"") + packer.finish()
        return data


class _Gunzip:
    """Members may follow one another (RFC 1952, section 2.2)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)

    def unpack(self, data: bytes) -> bytes:
        pieces = []
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            pieces.append(_decompress(self._member, data))
            data = self._member.unused_data
        return b"".join(pieces)


class _Inflate:
    """``deflate`` means the zlib format (RFC 9110 section 8.4.1.2), but some servers send bare deflate."""

    def __init__(self) -> None:
        self._decoder: Any = None

    def unpack(self, data: bytes) -> bytes:
        if self._decoder is None and data:
            is_zlib = data[0] & 0x0F == 8 and (len(data) < 2 or (data[0] << 8 | data[1]) % 31 == 0)
            self._decoder = zlib.decompressobj(wbits=zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)
        return _decompress(self._decoder, data) if data else b""


class _Unzstd:
    def __init__(self) -> None:
        module = import_module("zstandard")
        self._error = module.ZstdError
        self._make = module.ZstdDecompressor(max_window_size=1 << 27).decompressobj
        self._frame = self._make()

    def unpack(self, data: bytes) -> bytes:
        pieces = []
        while data:
            if self._frame.eof:
                self._frame = self._make()
            try:
                pieces.append(self._frame.decompress(data))
            except self._error as error:
                raise ValueError(str(error)) from error
            data = self._frame.unused_data
        return b"".join(pieces)


class _Unbrotli:
    def __init__(self, module: Any) -> None:
        self._error = module.error
        self._decoder = module.Decompressor()

    def unpack(self, data: bytes) -> bytes:
        try:
            return bytes(self._decoder.process(data))
        except self._error as error:
            raise ValueError(str(error)) from error


class _Deflate:
    def __init__(self, wbits: int) -> None:
        self._encoder = zlib.compressobj(wbits=wbits)

    def pack(self, data: bytes) -> bytes:
        return self._encoder.compress(data) + self._encoder.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._encoder.flush()


class _Zstd:
    def __init__(self) -> None:
        module = import_module("zstandard")
        self._block = module.COMPRESSOBJ_FLUSH_BLOCK
        self._encoder = module.ZstdCompressor().compressobj()

    def pack(self, data: bytes) -> bytes:
        return bytes(self._encoder.compress(data) + self._encoder.flush(self._block))

    def finish(self) -> bytes:
        return bytes(self._encoder.flush())


class _Brotli:
    def __init__(self, module: Any) -> None:
        self._encoder = module.Compressor()

    def pack(self, data: bytes) -> bytes:
        return bytes(self._encoder.process(data) + self._encoder.flush())

    def finish(self) -> bytes:
        return bytes(self._encoder.finish())


def _decompress(decoder: Any, data: bytes) -> bytes:
    try:
        return bytes(decoder.decompress(data))
    except zlib.error as error:
        raise ValueError(str(error)) from error


def brotli() -> Any:
    """The module that unpacks ``br``, or None: whoever accepts that coding has one of these."""
    for name in ("brotli", "brotlicffi"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def _with_brotli(make: Callable[[Any], Any]) -> Callable[[], Any]:
    def made() -> Any:
        module = brotli()
        return make(module) if module is not None else None

    return made


_UNPACKERS: dict[str, Callable[[], Any]] = {
    "gzip": _Gunzip,
    "x-gzip": _Gunzip,
    "deflate": _Inflate,
    "zstd": _Unzstd,
    "br": _with_brotli(_Unbrotli),
}
_PACKERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: _Deflate(zlib.MAX_WBITS | 16),
    "x-gzip": lambda: _Deflate(zlib.MAX_WBITS | 16),
    "deflate": lambda: _Deflate(zlib.MAX_WBITS),
    "zstd": _Zstd,
    "br": _with_brotli(_Brotli),
}
