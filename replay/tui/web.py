"""The same app in a browser: textual-serve (extra ``web``) on loopback, behind a token.

Whoever can open the page can read the run and start its program again; so the server listens on 127.0.0.1 alone, takes
no request without the token, which is made anew each time, and none that another site's page makes (RFC 6454, Origin).
"""

from __future__ import annotations

import secrets
import shlex
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from replay.errors import UsageError

HOST = "127.0.0.1"
COOKIE = "replay_token"

HEADERS = {
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' data: blob:; connect-src 'self' ws://127.0.0.1:*",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
"""The page is to fetch nothing from elsewhere (the library's template names a font server), and to lie in no frame."""

Handler = Callable[[Any], Awaitable[Any]]


def serve(words: Sequence[str], port: int, tell: Callable[[str], None]) -> None:
    """Serve ``replay WORDS`` until it is interrupted; ``tell`` is told the address.

    Raises :class:`UsageError` when textual-serve is not installed, or the port is taken.
    """
    try:
        from aiohttp import web
        from textual_serve.server import Server
    except ImportError:
        raise UsageError("--web needs textual-serve", hint="pip install 'replay-debugger[web]'") from None

    token = secrets.token_urlsafe(24)
    with _listening(port) as door:
        port = door.getsockname()[1]
        guard = guarded(token, port, web)

        class Guarded(Server):
            async def _make_app(self) -> web.Application:
                made = await super()._make_app()
                made.middlewares.append(guard)
                return made

            async def on_startup(self, app: web.Application) -> None:
                """Nothing is printed but the address, and that once the door is open."""

        server = Guarded(shlex.join([sys.executable, "-m", "replay", *words]), host=HOST, port=port, title="replay")
        address = f"http://{HOST}:{port}/?token={token}"
        web.run_app(server._make_app(), sock=door, print=lambda _: tell(address), access_log=None)


def guarded(token: str, port: int, web: Any) -> Any:
    """The middleware that lets through only who knows ``token``, by query once and then by cookie."""
    own = {f"http://{HOST}:{port}"}

    @web.middleware  # type: ignore[untyped-decorator, unused-ignore]
    async def guard(request: Any, handler: Handler) -> Any:
        given = request.query.get("token") or request.cookies.get(COOKIE) or ""
        if not secrets.compare_digest(given.encode(), token.encode()):
            raise web.HTTPForbidden(text="this address needs the token that replay ui --web printed\n")
        if request.host != f"{HOST}:{port}" or request.headers.get("Origin", next(iter(own))) not in own:
            raise web.HTTPForbidden(text="this address is for this machine's own browser\n")
        if "token" in request.query:  # out of the address bar, the history and what is sent on as Referer
            response = web.HTTPSeeOther(request.path)
            response.set_cookie(COOKIE, token, httponly=True, samesite="Strict")
            return response
        response = await handler(request)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return guard


def _listening(port: int) -> socket.socket:
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((HOST, port))
        door.listen()
    except OSError as error:
        door.close()
        raise UsageError(f"port {port} cannot be used: {error.strerror}", hint="leave --port out") from None
    return door
