"""The server as an ASGI application: models, tools and the control endpoints, in one process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from replay.errors import UsageError
from replay.testing import realtime, shop
from replay.testing.answer import Answer, Sending, of_json, of_stream
from replay.testing.reply import Reply, from_dict
from replay.testing.service import Service
from replay.testing.speaking import spoken
from replay.testing.turn import BadRequest
from replay.testing.wire import BY_PATH, openai_chat, openai_embeddings
from replay.testing.wire.format import Wire, compact

Endpoint = Callable[[Request], Awaitable[Any]]
Answering = Callable[[Request, bytes, Reply], Answer]
ErrorBody = Callable[[int, str], dict[str, Any]]


def application(service: Service) -> Starlette:
    """``service`` behind HTTP. Whatever is not under ``/control`` counts as a call."""

    def route(path: str, method: str, answering: Answering, error: ErrorBody = _plain_error) -> Route:
        return Route(path, _counted(service, answering, error), methods=[method])

    return Starlette(
        routes=[
            *_control(service),
            *(route(path, "POST", _model(service, wire), wire.error) for path, wire in BY_PATH.items()),
            route("/v1/embeddings", "POST", _embeddings, openai_chat.error),
            route("/orders/{number}", "GET", lambda request, *_: shop.order(request.path_params["number"])),
            route("/refunds", "POST", _refund(service)),
            route("/refunds", "GET", lambda *_: of_json(service.refunds)),
            route("/weather", "GET", _weather(service)),
            WebSocketRoute(realtime.PATH, _realtime(service)),
            *(route("/{path:path}", method, _nothing) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
        ]
    )


def _counted(service: Service, answering: Answering, error: ErrorBody) -> Endpoint:
    """Every call's way: noted, matched with the script, answered after the latency."""

    async def endpoint(request: Request) -> Sending:
        body = await request.body()
        service.note(request.method, request.url.path, body)
        reply = service.next_reply(request.url.path)
        answer = _scripted(reply, error) or answering(request, body, reply)
        await asyncio.sleep(service.pause())
        return Sending(answer, reply)

    return endpoint


def _scripted(reply: Reply, error: ErrorBody) -> Answer | None:
    """The answer that the script gives in full: bytes, or an error in the provider's shape."""
    if reply.body is None:
        failed = reply.status != 200
        return of_json(error(reply.status, f"scripted {reply.status}"), reply.status) if failed else None
    text = reply.body if isinstance(reply.body, str) else compact(reply.body)
    kind = "text/event-stream" if text.startswith(("data:", "event:")) else "application/json"
    return Answer((text.encode(),), reply.status, (("content-type", kind),))


def _model(service: Service, wire: Wire) -> Answering:
    def answering(request: Request, body: bytes, reply: Reply) -> Answer:
        try:
            prompt = wire.read(_object(body), request.url.path)
        except (BadRequest, KeyError, TypeError, AttributeError) as wrong:
            return of_json(wire.error(400, f"Invalid request: {wrong}"), 400)
        dice = service.dice(body)
        stamp = service.stamp(dice)
        turn = spoken(prompt, reply, stamp, wire.call_id)
        if not prompt.stream:
            return of_json(wire.whole(prompt, turn, stamp))
        chunks = tuple(wire.stream(prompt, turn, stamp))
        return of_stream(chunks, wire.media, tuple(service.pause(0.2) for _ in chunks))

    return answering


def _realtime(service: Service) -> Callable[[WebSocket], Awaitable[None]]:
    async def endpoint(socket: WebSocket) -> None:
        service.note("GET", realtime.PATH, b"")
        await realtime.Conversation(service, socket).hold()

    return endpoint


def _embeddings(request: Request, body: bytes, reply: Reply) -> Answer:
    try:
        return of_json(openai_embeddings.answer(_object(body)))
    except BadRequest as wrong:
        return of_json(openai_chat.error(400, str(wrong)), 400)


def _refund(service: Service) -> Answering:
    return lambda request, body, reply: shop.refund(service, body, service.dice(body))


def _weather(service: Service) -> Answering:
    return lambda request, body, reply: shop.weather(request.query_params, service.dice(str(request.url).encode()))


def _nothing(request: Request, body: bytes, reply: Reply) -> Answer:
    return of_json({"error": f"nothing answers {request.method} {request.url.path}"}, 404)


def _plain_error(status: int, message: str) -> dict[str, Any]:
    return {"error": message}


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except ValueError as wrong:
        raise BadRequest(f"the body is no JSON: {wrong}") from wrong
    if not isinstance(data, dict):
        raise BadRequest("the body is no JSON object")
    return data


def _control(service: Service) -> list[Route]:
    async def state(request: Request) -> Response:
        return JSONResponse({"server": "replay.testing", "calls": service.calls, "scripted": len(service.script)})

    async def log(request: Request) -> Response:
        return JSONResponse(list(service.log))

    async def refunds(request: Request) -> Response:
        return JSONResponse(service.refunds)

    async def script(request: Request) -> Response:
        try:
            service.script += [from_dict(item) for item in await request.json()]
        except UsageError as wrong:
            return JSONResponse({"error": wrong.message, "hint": wrong.hint}, 400)
        return JSONResponse({"scripted": len(service.script)})

    async def reset(request: Request) -> Response:
        service.reset()
        return JSONResponse({"calls": 0})

    return [
        Route("/control", state),
        Route("/control/requests", log),
        Route("/control/refunds", refunds),
        Route("/control/script", script, methods=["POST"]),
        Route("/control/reset", reset, methods=["POST"]),
    ]
