from __future__ import annotations

import asyncio
import socket

from replay.testing.listening import listen


async def test_a_chunk_after_another_waits_for_no_acknowledgement():
    accepted: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()
    listener = listen(0)

    async def answer(reader, writer) -> None:
        accepted.set_result(writer.get_extra_info("socket"))
        writer.close()

    async with await asyncio.start_server(answer, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        connection = await accepted
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        writer.close()
        await writer.wait_closed()
