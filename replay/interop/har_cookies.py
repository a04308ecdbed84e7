"""Cookies as HAR lists them beside the header fields that they come from."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from replay.events import Headers

_TEXTS = {"path": "path", "domain": "domain", "samesite": "sameSite"}
_FLAGS = {"httponly": "httpOnly", "secure": "secure"}

Cookie = dict[str, str | bool]


def sent(headers: Headers) -> list[Cookie]:
    """The cookies of a request (RFC 6265, section 4.2)."""
    pairs = [pair for name, value in headers if name.lower() == "cookie" for pair in value.split(";")]
    return [_pair(pair) for pair in pairs if "=" in pair]


def set_by(headers: Headers) -> list[Cookie]:
    """The cookies that a response sets (RFC 6265, section 4.1), with their attributes."""
    return [_with_attributes(value) for name, value in headers if name.lower() == "set-cookie" and "=" in value]


def _pair(text: str) -> Cookie:
    name, _, value = text.strip().partition("=")
    return {"name": name, "value": value}


def _with_attributes(field: str) -> Cookie:
    pair, *attributes = field.split(";")
    cookie = _pair(pair)
    for attribute in attributes:
        name, _, value = attribute.strip().partition("=")
        key = name.lower()
        if key in _FLAGS:
            cookie[_FLAGS[key]] = True
        elif key in _TEXTS:
            cookie[_TEXTS[key]] = value
        elif key == "expires" and (moment := _moment(value)):
            cookie["expires"] = moment
    return cookie


def _moment(date: str) -> str:
    """An HTTP date in the notation of ISO 8601; empty when it is none."""
    try:
        at = parsedate_to_datetime(date)
    except ValueError:
        return ""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
