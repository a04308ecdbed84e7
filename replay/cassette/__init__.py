"""The cassette: one file that holds one run. FORMAT.md, next to this file, tells the layout."""

from __future__ import annotations

from replay.cassette.reader import Reader
from replay.cassette.writer import Writer

__all__ = ["Reader", "Writer"]
