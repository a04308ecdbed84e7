import gzip
import sys
import types
import zlib

import pytest
import zstandard

from replay.dialects import body
from replay.dialects.body import decoded

WORDS = b'{"words": "' + b"many " * 40_000 + b'"}'


def bare_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKED = {
    "gzip": gzip.compress(WORDS, mtime=0),
    "x-gzip": gzip.compress(WORDS, mtime=0),
    "deflate": zlib.compress(WORDS),
    "DEFLATE": bare_deflate(WORDS),
    "zstd": zstandard.ZstdCompressor().compress(WORDS),
    "gzip, zstd": zstandard.ZstdCompressor().compress(gzip.compress(WORDS, mtime=0)),
    "identity": WORDS,
    "": WORDS,
}


@pytest.mark.parametrize("coding", PACKED)
def test_each_coding_is_undone(coding):
    assert decoded(PACKED[coding], coding or None) == body.Body(WORDS)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_a_truncated_body_gives_what_came(coding):
    whole = b"".join([b"%d," % n for n in range(100_000)])
    packers = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstandard.ZstdCompressor().compress}
    packed = packers[coding](whole)
    came = decoded(packed[: len(packed) // 2], coding).data
    assert 0 < len(came) < len(whole)
    assert whole.startswith(came)


def test_members_and_frames_that_follow_each_other_are_all_read():
    assert decoded(gzip.compress(b"a") + gzip.compress(b"b"), "gzip").data == b"ab"
    frame = zstandard.ZstdCompressor().compress
    assert decoded(frame(b"a") + frame(b"b"), "zstd").data == b"ab"


def test_a_body_that_another_recorder_unpacked_already_passes():
    assert decoded(b'{"a": 1}', "gzip") == body.Body(b'{"a": 1}')


@pytest.mark.parametrize("coding", ["gzip", "deflate", "zstd"])
def test_rubbish_is_said_to_be_unreadable(coding):
    read = decoded(b"\x00\x01rubbish", coding)
    assert read.data == b""
    assert coding in read.problem


def test_an_unknown_coding_is_named():
    assert "compress-encoded" in decoded(b"\x1f\x9d", "compress").problem


def test_brotli_without_its_module_is_said_to_be_unreadable(monkeypatch):
    monkeypatch.setitem(sys.modules, "brotli", None)
    monkeypatch.setitem(sys.modules, "brotlicffi", None)
    assert "no brotli module" in decoded(b"\x0b\x02\x80", "br").problem


def test_brotli_is_read_by_whichever_module_is_there(monkeypatch):
    class Decompressor:
        def process(self, data):
            return data.upper()

    stand_in = types.SimpleNamespace(Decompressor=Decompressor, error=RuntimeError)
    monkeypatch.setitem(sys.modules, "brotli", stand_in)
    assert decoded(b"words" * 100, "br") == body.Body(b"WORDS" * 100)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_bomb_stops_at_the_limit(coding, monkeypatch):
    monkeypatch.setattr(body, "MAX_DECODED", 1000)
    read = decoded(PACKED[coding], coding)
    assert read.data == WORDS[:1000]
    assert "only the first 1000 bytes" in read.problem
