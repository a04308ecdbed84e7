"""One request to an MCP server: asked for real and written down, or served."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from replay.canon import values
from replay.errors import CassetteError
from replay.events import Answer, Chunk, End, Failure, Request
from replay.taps import boundary
from replay.taps.boundary import Boundary, Call
from replay.taps.described import kept_argument, kept_chunk
from replay.taps.exceptions import ended_by, rebuilt
from replay.taps.mcp.link import Link, Real

_ERROR = "mcp.error"
"""Name of the failure that is the server's own answer: a JSON-RPC error, or that none came in time."""

_CALL = "tools/call"
_HANDSHAKE = ("clientInfo", "protocolVersion")
"""What a newer version of the library says otherwise, of itself."""


class Asking:
    """``params``: those of the JSON-RPC request. ``on_progress``: the program's own callback, if it has one."""

    def __init__(
        self, session: Boundary, link: Link, method: str, params: Any, on_progress: Callable[..., Any] | None
    ) -> None:
        self.session = session
        self.link = link
        self.method = method
        self.on_progress = on_progress
        self.request = _request(link, method, dict(params or {}))
        self.call: Call = session.issue(self.request)

    @property
    def progress(self) -> Callable[..., Any] | None:
        """What the library is to call in place of ``on_progress``."""
        return None if self.on_progress is None else self.link.progressing(self.call, self.on_progress)

    async def ask(self, real: Real) -> Any:
        """The result of the request, ``real`` or recorded."""
        served = self.call.served
        if served is None:
            answer = await self._for_real(real)
        else:
            if self.method == "initialize":
                self.link.unsaid.append(real)
            answer = await self._serve(served)
        self.link.learn(self.method, answer)
        return answer

    async def _for_real(self, real: Real) -> Any:
        asked = (self.session, self.call)
        self.link.asked.append(asked)
        try:
            answer = await self._perform(real)
        except BaseException as error:
            await self._fail(error)
            raise
        finally:
            self.link.asked.remove(asked)
        part = kept_chunk(answer)
        await self.call.adeliver(part)
        if isinstance(part, Chunk):
            await self.call.adeliver(End())
        return answer

    async def _fail(self, error: BaseException) -> None:
        """The program is told in its turn; but it must not wait for what ends its task."""
        if isinstance(error, Exception):
            await self.call.adeliver(_ended(error))
        else:
            self.call.deliver(_ended(error))

    async def _perform(self, real: Real) -> Any:
        instead = self.call.instead
        if instead is not None and instead.function is not None:
            value = instead.function(**self._arguments())
            return _as_result(await value if hasattr(value, "__await__") else value)
        with boundary.inside():
            await self.link.introduce()
            return await real()

    def _arguments(self) -> dict[str, Any]:
        given = values.load(self.request.body)
        return given if isinstance(given, dict) else {}

    async def _serve(self, answer: Answer) -> Any:
        end = answer.end or End("closed")
        parts = answer.chunks if end.ending != "complete" else answer.chunks[:-1]
        for chunk in parts:
            await self.call.adeliver(chunk)
            await self._hear(chunk)
        for chunk in answer.chunks[len(parts) :]:
            await self.call.adeliver(chunk)
        await self.call.adeliver(end)
        if end.failure is not None:
            raise _rebuilt(end.failure)
        result = values.load(answer.chunks[-1].data) if answer.chunks else None
        if self.method == _CALL:
            return _as_result(result)
        if not isinstance(result, dict):
            raise CassetteError(f"the cassette holds no answer for {self.method}", hint="record the run again")
        return result

    async def _hear(self, chunk: Chunk) -> None:
        """The program hears what came while it waited. Whatever its callback raises, the library does not mind."""
        said = values.load(chunk.data)
        with suppress(Exception):
            if "progress" in said and self.on_progress is not None:
                await self.on_progress(*said["progress"])
            elif "method" in said and self.link.hear is not None:
                await self.link.hear(said["method"], said["params"])


def _request(link: Link, method: str, params: dict[str, Any]) -> Request:
    """Without ``_meta``: request ids, trace ids, and what each request says of the library."""
    params.pop("_meta", None)
    if method != _CALL:
        given = {name: kept_argument(value) for name, value in params.items() if name not in _HANDSHAKE}
        return Request("tool", "call", method, body=values.dump(given))
    name, arguments = str(params.pop("name", "")), dict(params.pop("arguments", None) or {})
    given = {name: kept_argument(value) for name, value in {**params, **arguments}.items()}
    return Request("tool", "call", name, body=values.dump(given), effect=link.effects.get(name))


def _as_result(value: Any) -> dict[str, Any]:
    """``value`` as the result of a tool: as it is when it is one; what a swap gives may be anything."""
    if isinstance(value, dict) and isinstance(value.get("content"), list):
        return value
    text = value if isinstance(value, str) else values.dump(value).decode()
    result: dict[str, Any] = {"content": [{"type": "text", "text": text}], "isError": False}
    return {**result, "structuredContent": value} if isinstance(value, dict) else result


def _ended(error: BaseException) -> End:
    said = getattr(error, "error", None)
    if type(error) is not _error_class() or said is None:
        return ended_by(error, started=False)
    state = values.dump({"code": said.code, "message": said.message, "data": said.data})
    return End("failed", Failure(_ERROR, str(said.message), state))


def _rebuilt(failure: Failure) -> BaseException:
    kind = _error_class()
    if failure.name != _ERROR or kind is None:
        return rebuilt(failure)
    state = values.load(failure.state)
    said = sys.modules["mcp.types"].ErrorData(code=state["code"], message=state["message"], data=state["data"])
    error: BaseException = kind.from_error_data(said) if hasattr(kind, "from_error_data") else kind(said)
    return error


def _error_class() -> Any:
    """The class of a server's own error: ``MCPError``, or ``McpError`` in ``mcp`` 1."""
    module = sys.modules.get("mcp.shared.exceptions")
    return getattr(module, "MCPError", None) or getattr(module, "McpError", None)
