"""A cassette as a file of vcrpy, written by its own serializers."""

from __future__ import annotations

from typing import Any

from replay.dialects.cassette import Cassette
from replay.errors import UsageError
from replay.interop.exporting import Exported, imported_from, records_of
from replay.interop.plain import from_plain
from replay.interop.vcr_form import record_of

VERSION = 1
"""Of the format: vcrpy's since 1.0."""


def export(cassette: Cassette, *, as_json: bool = False) -> Exported:
    """``cassette`` as YAML, or as JSON where every body is text.

    What was imported from such a file comes out as it stood there, record by record.
    Raises :class:`UsageError` for what the one or the other cannot hold.
    """
    records, left_out = records_of(cassette, "vcr")
    interactions = [
        from_plain(record.foreign) if record.event is None else record_of(record.event, record.form)
        for record in records
    ]
    document = {**_top(cassette), "interactions": interactions}
    return Exported(_json(document) if as_json else _yaml(document), len(interactions), tuple(left_out))


def _top(cassette: Cassette) -> dict[str, Any]:
    """What stands beside the interactions: as it stood in a file of the same layout."""
    noted = imported_from(cassette)
    top = from_plain(noted.get("top")) if noted.get("format") == "vcr" else None
    if not isinstance(top, dict) or top.get("list") != "interactions":
        return {"version": VERSION}
    return {key: value for key, value in top.items() if key != "list"}


def _yaml(document: dict[str, Any]) -> str:
    from vcr.serializers import yamlserializer

    try:
        return str(yamlserializer.serialize(document))
    except UnicodeEncodeError:
        raise UsageError("a text holds half a character, which YAML cannot", hint="export to .json") from None


def _json(document: dict[str, Any]) -> str:
    from vcr.serializers import jsonserializer

    try:
        return str(jsonserializer.serialize(document))
    except TypeError:
        raise UsageError("a body is binary, which JSON cannot hold", hint="export to .yaml") from None
