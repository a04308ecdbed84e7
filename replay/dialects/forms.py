"""A multipart form (RFC 7578) as an object that a person can read: fields as text, files by name, type and size."""

from __future__ import annotations

import re

from replay.canon.multipart import BOUNDARY, split_parts
from replay.dialects.lenient import Document

_NAME = re.compile(rb'\bname="([^"]*)"')
_FILENAME = re.compile(rb'\bfilename="([^"]*)"')
_TYPE = re.compile(rb"^content-type:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


def form_document(body: bytes, content_type: str) -> Document:
    """The fields of a form; of a repeated name the last; empty for what is no whole form."""
    found = BOUNDARY.search(content_type) if content_type.lower().startswith("multipart/") else None
    parts = split_parts(body, (found[1] or found[2]).encode()) if found else None
    fields: Document = {}
    for part in parts or ():
        head, _, content = (b"\r\n" + part).partition(b"\r\n\r\n")
        if name := _NAME.search(head):
            fields[_text(name[1]).removesuffix("[]")] = _value(head, content)
    return fields


def _value(head: bytes, content: bytes) -> str | Document:
    filename, kind = _FILENAME.search(head), _TYPE.search(head)
    if filename is None:
        return _text(content)
    return {"filename": _text(filename[1]), "type": _text(kind[1]) if kind else "", "bytes": len(content)}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
