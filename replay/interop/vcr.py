"""vcrpy's cassettes, and those of its relatives, as events.

A file is a mapping with a list ``interactions`` of ``request`` and ``response``. What is read:

* vcrpy of every version (before 1.0 the list alone, with the URL in parts), YAML and JSON, with the bodies that
  ``httpx`` once had under ``content``; pytest-recording and pytest-vcr, which write the same.
* JSON bodies kept parsed (``parsed_body``, or a mapping for a body).
* LangChain's, packed by gzip, with one list of ``requests`` and one of ``responses``.
* Ruby's VCR and betamax (``http_interactions``; bodies as ``string`` or ``base64_string``), go-vcr (``url``, ``code``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from replay.errors import CassetteError
from replay.events import Event, Head, Request
from replay.interop.fields import Unreadable, body_bytes, coded, header_fields, json_bytes, sent_url
from replay.interop.imported import Imported, Unimported, event
from replay.interop.loading import load_json, load_yaml, read_bytes, suffix
from replay.interop.plain import check_weight, to_plain
from replay.interop.vcr_form import form_of, is_parsed

LISTS = ("interactions", "http_interactions")
"""Where a file keeps its records."""

PARTS = frozenset({"protocol", "host", "port", "path"})
"""Of a URL, in files of vcrpy before 1.0."""

STRANGE = {
    "request_sample": "a gRPC call without its address: only the messages of protobuf stand in the file",
    "request_stream": "a gRPC stream without its address: only the messages of protobuf stand in the file",
    "direction": "a WebSocket message without its address: only what was said stands in the file",
    "kind": "an event of a WebSocket without its address",
}
"""What a record is that has no request, by a key of it."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_CODE = re.compile(r"\s*([0-9]{3})\s*(.*)", re.DOTALL)


def read_vcr(path: str | os.PathLike[str]) -> Imported:
    """The contents of the cassette of vcrpy at ``path``, as the file has them: nothing is redacted.

    ``read_vcr(path) -> Imported(events, unimported, …)``; see :class:`replay.interop.imported.Imported`. A body that
    the file keeps unpacked beside a ``Content-Encoding`` stands behind :data:`replay.canon.packed.UNPACKED`, as in a
    cassette: a replay packs it again, :func:`replay.dialects.body.decoded` reads it.

    Raises :class:`CassetteError` when the file is none; a record that cannot be an event is in ``unimported``.
    """
    file = Path(path)
    data = read_bytes(file)
    is_json = suffix(file) == ".json" or data.lstrip()[:1] == b"{"
    return imported(load_json(data) if is_json else load_yaml(data))


def imported(document: Any) -> Imported:
    """The contents of a loaded file. Raises :class:`CassetteError` when it is no cassette."""
    records, top = records_of(document)
    events: list[Event] = []
    unimported: list[Unimported] = []
    forms: dict[int, dict[str, Any]] = {}
    for place, record in enumerate(records):
        check_weight(record)
        try:
            events.append(_event(place, record))
            if form := form_of(record, events[-1]):
                forms[place] = form
        except Unreadable as error:
            unimported.append(Unimported(place, str(error), to_plain(record)))
    return Imported("vcr", tuple(events), tuple(unimported), forms, top)


def is_cassette(document: Any) -> bool:
    """Whether a loaded file is of this kind."""
    if isinstance(document, list):
        return bool(document) and isinstance(document[0], dict) and "request" in document[0]
    names = (*LISTS, "requests")
    return isinstance(document, dict) and any(isinstance(document.get(name), list) for name in names)


def records_of(document: Any) -> tuple[Sequence[Any], dict[str, Any]]:
    """The records of a loaded file and what stands beside them, as plain data."""
    if isinstance(document, list) and is_cassette(document):
        return document, {"list": ""}
    if not isinstance(document, dict):
        raise CassetteError("it has no list of interactions", hint="is it a cassette of vcrpy?")
    if "requests" in document and "responses" in document:
        document = _paired(document)
    name = next((name for name in LISTS if name in document), None)
    records = document[name] if name is not None else None
    if name is None or not isinstance(records or [], list):
        raise CassetteError("it has no list of interactions", hint="is it a cassette of vcrpy?")
    rest = {key: value for key, value in document.items() if key != name}
    check_weight(rest)
    return records or [], {"list": name, **to_plain(rest)}


def _paired(document: dict[Any, Any]) -> dict[Any, Any]:
    """A file with a list of requests and one of responses, as one of interactions."""
    asked, said = document["requests"], document["responses"]
    if not isinstance(asked, list) or not isinstance(said, list):
        raise CassetteError("its requests and responses are no lists", hint="is it a cassette of vcrpy?")
    records = [{"request": one, "response": other} for one, other in zip_longest(asked, said)]
    rest = {key: value for key, value in document.items() if key not in ("requests", "responses")}
    return {**rest, "interactions": records}


def _event(place: int, record: Any) -> Event:
    asked, said = _halves(record)
    headers = header_fields(asked.get("headers"))
    request = Request("http", _method(asked), _uri(asked), headers, _request_body(asked))
    head = _head(said)
    return event(place, request, head, coded(_response_body(said), head.headers))


def _halves(record: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    if not isinstance(record, dict):
        raise Unreadable("it is no mapping")
    asked, said = record.get("request"), record.get("response")
    if isinstance(asked, dict) and isinstance(said, dict):
        return asked, said
    if isinstance(asked, dict):
        raise Unreadable("it has no response")
    raise Unreadable(next((why for key, why in STRANGE.items() if key in record), "it has no request"))


def _method(asked: Mapping[str, Any]) -> str:
    method = asked.get("method")
    if not isinstance(method, str) or not method:
        raise Unreadable("its request has no method")
    return method.upper() if method.islower() else method


def _uri(asked: Mapping[str, Any]) -> str:
    uri = asked.get("uri", asked.get("url"))
    if uri is None and asked.keys() >= PARTS:
        scheme, port = str(asked["protocol"]), asked["port"]
        at = "" if port in (_DEFAULT_PORTS.get(scheme), None) else f":{port}"
        uri = f"{scheme}://{asked['host']}{at}{asked['path']}"
    if not isinstance(uri, str) or "://" not in uri:
        raise Unreadable("its request has no absolute URL")
    return sent_url(uri)


def _request_body(asked: Mapping[str, Any]) -> bytes:
    return json_bytes(asked["parsed_body"]) if is_parsed(asked) else body_bytes(asked.get("body"))


def _response_body(said: Mapping[str, Any]) -> bytes:
    if is_parsed(said):
        return json_bytes(said["parsed_body"])
    return body_bytes(said.get("body", said.get("content")))


def _head(said: Mapping[str, Any]) -> Head:
    status, reason = _status(said)
    return Head(status, reason, _version(said), header_fields(said.get("headers")))


def _version(said: Mapping[str, Any]) -> str:
    version = said.get("http_version", said.get("proto"))
    if not isinstance(version, str) or not version:
        return "HTTP/1.1"
    return version if version.startswith("HTTP/") else f"HTTP/{version}"


def _status(said: Mapping[str, Any]) -> tuple[int, str]:
    """``{code, message}``, a number, or ``200 OK``; one that was left out was a success."""
    status = said.get("status", said.get("status_code"))
    if isinstance(status, dict):
        code, reason = status.get("code"), _reason(status.get("message"))
    else:
        words = _CODE.fullmatch(str(status))
        code, reason = said.get("code", words[1] if words else status), words[2] if words else ""
    if code is None and status is None:
        return 200, "OK"
    found = _CODE.fullmatch(str(code))
    if found is None:
        raise Unreadable("its response has no status")
    return int(found[1]), reason


def _reason(reason: Any) -> str:
    """A reason phrase: a file may have bytes or nothing for it."""
    text = reason.decode("latin-1") if isinstance(reason, bytes) else "" if reason is None else str(reason)
    return " ".join(text.splitlines())
