"""Foreign files to import, and what a play of them gives."""

from __future__ import annotations

import json
from typing import Any

import yaml

import replay
from replay.events import Event
from replay.interop import formats
from replay.interop.imported import Imported
from replay.interop.keeping import Kept, keep
from tests.interop.asking import CLIENTS, Seen

URL = "https://api.example.com/v1/items"


def record(
    said: Any = "hello", *, uri: str = URL, method: str = "GET", body: Any = None, status: int = 200, **more: Any
) -> dict[str, Any]:
    """One interaction of vcrpy. ``more``: ``headers`` of the response, ``asked`` of the request."""
    return {
        "request": {"method": method, "uri": uri, "body": body, "headers": more.get("asked", {"Accept": ["*/*"]})},
        "response": {
            "status": {"code": status, "message": "OK"},
            "headers": more.get("headers", {"Content-Type": ["text/plain"]}),
            "body": {"string": said},
        },
    }


def vcr_text(*records: Any, **top: Any) -> str:
    return yaml.safe_dump({"interactions": list(records), "version": 1, **top}, allow_unicode=True)


def entry(text: str | None = "hello", *, url: str = URL, method: str = "GET", **more: Any) -> dict[str, Any]:
    """One entry of a HAR file. ``more``: ``content`` (its keys), ``headers`` of the response, ``post``, ``beside``."""
    content = {"mimeType": "text/plain", "size": len(text or ""), **({} if text is None else {"text": text})}
    request = {
        "method": method, "url": url, "httpVersion": "HTTP/1.1", "headers": more.get("asked", []), "queryString": [],
        "cookies": [], "headersSize": -1, "bodySize": -1,
    }  # fmt: skip
    if "post" in more:
        request["postData"] = more["post"]
    return {
        "startedDateTime": "2026-01-28T14:27:50.420Z",
        "time": 250,
        "timings": {"send": 0, "wait": 200, "receive": 50},
        "cache": {},
        "request": request,
        "response": {
            "status": more.get("status", 200), "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [],
            "headers": [{"name": name, "value": value} for name, value in more.get("headers", [])],
            "content": {**content, **more.get("content", {})}, "redirectURL": "", "headersSize": -1, "bodySize": -1,
        },
        **more.get("beside", {}),
    }  # fmt: skip


def har_text(*entries: Any) -> str:
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": list(entries)}})


def read(tmp_path, text: str | bytes, name: str = "foreign.yaml") -> Imported:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return formats.read(path)


def kept(tmp_path, text: str | bytes, name: str = "foreign.yaml", **options: Any) -> Kept:
    """The file with this text, imported as ``tmp_path / "made.cassette"``."""
    return keep(read(tmp_path, text, name), str(tmp_path / "made.cassette"), name=name, **options)


def played(path: str, events: tuple[Event, ...], client: str = "httpx") -> tuple[list[Seen], Any]:
    """What each event's request is answered with, and the verdict."""
    with replay.play(path) as run:
        seen = [CLIENTS[client](event.request) for event in events]
    return seen, run.result
