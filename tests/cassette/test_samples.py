"""Files of every format ever released open, and say what they said on the day they were made, to us and to others."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from replay.canon import values
from replay.cassette import Reader
from replay.cassette.file import File
from replay.cassette.signature import signatures
from replay.events import Event
from tests.cassette import other_reader, sample
from tests.cassette.runs import HEADER

SAMPLES = Path(__file__).parent / "samples"
FORMAT_1 = [
    "format-1.cassette",
    "format-1-encrypted.cassette",
    "format-1-signed.cassette",
    "format-1-packed.cassette.zst",
]
EVENTS = [*sample.EVENTS, replace(sample.IN_FLIGHT, answer=sample.PARTIAL)]
SIGNER = Ed25519PrivateKey.from_private_bytes(sample.KEY).public_key().public_bytes_raw()


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLAY_KEY", "env:SAMPLE_KEY")
    monkeypatch.setenv("SAMPLE_KEY", sample.KEY.hex())


@pytest.mark.parametrize("name", FORMAT_1)
def test_format_1_opens(name: str):
    reader = Reader(str(SAMPLES / name))
    assert reader.header == HEADER
    assert list(reader.events) == EVENTS
    assert reader.reads == sample.READS
    assert reader.notes == sample.NOTES
    assert reader.cut is None
    assert reader.verify() == []


@pytest.mark.parametrize("name", ["format-1-signed.cassette", "format-1-packed.cassette.zst"])
def test_the_signature_of_format_1_holds(name: str):
    (signature,) = signatures(File(str(SAMPLES / name)))
    assert (signature.signer, signature.problem) == (f"ed25519:{SIGNER.hex()}", "")


def test_every_sample_is_opened():
    assert sorted(path.name for path in SAMPLES.iterdir()) == sorted(FORMAT_1)


def test_an_equal_run_is_an_equal_file(tmp_path: Path):
    sample.write_all(tmp_path)
    for name in FORMAT_1[:3]:  # what zstandard makes may change with its version
        assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes()


@pytest.mark.parametrize("name", FORMAT_1)
def test_a_reader_written_from_the_page_alone_reads_the_same(name: str):
    signer = SIGNER if "signed" in name or "packed" in name else b""
    found = other_reader.read((SAMPLES / name).read_bytes(), sample.KEY, signer)
    ours = {"format": 1, **asdict(HEADER)}
    assert {field: found["header"][field] for field in ours} == orjson.loads(orjson.dumps(ours))
    assert found["events"] == [plain(event) for event in EVENTS]
    assert found["notes"] == [[note.kind, note.data] for note in sample.NOTES]
    kept = [[reads.lineage, reads.source, orjson.loads(values.dump(list(reads.values)))] for reads in sample.READS]
    assert found["reads"] == kept


def plain(event: Event) -> dict[str, Any]:
    """``event`` as the other reader gives it."""
    request, answer = event.request, event.answer
    head = answer and answer.head
    end = answer and answer.end
    failure = end and end.failure
    return {
        **{name: getattr(event, name) for name in ("id", "lineage", "fingerprint", "number", "at", "tick", "parent")},
        **{name: getattr(event, name) for name in ("where", "origin")},
        **{name: getattr(request, name) for name in ("kind", "effect", "action", "target", "body")},
        "headers": [list(pair) for pair in request.headers],
        "head": head
        and [answer.head_at, answer.head_tick, head.status, head.reason, head.http_version, [*map(list, head.headers)]],
        "chunks": [[chunk.at, chunk.tick, chunk.data] for chunk in (answer.chunks if answer else ())],
        "end": end
        and [
            *(answer.end_at, answer.end_tick, end.ending),
            failure and [failure.name, failure.message.encode(), failure.state],
        ],
    }
