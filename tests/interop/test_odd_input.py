"""Whatever a file holds, reading it gives events and reasons, or the one error; and what was read can be kept."""

from __future__ import annotations

import copy
import json
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import replay
from replay.errors import CassetteError
from replay.interop import formats, har_export, vcr_export
from replay.interop.keeping import keep
from tests.interop.making import entry, har_text, record

SOME = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5)
_values = st.recursive(
    _scalars,
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inside, max_size=3)
    ),
    max_leaves=6,
)


def places(value, path=()):
    """The paths to all values inside ``value``."""
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*path, key))


@st.composite
def damaged(draw, document):
    """``document`` with something else in some places of it."""
    made = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(sorted(places(made), key=str)))
        if not path:
            return draw(_values)
        at = made
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = draw(_values)
    return made


def read_and_kept(document):
    for format in (each for each in formats.FORMATS.values() if each.is_one(document)):
        try:
            imported = format.read(document)
        except CassetteError:
            continue
        places = sorted([event.id for event in imported.events] + [left.place for left in imported.unimported])
        assert places == list(range(len(places)))
        with TemporaryDirectory() as folder:
            made = keep(imported, f"{folder}/x.cassette", name="x")
            cassette = replay.open(made.path)
            assert cassette.verify() == []
            assert len(cassette.events) == len(imported.events)
            assert vcr_export.export(cassette).text
            assert json.loads(har_export.export(cassette).text)


VCR = {
    "version": 1,
    "interactions": [
        record("a", method="POST", body="b", headers={"Content-Encoding": ["gzip"]}),
        {**record(), "request": {**record()["request"], "parsed_body": {"a": 1}}},
    ],
}


@SOME
@given(damaged(VCR))
def test_a_damaged_file_of_vcrpy_is_read_as_far_as_it_makes_sense(document):
    read_and_kept(document)


@SOME
@given(
    damaged(json.loads(har_text(entry("a", post={"mimeType": "x/y", "text": "b"}, headers=[("Set-Cookie", "a=b")]))))
)
def test_a_damaged_har_file_is_read_as_far_as_it_makes_sense(document):
    read_and_kept(document)
