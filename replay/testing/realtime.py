"""OpenAI's Realtime interface over a WebSocket (``/v1/realtime``), for text and function calls.

Follows "Realtime API", client and server events: ``session.update``, ``conversation.item.create`` and
``response.create`` are understood, everything else is answered by an ``error`` event. A scripted reply says what the
next response is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from replay.testing import tokens
from replay.testing.reply import Reply
from replay.testing.service import Service
from replay.testing.speaking import spoken
from replay.testing.turn import Message, Prompt, Tool, Turn
from replay.testing.wire.format import compact
from replay.testing.wire.stamp import Stamp

PATH = "/v1/realtime"

_ROLES = {"user": "user", "assistant": "assistant", "system": "system"}
_ITEM = {"object": "realtime.item", "status": "completed"}


class Conversation:
    """One connection."""

    def __init__(self, service: Service, socket: WebSocket) -> None:
        self.service = service
        self.socket = socket
        self.session: dict[str, Any] = {
            "type": "realtime",
            "object": "realtime.session",
            "model": socket.query_params.get("model", "gpt-realtime"),
            "output_modalities": ["text"],
            "instructions": "",
            "tools": [],
        }
        self.messages: list[Message] = []
        self.stamp = service.stamp(service.dice(PATH.encode()))

    async def hold(self) -> None:
        """Until the client has had enough."""
        await self.socket.accept()
        self.session["id"] = self.stamp.id("sess_")
        await self.send("session.created", session=self.session)
        with suppress(WebSocketDisconnect):
            while True:
                await self.hear(await self.socket.receive_text())

    async def send(self, type: str, **fields: Any) -> None:
        await asyncio.sleep(self.service.pause(0.2))
        await self.socket.send_text(compact({"type": type, "event_id": self.stamp.id("event_"), **fields}))

    async def hear(self, text: str) -> None:
        self.service.note("SEND", PATH, text.encode())
        try:
            event = json.loads(text)
            match event["type"]:
                case "session.update":
                    self.session |= event["session"]
                    await self.send("session.updated", session=self.session)
                case "conversation.item.create":
                    await self.add(event["item"])
                case "response.create":
                    await self.respond(event.get("response") or {}, self.service.next_reply(PATH))
                case other:
                    await self.refuse(f"unknown event type {other!r}")
        except (ValueError, KeyError, TypeError, AttributeError) as wrong:
            await self.refuse(f"no event of this interface: {wrong!r}")

    async def refuse(self, message: str) -> None:
        await self.send("error", error={"type": "invalid_request_error", "code": None, "message": message})

    async def add(self, item: dict[str, Any]) -> None:
        if item["type"] == "function_call_output":
            self.messages.append(Message("tool", str(item["output"]), call_id=item["call_id"]))
        else:
            text = "".join(part.get("text", "") for part in item["content"])
            self.messages.append(Message(_ROLES[item["role"]], text))  # type: ignore[arg-type]
        kept = {"id": self.stamp.id("item_"), **_ITEM, **item}
        await self.send("conversation.item.added", item=kept, previous_item_id=None)
        await self.send("conversation.item.done", item=kept, previous_item_id=None)

    async def respond(self, asked: dict[str, Any], reply: Reply) -> None:
        prompt = self.prompt(asked)
        turn = spoken(prompt, reply, self.stamp, "call_")
        self.messages.append(Message("assistant", turn.text, turn.calls))
        response: dict[str, Any] = {"object": "realtime.response", "id": self.stamp.id("resp_"), "output": []}
        await self.send("response.created", response={**response, "status": "in_progress"})
        for index, item in enumerate(_items(turn, self.stamp)):
            place = {"response_id": response["id"], "output_index": index}
            await self.send("response.output_item.added", item={**item, "status": "in_progress"}, **place)
            await self.item(item, {**place, "item_id": item["id"]})
            await self.send("response.output_item.done", item=item, **place)
            response["output"].append(item)
        came, went = tokens.of_prompt(prompt), tokens.of_turn(turn)
        usage = {"input_tokens": came, "output_tokens": went, "total_tokens": came + went}
        await self.send("response.done", response={**response, "status": "completed", "usage": usage})

    async def item(self, item: dict[str, Any], place: dict[str, Any]) -> None:
        """One item of a response, piece by piece."""
        if item["type"] == "function_call":
            for piece in tokens.pieces(item["arguments"], self.stamp.rng):
                await self.send("response.function_call_arguments.delta", delta=piece, call_id=item["call_id"], **place)
            told = {name: item[name] for name in ("arguments", "call_id", "name")}
            await self.send("response.function_call_arguments.done", **told, **place)
            return
        text = item["content"][0]["text"]
        for piece in tokens.pieces(text, self.stamp.rng):
            await self.send("response.output_text.delta", delta=piece, content_index=0, **place)
        await self.send("response.output_text.done", text=text, content_index=0, **place)

    def prompt(self, asked: dict[str, Any]) -> Prompt:
        session = {**self.session, **asked}
        tools = [Tool(one["name"], one.get("description", ""), one.get("parameters", {})) for one in session["tools"]]
        system = Message("system", session.get("instructions") or "")
        return Prompt(session["model"], (system, *self.messages), tuple(tools), raw=session)


def _items(turn: Turn, stamp: Stamp) -> Iterator[dict[str, Any]]:
    if turn.text or not turn.calls:
        content = [{"type": "output_text", "text": turn.text}]
        yield {"id": stamp.id("item_"), **_ITEM, "type": "message", "role": "assistant", "content": content}
    for call in turn.calls:
        told = {"name": call.name, "call_id": call.id, "arguments": compact(call.arguments)}
        yield {"id": stamp.id("item_"), **_ITEM, "type": "function_call", **told}
