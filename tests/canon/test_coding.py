from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard

from replay.canon.coding import packer, unpacker
from replay.canon.packed import UNPACKED, unpacked
from replay.dialects.body import decoded

TEXT = b"first " * 50 + b"second"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br", "deflate, zstd", "identity"])
def test_what_is_packed_piece_by_piece_can_be_unpacked_piece_by_piece(coding):
    pack, unpack = packer(coding), unpacker(coding)
    assert unpack.unpack(pack.pack(b"one ")) == b"one "
    assert unpack.unpack(pack.pack(b"two")) == b"two"
    assert unpack.unpack(pack.finish()) == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_clients_read_what_is_packed(coding):
    pack = packer(coding)
    body = pack.pack(TEXT[:100]) + pack.pack(TEXT[100:]) + pack.finish()
    assert decoded(body, coding).data == TEXT


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(TEXT[:60], mtime=0) + gzip.compress(TEXT[60:], mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)[2:-4]),
        ("zstd", zstandard.compress(TEXT[:60]) + zstandard.compress(TEXT[60:])),
        ("br", brotli.compress(TEXT)),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_every_form_of_a_coding_is_unpacked_in_any_pieces(coding, body, step):
    unpack = unpacker(coding)
    assert b"".join([unpack.unpack(body[at : at + step]) for at in range(0, len(body), step)]) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_nonsense_is_a_value_error(coding):
    with pytest.raises(ValueError):
        unpacker(coding).unpack(b"\x78\x9cnonsense that is not packed" * 9)


def test_a_coding_nobody_knows_has_neither():
    assert unpacker("compress, gzip") is None
    assert packer("compress") is None
    assert unpacked(TEXT, "compress") is None


def test_a_body_that_is_kept_half_packed_is_read_whole():
    pack = packer("gzip")
    body = pack.pack(TEXT[:100]) + UNPACKED + TEXT[100:]
    assert unpacked(body, "gzip") == TEXT
    assert decoded(body, "gzip").data == TEXT
