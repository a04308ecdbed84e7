"""A cassette as a file of vcrpy, written by its own serializers."""

from __future__ import annotations

from typing import Any

from replay.dialects.cassette import Cassette
from replay.interop.exporting import Exported, imported_from, records_of
from replay.interop.plain import from_plain
from replay.interop.vcr_form import record_of

VERSION = 1
"""Of the format: vcrpy's since 1.0."""


def export(cassette: Cassette, *, as_json: bool = False) -> Exported:
    """``cassette`` as YAML, or as JSON where every body is text.

    What was imported from such a file comes out as it stood there, record by record.
    Raises :class:`replay.errors.UsageError` for JSON that cannot hold a body.
    """
    records, left_out = records_of(cassette, "vcr")
    interactions = [
        from_plain(record.foreign) if record.event is None else record_of(record.event, record.form)
        for record in records
    ]
    top = imported_from(cassette).get("top") if imported_from(cassette).get("format") == "vcr" else None
    rest = {key: from_plain(value) for key, value in (top or {}).items() if key not in ("list", "recorded_with")}
    document = {"version": VERSION, **rest, "interactions": interactions}
    return Exported(_json(document) if as_json else _yaml(document), len(interactions), tuple(left_out))


def _yaml(document: dict[str, Any]) -> str:
    from vcr.serializers import yamlserializer

    return str(yamlserializer.serialize(document))


def _json(document: dict[str, Any]) -> str:
    from vcr.serializers import jsonserializer

    from replay.errors import UsageError

    try:
        return str(jsonserializer.serialize(document))
    except TypeError:
        raise UsageError("a body is binary, which JSON cannot hold", hint="export to .yaml") from None
