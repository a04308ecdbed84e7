"""The texts of HAR files as the bytes that were sent, and back."""

from __future__ import annotations

import re
from base64 import b64encode

CHARSETS = {
    name: codec
    for codec, names in {
        "latin-1": ("iso-8859-1", "latin-1", "latin1"),
        "cp1252": ("windows-1252", "cp1252"),
        "ascii": ("us-ascii", "ascii"),
        "utf-16": ("utf-16",),
        "shift_jis": ("shift_jis", "shift-jis"),
        "gb18030": ("gb2312", "gbk", "gb18030"),
    }.items()
    for name in names
}
"""Charsets that a text is written back in; everything else, and what does not fit, is UTF-8."""

_CHARSET = re.compile(r"charset=\"?([\w-]+)", re.IGNORECASE)


def encoded(text: str, type: str) -> bytes:
    """The bytes of ``text``, whose media type is ``type``."""
    try:
        return text.encode(_codec(type))
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def written(body: bytes, type: str, flag: str, *, as_base64: bool = False) -> dict[str, str]:
    """``text``, or in base64 with ``flag`` saying so: what is no text, and what shall be."""
    if not as_base64:
        for codec in (_codec(type), "utf-8"):
            try:
                text = body.decode(codec)
            except UnicodeDecodeError:
                continue
            if encoded(text, type) == body:
                return {"text": text}
    return {"text": b64encode(body).decode(), flag: "base64"}


def _codec(type: str) -> str:
    found = _CHARSET.search(type)
    return CHARSETS.get(found[1].lower(), "utf-8") if found else "utf-8"
