"""AWS event streams as a server writes them."""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b64encode


def message(payload, headers):
    """``headers``: names and their values, all text."""
    head = b"".join([_header(name.encode(), value.encode()) for name, value in headers.items()])
    lengths = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    whole = lengths + struct.pack(">I", zlib.crc32(lengths)) + head + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def _header(name, value):
    return bytes([len(name)]) + name + b"\x07" + struct.pack(">H", len(value)) + value


def event(name, payload):
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return message(json.dumps(payload).encode(), headers)


def exception(name, words):
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return message(json.dumps({"message": words}).encode(), headers)


def events(*objects):
    """A stream of ``{event type: payload}``."""
    return b"".join([event(name, payload) for each in objects for name, payload in each.items()])


def chunks(*objects):
    """A stream of ``InvokeModelWithResponseStream``: a model's own objects in base64."""
    inside = [b64encode(json.dumps(each).encode()).decode() for each in objects]
    return b"".join([event("chunk", {"bytes": data, "p": "abcd"}) for data in inside])
