"""A cassette as a router of respx, for tests of code that uses ``httpx`` (respx does not see ``httpx2``).

Each distinct request is a route; its answers come in the recorded order, one a call, and a call beyond the last is the
error that respx has for a request without a route. What is compared is what a replay compares: method, URL with its
query in any order, canonical body.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from typing import TYPE_CHECKING, Any

from replay.canon import fingerprint
from replay.canon.redact import Redactor
from replay.canon.restore import Restorer
from replay.errors import UsageError
from replay.events import Answer, Failure, Request

if TYPE_CHECKING:
    import respx

    from replay.dialects.cassette import Cassette


def respx_router(cassette: Cassette, **options: Any) -> respx.MockRouter:
    """A router that answers as ``cassette`` does; ``options`` are those of ``respx.mock(…)``.

    Raises :class:`UsageError` when respx is not installed.
    """
    try:
        import respx
    except ImportError:
        raise UsageError("respx is not installed", hint="pip install respx") from None
    answers = _Answers(cassette)
    router = respx.MockRouter(**options)
    for mark in answers.left:
        router.route(_pattern()(mark, answers)).mock(side_effect=answers.next)
    return router


class _Answers:
    """The recorded answers that have not been given yet, by the fingerprint of their request."""

    def __init__(self, cassette: Cassette) -> None:
        self.left: dict[bytes, deque[int]] = {}
        self._cassette = cassette
        self._redactor = Redactor()
        self._restorer = Restorer(self._redactor, lambda id: cassette.event(id).request)
        self._latest: tuple[Any, Request, bytes] | None = None
        for event in cassette.events:
            if event.request.kind == "http" and event.answer is not None:
                self.left.setdefault(event.fingerprint, deque()).append(event.id)

    def asked(self, request: Any) -> tuple[Request, bytes]:
        """``request`` in our words, redacted, and its fingerprint; each route asks for it in turn."""
        if self._latest is None or self._latest[0] is not request:
            headers = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw])
            made = Request("http", request.method, str(request.url), headers, request.read())
            redacted = self._redactor.request(made)
            self._latest = (request, redacted, fingerprint(redacted))
        return self._latest[1:]

    def next(self, request: Any) -> Any:
        """The next answer to ``request``, which some route has matched."""
        redacted, mark = self.asked(request)
        if not self.left[mark]:
            return None
        id = self.left[mark].popleft()
        answer = self._cassette.event(id).answer
        assert answer is not None
        answer = self._restorer.answer(answer, id, redacted)
        if answer.head is None or (answer.failure is not None and not answer.chunks):
            raise _error(answer.failure, request)
        return _response(answer)


def _response(answer: Answer) -> Any:
    import httpx

    assert answer.head is not None
    head = answer.head
    return httpx.Response(
        head.status,
        headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in head.headers],
        stream=httpx.ByteStream(answer.body),  # not content=, which adds a length where the answer had none
        extensions={
            "http_version": head.http_version.encode(),
            "reason_phrase": head.reason.encode("ascii", "replace"),
        },
    )


def _error(failure: Failure | None, request: Any) -> Exception:
    """The recorded failure as httpx's own, where it was one."""
    import httpx

    name = failure.name if failure is not None else ""
    kind = getattr(httpx, name, None)
    if not (isinstance(kind, type) and issubclass(kind, httpx.RequestError)):
        kind = httpx.TransportError
    return kind(failure.message if failure is not None else "no answer was recorded", request=request)


@cache
def _pattern() -> Any:
    """The class of our patterns; respx keeps a registry of those by name, so there is one."""
    from respx.patterns import Pattern

    class Recorded(Pattern):
        key = "replay"

        def __init__(self, mark: bytes, answers: _Answers) -> None:
            super().__init__(mark)
            self.answers = answers

        def parse(self, request: Any) -> bytes:
            return self.answers.asked(request)[1]

    return Recorded
