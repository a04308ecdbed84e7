"""A WebSocket server in a process of its own: ``python -m tests.taps.websocket_server`` prints its port.

It answers a text with ``echo`` and the text, and bytes with the bytes turned round. ``/quit`` says ``bye`` and closes
with a code of its own; on ``/count`` it sends three numbers before anybody asks; ``drop`` ends the connection without a
word; ``leak`` is answered with a key, piece by piece.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

SUBPROTOCOL = "echo.v1"
KEY = "sk-proj-" + "Zq7xK2mNp9Rt4Vw8Yb3Cd6Fg1Hj5L0As"


async def _answer(connection: ServerConnection) -> None:
    path = connection.request.path if connection.request else ""
    if path == "/quit":
        await connection.send("bye")
        await connection.close(4001, "enough")
    elif path == "/count":
        for number in range(3):
            await connection.send(str(number))
    async for said in connection:
        if said == "drop":
            connection.transport.abort()
        elif said == "leak":
            for piece in (KEY[:9], KEY[9:20], KEY[20:]):
                await connection.send(json.dumps({"type": "delta", "delta": piece}))
        else:
            await connection.send(f"echo {said}" if isinstance(said, str) else bytes(said[::-1]))


async def _refuse(connection: ServerConnection, request: Any) -> Any:
    if request.path == "/no":
        return connection.respond(403, "not you\n")
    if request.path == "/moved":
        response = connection.respond(302, "")
        response.headers["Location"] = "/"
        return response
    return None


async def _serve() -> None:
    logging.getLogger("websockets.server").setLevel(logging.CRITICAL)
    async with serve(_answer, "127.0.0.1", 0, select_subprotocol=_select, process_request=_refuse) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.Event().wait()


def _select(connection: ServerConnection, offered: Any) -> Any:
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


if __name__ == "__main__":
    asyncio.run(_serve())
