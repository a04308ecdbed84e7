"""Agents on ``openai`` 2 and 3: both of its APIs, in every way it offers to call them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from openai import AsyncOpenAI, DefaultAioHttpClient, OpenAI

from tests.sdk.shop_tools import FUNCTIONS, arun_tool, run_tool
from tests.sdk.stage import World
from tests.testing.offers import QUESTION, SYSTEM

MODEL = "gpt-5-mini"
HELLO: Any = [{"role": "user", "content": "Hello, my kettle leaks."}]
CHAT: Any = {"model": MODEL, "messages": HELLO}
RESPONSES: Any = {"model": MODEL, "input": HELLO}

RESPONSES_TOOLS: Any = [{"type": "function", "strict": False, **tool["function"]} for tool in FUNCTIONS]


def client(world: World, **options: Any) -> OpenAI:
    return OpenAI(base_url=world.openai, api_key="sk-local", **{"max_retries": 0, "timeout": 20, **options})


def aclient(world: World, **options: Any) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=world.openai, api_key="sk-local", **{"max_retries": 0, "timeout": 20, **options})


# Chat completions ----------------------------------------------------------------------------------------------------


def chat(world: World) -> Any:
    with client(world) as openai:
        return [openai.chat.completions.create(**CHAT).model_dump() for _ in range(3)]


async def chat_async(world: World) -> Any:
    async with aclient(world) as openai:
        answers = await asyncio.gather(*[openai.chat.completions.create(**CHAT) for _ in range(4)])
        return [answer.model_dump() for answer in answers]


def chat_streamed(world: World) -> Any:
    with client(world) as openai:
        options: Any = {"include_usage": True}
        return [
            chunk.model_dump() for chunk in openai.chat.completions.create(**CHAT, stream=True, stream_options=options)
        ]


async def chat_streamed_async(world: World) -> Any:
    async def one(openai: AsyncOpenAI) -> Any:
        return [chunk.model_dump() async for chunk in await openai.chat.completions.create(**CHAT, stream=True)]

    async with aclient(world) as openai:
        return await asyncio.gather(one(openai), one(openai))


def chat_stream_helper(world: World) -> Any:
    with client(world) as openai, openai.chat.completions.stream(**CHAT) as stream:
        return [event.type for event in stream], stream.get_final_completion().model_dump()


async def chat_stream_helper_async(world: World) -> Any:
    async with aclient(world) as openai, openai.chat.completions.stream(**CHAT) as stream:
        return [event.type async for event in stream], (await stream.get_final_completion()).model_dump()


def chat_tool_loop(world: World) -> Any:
    messages: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    with client(world) as openai:
        while True:
            answer = openai.chat.completions.create(model=MODEL, messages=messages, tools=FUNCTIONS)
            message = answer.choices[0].message
            messages.append(message.model_dump(exclude_none=True))
            if not message.tool_calls:
                return messages
            for call in message.tool_calls:
                value = run_tool(call.function.name, json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(value)})


async def chat_tool_loop_async(world: World) -> Any:
    messages: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    async with aclient(world) as openai:
        while True:
            answer = await openai.chat.completions.create(model=MODEL, messages=messages, tools=FUNCTIONS)
            message = answer.choices[0].message
            messages.append(message.model_dump(exclude_none=True))
            if not message.tool_calls:
                return messages
            calls = message.tool_calls
            values = await asyncio.gather(
                *[arun_tool(call.function.name, json.loads(call.function.arguments)) for call in calls]
            )
            messages += [
                {"role": "tool", "tool_call_id": call.id, "content": json.dumps(value)}
                for call, value in zip(calls, values, strict=True)
            ]


async def chat_over_aiohttp(world: World) -> Any:
    async with aclient(world, http_client=DefaultAioHttpClient()) as openai:
        whole = await openai.chat.completions.create(**CHAT)
        stream = await openai.chat.completions.create(**CHAT, stream=True)
        return whole.model_dump(), [chunk.model_dump() async for chunk in stream]


def chat_raw_response(world: World) -> Any:
    with client(world) as openai:
        raw = openai.chat.completions.with_raw_response.create(**CHAT)
        return raw.status_code, sorted(raw.headers.items()), raw.parse().model_dump(), raw.http_version


def chat_streaming_response(world: World) -> Any:
    with client(world) as openai:
        with openai.chat.completions.with_streaming_response.create(**CHAT, stream=True) as raw:
            lines = list(raw.iter_lines())
        with openai.chat.completions.with_streaming_response.create(**CHAT) as raw:
            return lines, list(raw.iter_bytes())


async def chat_streaming_response_async(world: World) -> Any:
    async with (
        aclient(world) as openai,
        openai.chat.completions.with_streaming_response.create(**CHAT, stream=True) as raw,
    ):
        return [line async for line in raw.iter_lines()]


def embeddings(world: World) -> Any:
    with client(world) as openai:
        return openai.embeddings.create(model="text-embedding-3-small", input=["kettle", "leak"]).model_dump()


# Responses -----------------------------------------------------------------------------------------------------------


def responses(world: World) -> Any:
    with client(world) as openai:
        return [openai.responses.create(**RESPONSES).model_dump() for _ in range(3)]


async def responses_async(world: World) -> Any:
    async with aclient(world) as openai:
        answers = await asyncio.gather(*[openai.responses.create(**RESPONSES) for _ in range(4)])
        return [answer.model_dump() for answer in answers]


def responses_streamed(world: World) -> Any:
    with client(world) as openai:
        return [event.model_dump() for event in openai.responses.create(**RESPONSES, stream=True)]


async def responses_streamed_async(world: World) -> Any:
    async with aclient(world) as openai:
        return [event.model_dump() async for event in await openai.responses.create(**RESPONSES, stream=True)]


def responses_stream_helper(world: World) -> Any:
    with client(world) as openai, openai.responses.stream(**RESPONSES) as stream:
        return [event.type for event in stream], stream.get_final_response().model_dump()


async def responses_stream_helper_async(world: World) -> Any:
    async with aclient(world) as openai, openai.responses.stream(**RESPONSES) as stream:
        return [event.type async for event in stream], (await stream.get_final_response()).model_dump()


def responses_tool_loop(world: World) -> Any:
    items: list[Any] = [{"role": "user", "content": QUESTION}]
    with client(world) as openai:
        while True:
            answer = openai.responses.create(model=MODEL, instructions=SYSTEM, input=items, tools=RESPONSES_TOOLS)
            calls = [item for item in answer.output if item.type == "function_call"]
            if not calls:
                return items, answer.output_text
            items += [call.model_dump(exclude_none=True) for call in calls]
            for call in calls:
                value = json.dumps(run_tool(call.name, json.loads(call.arguments)))
                items.append({"type": "function_call_output", "call_id": call.call_id, "output": value})


async def responses_over_aiohttp(world: World) -> Any:
    async with aclient(world, http_client=DefaultAioHttpClient()) as openai:
        whole = await openai.responses.create(**RESPONSES)
        stream = await openai.responses.create(**RESPONSES, stream=True)
        return whole.model_dump(), [event.model_dump() async for event in stream]


def responses_raw_response(world: World) -> Any:
    with client(world) as openai:
        raw = openai.responses.with_raw_response.create(**RESPONSES)
        return raw.status_code, sorted(raw.headers.items()), raw.parse().model_dump()


AGENTS = {
    "sync": [chat, chat_raw_response, embeddings, responses, responses_raw_response],
    "async": [chat_async, chat_over_aiohttp, responses_async, responses_over_aiohttp],
    "streamed": [
        chat_streamed,
        chat_streamed_async,
        chat_stream_helper,
        chat_stream_helper_async,
        chat_streaming_response,
        chat_streaming_response_async,
        responses_streamed,
        responses_streamed_async,
        responses_stream_helper,
        responses_stream_helper_async,
    ],
    "tools": [chat_tool_loop, chat_tool_loop_async, responses_tool_loop],
}
