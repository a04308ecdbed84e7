"""A cassette as a HAR file (version 1.2)."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from typing import Any

from replay.dialects.cassette import Cassette
from replay.interop.exporting import Exported, imported_from, records_of
from replay.interop.har_form import entry_of
from replay.interop.plain import from_plain, to_plain

_HALF = re.compile("[\ud800-\udfff]")
"""Half a character, which has no UTF-8."""


def export(cassette: Cassette) -> Exported:
    """``cassette`` as HAR; what was imported from such a file comes out as it stood there, entry by entry."""
    records, left_out = records_of(cassette, "har")
    created = cassette.header.created
    entries = [
        from_plain(record.foreign) if record.event is None else entry_of(record.event, record.form, created)
        for record in records
    ]
    log = {"version": "1.2", **(_top(cassette) or _own_top()), "entries": entries}
    text = json.dumps({"log": log}, indent=2, ensure_ascii=False, default=to_plain)
    if _HALF.search(text):
        text = json.dumps({"log": log}, indent=2, default=to_plain)
    return Exported(text + "\n", len(entries), tuple(left_out))


def _own_top() -> dict[str, Any]:
    return {"creator": {"name": "replay", "version": version("replay-debugger")}, "pages": []}


def _top(cassette: Cassette) -> dict[str, Any]:
    noted = imported_from(cassette)
    top = from_plain(noted.get("top")) if noted.get("format") == "har" else None
    return top if isinstance(top, dict) else {}
