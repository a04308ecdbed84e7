"""A cassette as a Python module that holds a respx router for it: a fixture that a test file can import."""

from __future__ import annotations

import os
from pathlib import Path

from replay.dialects.cassette import Cassette
from replay.interop.exporting import Exported, records_of

_MODULE = '''"""A respx router that answers as the recorded run did. Made by `replay export`."""

from pathlib import Path

import pytest
import replay

CASSETTE = Path(__file__).parent / {path!r}


@pytest.fixture
def {name}():
    with replay.open(CASSETTE).respx_router() as router:
        yield router
'''


def export(cassette: Cassette, target: Path | None) -> Exported:
    """The module, which finds the cassette from where ``target`` lies (None: the working directory)."""
    records, left_out = records_of(cassette, "respx")
    folder = target.parent if target is not None else Path()
    path = Path(os.path.relpath(cassette.path, folder)).as_posix()
    stem = cassette.path.name.partition(".")[0]
    name = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in stem).lower()
    return Exported(_MODULE.format(path=path, name=f"{name}_router"), len(records), tuple(left_out))
