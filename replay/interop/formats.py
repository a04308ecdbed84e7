"""The foreign formats that are read, and how a file of each is known."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.errors import CassetteError
from replay.interop import har, vcr
from replay.interop.imported import Imported
from replay.interop.loading import load_json, load_yaml, read_bytes, suffix


@dataclass(frozen=True, slots=True)
class Format:
    """``is_one``: whether a loaded document is of this format; ``read`` gives its contents."""

    name: str
    is_one: Callable[[Any], bool]
    read: Callable[[Any], Imported]


FORMATS: dict[str, Format] = {
    format.name: format
    for format in (
        Format("vcr", vcr.is_cassette, vcr.imported),
        Format("har", har.is_har, har.imported),
    )
}

SUFFIXES = {".yaml": load_yaml, ".yml": load_yaml, ".json": load_json, ".har": load_json}
"""Of the files that may be recordings, and how they are loaded."""


def read(path: str | os.PathLike[str], format: str = "") -> Imported:
    """The contents of a foreign file; without ``format`` it is known by what stands in it.

    Raises :class:`CassetteError` when it cannot be read, or is of no known format.
    """
    file = Path(path)
    data = read_bytes(file)
    load = SUFFIXES.get(suffix(file)) or (load_json if data.lstrip()[:1] == b"{" else load_yaml)
    document = load(data)
    found = FORMATS.get(format) or next((each for each in FORMATS.values() if each.is_one(document)), None)
    if found is None:
        raise CassetteError("it is no recording of a known kind", hint=f"known are {', '.join(FORMATS)}")
    return found.read(document)
