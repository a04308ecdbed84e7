"""An MCP server for tests: ``python -m tests.sdk.mcp_server LOG [stdio | http] [NAME…]``.

It writes a line to the file LOG when it starts, and one for each tool that it runs. ``http`` serves SSE and streamable
HTTP on a free port, the first line on its standard output, until its input ends. NAMEs are more tools to offer.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import SamplingMessage, TextContent, ToolAnnotations

from tests.testing.offers import result


def server(log: Path, more: list[str]) -> MCPServer:
    made = MCPServer("shop", instructions="Tools of a shop.")

    def ran(name: str) -> None:
        with log.open("a") as lines:
            lines.write(f"{name}\n")

    @made.tool(annotations=ToolAnnotations(read_only_hint=True))
    def lookup_order(order_id: int) -> dict:
        """Look up an order by its number."""
        ran("lookup_order")
        return result("lookup_order", {"order_id": order_id})

    @made.tool(annotations=ToolAnnotations(destructive_hint=True))
    def refund_order(order_id: int, amount: float) -> dict:
        """Pay an amount back for an order."""
        ran("refund_order")
        return result("refund_order", {"order_id": order_id, "amount": amount})

    @made.tool()
    async def delivery_estimate(city: str, context: Context) -> dict:
        """Estimate the day a parcel arrives in a city."""
        ran("delivery_estimate")
        await context.report_progress(1, 2, "asked the carrier")
        await context.report_progress(2, 2, "got an answer")
        return result("delivery_estimate", {"city": city})

    @made.tool()
    async def summary(text: str, context: Context) -> str:
        """Have the client's own model sum it up."""
        ran("summary")
        said = await context.session.create_message(
            [SamplingMessage(role="user", content=TextContent(type="text", text=text))], max_tokens=9
        )
        return said.content.text

    @made.tool()
    def fails(reason: str) -> str:
        """Fail."""
        ran("fails")
        raise ValueError(reason)

    for name in more:
        made.tool(name=name)(lambda name=name: name)

    @made.resource("shop://rules")
    def rules() -> str:
        return "No returns after 30 days."

    @made.prompt()
    def greet(name: str) -> str:
        return f"Greet {name}."

    return made


async def _over_http(made: MCPServer) -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Mount

    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    streamable = made.streamable_http_app()
    app = Starlette(
        routes=[*streamable.routes, Mount("/", made.sse_app())], lifespan=streamable.router.lifespan_context
    )
    asyncio.get_running_loop().run_in_executor(None, _leave_at_end_of_input)
    await uvicorn.Server(uvicorn.Config(app, log_level="error")).serve([listener])


def _leave_at_end_of_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main(log: str, transport: str = "stdio", *more: str) -> None:
    made = server(Path(log), list(more))
    with Path(log).open("a") as lines:
        lines.write("started\n")
    if transport == "http":
        asyncio.run(_over_http(made))
    else:
        made.run("stdio")


if __name__ == "__main__":
    main(*sys.argv[1:])
