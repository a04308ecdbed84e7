"""Files made to harm: each gives a CassetteError or opens, and nothing else happens."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.cassette import Reader
from replay.cassette import scan as scan_module
from replay.cassette import shelf as shelf_module
from replay.cassette.codec import encode_header
from replay.cassette.file import File
from replay.cassette.frame import MARKER, NO_LINK, PREAMBLE, START, Frame, Kind, encode_frame, next_link, pack
from replay.cassette.scan import walk
from replay.errors import CassetteError
from tests.cassette.runs import HEADER, chat, write_run

EVENTS = [chat(id, turns=id + 3, tick=id * 10) for id in range(3)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def frames(place: Path) -> list[Frame]:
    write_run(place / "whole.cassette", EVENTS)
    return [frame for frame in walk(File(str(place / "whole.cassette"))) if isinstance(frame, Frame)]


def file_of(frames: list[tuple[int, int, bytes]], start: bytes = PREAMBLE.pack(b"\x89replay\n", 1)) -> bytes:
    """A file of (kind, writer, payload) with checksums and links that are right."""
    links: dict[int, bytes] = {}
    data = start
    for kind, writer, payload in frames:
        link = links[writer] = next_link(links.get(writer, NO_LINK), kind, payload)
        data += encode_frame(kind, writer, link, payload)
    return data


def use_up(path: Path, data: bytes) -> None:
    """Do all that a program can do with a file; only CassetteError may come of it."""
    path.write_bytes(data)
    try:
        reader = Reader(str(path))
        list(reader.keys())
    except CassetteError:
        return
    looks: list[Callable[[], Any]] = [reader.verify, lambda: reader.notes, lambda: reader.reads]
    looks += [lambda row=row: reader.events[row] for row in range(min(20, len(reader.events)))]
    for look in looks:
        try:
            look()
        except CassetteError as error:
            assert str(error)


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=10,
)


def paths_in(value: Any, at: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """The place of every value in nested lists."""
    inside = (
        [path for n, item in enumerate(value) for path in paths_in(item, (*at, n))] if isinstance(value, list) else []
    )
    return [at, *inside]


def replaced(value: Any, path: tuple[int, ...], new: Any) -> Any:
    if not path:
        return new
    return [replaced(item, path[1:], new) if n == path[0] else item for n, item in enumerate(value)]


@settings(max_examples=400)
@given(st.data())
def test_any_field_of_any_frame_may_hold_anything(place: Path, frames: list[Frame], data: st.DataObject):
    victim = data.draw(st.integers(0, len(frames) - 1))
    payload = msgpack.unpackb(frames[victim].payload)
    path = data.draw(st.sampled_from(paths_in(payload)))
    changed = pack(replaced(payload, path, data.draw(junk)))
    made = [(f.kind, f.writer, changed if n == victim else f.payload) for n, f in enumerate(frames)]
    if data.draw(st.booleans()):  # without the seal, so that the scan meets it
        made = [frame for frame in made if frame[0] not in (Kind.SEAL, Kind.TAIL)]
    use_up(place / "any.cassette", file_of(made))


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 2**32 - 1), st.binary(max_size=40)), max_size=6))
def test_frames_of_any_kind_may_hold_any_bytes(place: Path, made: list[tuple[int, int, bytes]]):
    header = (int(Kind.HEADER), 0, pack(encode_header(HEADER)))
    use_up(place / "bytes.cassette", file_of([header, *made]))


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_may_follow_the_first(place: Path, data: bytes):
    use_up(place / "noise.cassette", PREAMBLE.pack(b"\x89replay\n", 1) + data)


@given(junk)
def test_the_header_may_hold_anything(place: Path, value: Any):
    try:
        data = orjson.dumps(value)
    except TypeError:
        return
    use_up(place / "header.cassette", file_of([(Kind.HEADER, 0, pack([data]))]))


def test_random_mutations_of_the_bytes(place: Path):
    whole = (place / "whole.cassette").read_bytes()
    dice = random.Random(7)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            at = dice.randrange(len(data))
            change = dice.choice(["flip", "drop", "double", "zero"])
            if change == "flip":
                data[at] ^= 1 << dice.randrange(8)
            elif change == "drop":
                del data[at : at + dice.randint(1, 50)]
            elif change == "double":
                data[at:at] = data[at : at + dice.randint(1, 50)]
            else:
                data[at : at + 8] = bytes(len(data[at : at + 8]))
        use_up(place / "mutated.cassette", bytes(data))


def issue(items: list[Any], section: list[Any] | None) -> bytes:
    text = 0
    return pack([section, 0, "0", b"", 0, 0, 0, None, text, "recorded", "http", text, text, None, [], items, None])


def hostile_body(place: Path, items: list[Any], section: list[Any] | None) -> Reader:
    path = place / "trap.cassette"
    path.write_bytes(file_of([(Kind.HEADER, 0, pack(encode_header(HEADER))), (Kind.ISSUE, 0, issue(items, section))]))
    return Reader(str(path))


def test_a_small_file_does_not_expand_without_bound(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shelf_module, "MAX_BODY", 1 << 20)
    blob = bytes(1000)
    nodes = [number for node in range(500) for number in (node - 1, 0)]
    for items in ([0] * 5000, [[499]] * 50):
        reader = hostile_body(place, items, [0, [blob], 0, nodes])
        with pytest.raises(CassetteError, match="expands to more"):
            reader.event(0)
    assert hostile_body(place, [[499]], [0, [blob], 0, nodes]).event(0).request.body == blob * 500


def test_endless_lists_of_nothing_come_to_an_end(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shelf_module, "MAX_BODY", 1 << 20)
    nodes = [number for node in range(5000) for number in (node - 1, 0)]
    reader = hostile_body(place, [[4999]] * 100_000, [0, [b""], 0, nodes])
    with pytest.raises(CassetteError, match="expands to more"):
        reader.event(0)


@pytest.mark.parametrize("nodes", [[0, 0], [1, 0, 0, 0], [-2, 0], [-1, 9], [-1]])
def test_a_list_that_leads_nowhere_or_into_itself(place: Path, nodes: list[int]):
    reader = hostile_body(place, [[0]], [0, [b"x"], 0, nodes])
    with pytest.raises(CassetteError, match="is not in the file"):
        reader.event(0)


def test_a_frame_that_claims_gigabytes_is_not_read(place: Path):
    header = file_of([(Kind.HEADER, 0, pack(encode_header(HEADER)))])
    claim = START.pack(MARKER, 0, Kind.ISSUE, 0, 2**32 - 1, NO_LINK)
    path = place / "claim.cassette"
    path.write_bytes(header + claim)
    reader = Reader(str(path))
    assert reader.cut is not None
    assert "claims 4294967295 bytes" in reader.cut


def test_a_file_of_traps_for_the_search_ends_with_an_error(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scan_module, "MAX_LOST", 1 << 20)
    header = file_of([(Kind.HEADER, 0, pack(encode_header(HEADER)))])
    trap = START.pack(MARKER, 0, Kind.ISSUE, 0, 50_000, NO_LINK)
    path = place / "traps.cassette"
    path.write_bytes(header + trap * 5000)
    with pytest.raises(CassetteError, match="damaged beyond reading"):
        Reader(str(path))
