"""Agents as people write them, on the frameworks that they use."""

from __future__ import annotations

import asyncio
import json
import operator
import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, TypedDict

import anyio
import httpx

from tests.determinism.agents.ask import aask, ask

_TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": name,
            "parameters": {"type": "object", "properties": {"number": {"type": "integer"}}},
        },
    }
    for name in ("add", "roll")
]


class _State(TypedDict):
    log: Annotated[list, operator.add]
    rounds: int


def langgraph_threads(url):
    """Three synchronous nodes in parallel, which the graph runs in threads, then a loop back."""
    from langgraph.graph import END, START, StateGraph

    client = httpx.Client()

    def node(name: str):
        return lambda state: {"log": [[name, ask(client, url, [name, len(state["log"])])]]}

    graph = StateGraph(_State)
    graph.add_node("plan", lambda state: {"rounds": state["rounds"] + 1, "log": [random.random()]})
    graph.add_edge(START, "plan")
    for name in ("a", "b", "c"):
        graph.add_node(name, node(name))
        graph.add_edge("plan", name)
    graph.add_node("join", node("join"))
    graph.add_edge(["a", "b", "c"], "join")
    graph.add_conditional_edges("join", lambda state: "plan" if state["rounds"] < 3 else END)
    with client:
        compiled = graph.compile()
        events = [sorted(event) for event in compiled.stream({"log": [], "rounds": 0}, stream_mode="updates")]
        return [events, compiled.invoke({"log": [], "rounds": 1})["log"]]


async def langgraph_tasks(url):
    """Asynchronous nodes fanned out with Send, in the order in which they came to an end."""
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import Send

    order = []
    async with httpx.AsyncClient() as client:

        async def work(state: dict) -> dict:
            answer = await aask(client, url, state["number"])
            order.append([state["number"], answer])
            return {"log": [answer]}

        graph = StateGraph(_State)
        graph.add_node("work", work)
        graph.add_conditional_edges(START, lambda state: [Send("work", {"number": n}) for n in range(6)], ["work"])
        graph.add_edge("work", END)
        return [(await graph.compile().ainvoke({"log": [], "rounds": 0}))["log"], order]


def langgraph_interrupt(url):
    """A graph that stops to ask a person, and is resumed twice."""
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import Command, interrupt

    with httpx.Client() as client:

        def propose(state: _State) -> dict:
            return {"log": [ask(client, url, len(state["log"]))]}

        def review(state: _State) -> Command:
            verdict = interrupt({"proposal": state["log"][-1]})
            return Command(goto="propose" if verdict == "again" else END, update={"log": [verdict]})

        graph = StateGraph(_State)
        graph.add_node("propose", propose)
        graph.add_node("review", review)
        graph.add_edge(START, "propose")
        graph.add_edge("propose", "review")
        compiled = graph.compile(checkpointer=InMemorySaver())
        config = {"configurable": {"thread_id": "1"}}
        compiled.invoke({"log": [], "rounds": 0}, config)
        compiled.invoke(Command(resume="again"), config)
        return compiled.invoke(Command(resume="good"), config)["log"]


def openai_tool_loop(url):
    """The classic loop: ask, run the tools that were asked for, ask again."""
    from openai import OpenAI

    messages: list = [{"role": "user", "content": "go"}]
    with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        for _ in range(6):
            message = client.chat.completions.create(model="m", messages=messages, tools=_TOOLS).choices[0].message
            messages.append(message.model_dump(exclude_none=True))
            for call in message.tool_calls or ():
                number = json.loads(call.function.arguments)["number"]
                result = number + 1 if call.function.name == "add" else random.randrange(number + 1)
                messages.append({"role": "tool", "tool_call_id": call.id, "content": str(result)})
            if not message.tool_calls:
                break
    return messages


async def openai_parallel_streams(url):
    from openai import AsyncOpenAI

    log = []
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:

        async def one(number: int) -> None:
            messages = [{"role": "user", "content": f"{number}"}]
            async for chunk in await client.chat.completions.create(model="m", messages=messages, stream=True):
                log.append([number, chunk.choices[0].delta.content])

        await asyncio.gather(*[one(number) for number in range(4)])
    return log


def openai_in_a_pool(url):
    """One client shared by the threads of a pool; the first use of it imports half of the SDK."""
    from openai import OpenAI

    log = []
    with OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client, ThreadPoolExecutor(4) as pool:

        def one(number: int) -> str:
            messages = [{"role": "user", "content": f"{number} of {len(log)}"}]
            text = client.chat.completions.create(model="m", messages=messages).choices[0].message.content
            log.append([number, text])
            return text

        return [list(pool.map(one, range(8))), log]


async def anyio_groups(url):
    """Task groups, cancel scopes and worker threads of anyio, on asyncio."""
    log = []
    async with httpx.AsyncClient() as client:

        async def one(number: int) -> None:
            with anyio.move_on_after(0.008):
                log.append([number, await aask(client, url, number)])
            rolled = await anyio.to_thread.run_sync(lambda: random.random())
            log.append([number, rolled, await aask(client, url, [rolled, len(log)])])

        async with anyio.create_task_group() as group:
            for number in range(5):
                group.start_soon(one, number)
    return log


async def anyio_first_wins(url):
    """Memory streams between tasks; the first answer cancels the group."""
    out = []
    async with httpx.AsyncClient() as client:
        for _ in range(3):
            send, receive = anyio.create_memory_object_stream(10)
            async with send, receive, anyio.create_task_group() as group:

                async def one(number: int, send=send) -> None:
                    await send.send([number, await aask(client, url, number)])

                for number in range(4):
                    group.start_soon(one, number)
                out.append(await receive.receive())
                group.cancel_scope.cancel()
    return out


async def pydantic_ai_tools(url):
    """pydantic-ai runs the tools that one answer asks for in parallel."""
    from openai import AsyncOpenAI
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as openai:
        agent = Agent(OpenAIChatModel("m", provider=OpenAIProvider(openai_client=openai)))
        async with httpx.AsyncClient() as client:

            @agent.tool_plain
            async def add(number: int) -> int:
                return await aask(client, url, number)

            @agent.tool_plain
            def roll(number: int) -> int:
                return random.randrange(number + 1)

            answers = await asyncio.gather(*[agent.run(f"task {number}") for number in range(3)])
    return [[answer.output, _tool_results(answer.all_messages())] for answer in answers]


def _tool_results(messages: list) -> list:
    parts = [part for message in messages for part in message.parts]
    return [[part.tool_name, part.content] for part in parts if part.part_kind == "tool-return"]


async def langgraph_tools(url):
    """LangGraph's ToolNode runs the tools of one answer side by side, those that are no coroutines on threads."""
    from langchain_core.messages import AIMessage
    from langchain_core.tools import tool
    from langgraph.graph import START, MessagesState, StateGraph
    from langgraph.prebuilt import ToolNode

    async with httpx.AsyncClient() as client:

        @tool
        async def add(number: int) -> int:
            """Add."""
            return await aask(client, url, number)

        @tool
        def roll(number: int) -> int:
            """Roll the dice."""
            return random.randrange(1000 * number)

        built = StateGraph(MessagesState)
        built.add_node("tools", ToolNode([add, roll]))
        built.add_edge(START, "tools")
        graph = built.compile()
        calls = [{"name": ("add", "roll")[n % 2], "args": {"number": n}, "id": f"call_{n}"} for n in range(6)]
        asked = AIMessage("", tool_calls=calls)
        answers = await asyncio.gather(*[graph.ainvoke({"messages": [asked]}) for _ in range(2)])
    return [[message.content for message in answer["messages"]] for answer in answers]


async def mcp_races(url):
    """Calls of an MCP server's tools, several at a time, in the order in which they come back; one is given up."""
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    log = []
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "tests.sdk.mcp_server", os.devnull], cwd=Path(__file__).parents[3]
    )
    async with stdio_client(server) as streams, ClientSession(*streams) as session, httpx.AsyncClient() as client:
        await session.initialize()

        async def one(number: int) -> None:
            answer = await session.call_tool("delivery_estimate", {"city": str(number)})
            log.append([number, answer.structured_content, await aask(client, url, [number, len(log)])])

        await asyncio.gather(*[one(number) for number in range(4)])
        losing = asyncio.create_task(session.call_tool("delivery_estimate", {"city": "nowhere"}))
        await asyncio.sleep(0)
        losing.cancel()
        log.append(type((await asyncio.gather(losing, return_exceptions=True))[0]).__name__)
        log.append([tool.name for tool in (await session.list_tools()).tools])
    return log


async def openai_agents(url):
    """openai-agents, three runs at a time, with function tools; its traces go nowhere."""
    from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool
    from openai import AsyncOpenAI

    async with (
        AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as openai,
        httpx.AsyncClient() as client,
    ):

        @function_tool
        async def add(number: int) -> int:
            return await aask(client, url, number)

        @function_tool
        def roll(number: int) -> int:
            return random.randrange(number + 1)

        agent = Agent("a", tools=[add, roll], model=OpenAIChatCompletionsModel("m", openai))
        answers = await asyncio.gather(*[Runner.run(agent, f"task {number}") for number in range(3)])
    return [[answer.final_output, answer.to_input_list()] for answer in answers]


AGENTS = (
    langgraph_threads,
    langgraph_tasks,
    langgraph_interrupt,
    openai_tool_loop,
    openai_parallel_streams,
    openai_in_a_pool,
    langgraph_tools,
    mcp_races,
    pydantic_ai_tools,
    anyio_groups,
    anyio_first_wins,
    openai_agents,
)
