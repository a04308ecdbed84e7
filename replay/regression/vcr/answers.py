"""A response as vcrpy holds it, as an answer that our taps can serve to any client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from replay.canon.redact import Redactor
from replay.canon.restore import Restorer
from replay.errors import CassetteError
from replay.events import Answer, Event, Head
from replay.interop.vcr import imported

_ASKED = {"method": "GET", "uri": "http://any/"}


def answer(response: Mapping[str, Any], method: str) -> Answer:
    """``response`` in our words, its length true. A body that stands there unpacked is packed as its head says.

    Raises :class:`CassetteError` when it has no status, or header fields that are none.
    """
    read = imported({"interactions": [{"request": _ASKED, "response": response}]})
    if read.unimported:
        raise CassetteError(f"a response of the cassette is none: {read.unimported[0].reason}", hint="record it again")
    return _framed(_packed(read.events[0]), method)


def _packed(event: Event) -> Answer:
    assert event.answer is not None
    return Restorer(Redactor(), lambda _id: event.request).answer(event.answer, event.id, event.request)


def _framed(answer: Answer, method: str) -> Answer:
    head = answer.head
    assert head is not None
    if method != "HEAD" and not _is_bodiless(head.status):
        length = str(len(answer.body))
        fields = [(name, length if name.lower() == "content-length" else value) for name, value in head.headers]
        head = replace(head, headers=tuple(fields))
    return replace(answer, head=replace(head, reason=head.reason or _phrase(head)))


def _is_bodiless(status: int) -> bool:
    """RFC 9112, 6.3."""
    return status in (204, 304) or 100 <= status < 200


def _phrase(head: Head) -> str:
    """What a client makes of a status without a reason phrase, which some files leave out."""
    try:
        return HTTPStatus(head.status).phrase
    except ValueError:
        return ""
