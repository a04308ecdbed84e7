"""``http.cookiejar``: a jar without cookies has nothing to look up, and no clock to read for it.

HTTP clients ask their jar for every request, and it reads the clock twice to drop cookies that have expired; and for
every answer, once more. Those are the program's reads (a replay must find its cookies as fresh as they were), so each
would be kept; agents' jars are empty, answers set no cookies, and then nothing can come of them. A served answer that
sets none does not even reach the jar (:mod:`replay.taps.httpx_sending`), so the recorded one must not read either.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from replay.taps import boundary
from replay.taps.patch import wrap


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``http.cookiejar``."""
    found_for = module.CookieJar._cookies_for_request

    def add_cookie_header(original: Callable[..., None]) -> Callable[..., None]:
        def add_cookie_header(self: Any, request: Any) -> None:
            is_own = type(self)._cookies_for_request is found_for  # no jar of the program's that finds them elsewhere
            if self._cookies or not is_own or boundary.current() is None:
                original(self, request)

        return add_cookie_header

    made_by = module.CookieJar.make_cookies

    def extract_cookies(original: Callable[..., None]) -> Callable[..., None]:
        def extract_cookies(self: Any, response: Any, request: Any) -> None:
            is_own = type(self).make_cookies is made_by
            if not is_own or boundary.current() is None or _sets_cookies(response.info()):
                original(self, response, request)

        return extract_cookies

    wrap(module.CookieJar, "add_cookie_header", add_cookie_header)
    wrap(module.CookieJar, "extract_cookies", extract_cookies)


def _sets_cookies(headers: Any) -> bool:
    return any(headers.get_all(name) for name in ("Set-Cookie", "Set-Cookie2"))
