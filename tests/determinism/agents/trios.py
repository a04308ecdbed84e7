"""Agents on trio, and on anyio with trio below it."""

from __future__ import annotations

import random
import time

import anyio
import httpx

from tests.determinism.agents.ask import aask, ask


def trio_nursery(url):
    import trio

    log = []

    async def main() -> None:
        async with httpx.AsyncClient() as client, trio.open_nursery() as nursery:

            async def one(number: int) -> None:
                log.append([number, await aask(client, url, number)])
                log.append([number, await aask(client, url, len(log))])

            for number in range(5):
                nursery.start_soon(one, number)

    trio.run(main)
    return log


def trio_race(url):
    import trio

    out = []

    async def main() -> None:
        async with httpx.AsyncClient() as client:
            for _ in range(3):
                async with trio.open_nursery() as nursery:

                    async def one(number: int, nursery=nursery) -> None:
                        out.append([number, await aask(client, url, [number, len(out)])])
                        nursery.cancel_scope.cancel()

                    for number in range(4):
                        nursery.start_soon(one, number)

    trio.run(main)
    return out


def trio_timeouts(url):
    import trio

    out = []

    async def main() -> None:
        async with httpx.AsyncClient() as client:
            for number in range(8):
                with trio.move_on_after(0.008):
                    out.append(await aask(client, url, number))
                    continue
                out.append("late")

    trio.run(main)
    return out


def trio_sleeps_versus_calls(url):
    """Sleeps, calls and a deadline that moves, all at once; how late it is goes into the prompts."""
    import trio

    log = []

    async def main() -> None:
        began = trio.current_time()
        async with httpx.AsyncClient() as client, trio.open_nursery() as nursery:

            async def asks(number: int) -> None:
                log.append([number, await aask(client, url, [number, trio.current_time() - began, time.monotonic()])])

            async def sleeps(number: int) -> None:
                await trio.sleep(number / 500)
                log.append(["slept", number])
                with trio.CancelScope(deadline=trio.current_time() + 0.001) as scope:
                    scope.deadline += number / 500
                    await asks(-number)
                log.append([scope.cancelled_caught, scope.cancel_called])

            for number in range(1, 6):
                nursery.start_soon(asks, number)
                nursery.start_soon(sleeps, number)
            try:
                with trio.fail_after(0.005):
                    await trio.sleep_forever()
            except trio.TooSlowError:
                log.append("too slow")

    trio.run(main)
    return log


def trio_workers(url):
    """Workers fed by a channel; one starts children that it waits to see started, and all share a limiter."""
    import trio

    log = []

    async def main() -> None:
        send, receive = trio.open_memory_channel(2)
        limiter = trio.CapacityLimiter(2)
        async with httpx.AsyncClient() as client, trio.open_nursery() as nursery:

            async def child(number: int, task_status=trio.TASK_STATUS_IGNORED) -> None:
                task_status.started(await aask(client, url, ["child", number]))
                log.append(["child", number, await aask(client, url, len(log))])

            async def work(name: int) -> None:
                async for item in receive:
                    async with limiter:
                        log.append([name, item, await aask(client, url, [name, item])])
                log.append(["started", await nursery.start(child, name)])

            for name in range(4):
                nursery.start_soon(work, name)
            async with send:
                for item in range(9):
                    await send.send([item, random.random()])

    trio.run(main)
    return log


def trio_cancelled_group(url):
    """The first odd answer fails the nursery; whoever is cancelled asks once more, shielded, before it goes."""
    import trio

    log = []

    async def main() -> None:
        async with httpx.AsyncClient() as client:

            async def one(number: int) -> None:
                try:
                    for turn in range(4):
                        answer = await aask(client, url, [number, turn])
                        log.append([number, turn, answer])
                        if answer % 3 == 0:
                            raise ValueError(number)
                except trio.Cancelled:
                    log.append(["cancelled", number])
                    with trio.CancelScope(shield=True):
                        log.append(["clean", number, await aask(client, url, ["clean", number])])
                    raise

            for _ in range(3):
                try:
                    async with trio.open_nursery() as nursery:
                        for number in range(4):
                            nursery.start_soon(one, number)
                except* ValueError as failed:
                    log.append(["failed", [error.args[0] for error in failed.exceptions]])

    trio.run(main)
    return log


def trio_cancelled_sleepers(url):
    """Tasks that only wait are cancelled all at once: they are told in an order of trio's own."""
    import trio

    log = []

    async def main() -> None:
        async with httpx.AsyncClient() as client:

            async def one(number: int) -> None:
                try:
                    with trio.CancelScope() if number % 3 else trio.move_on_after(60):
                        await trio.sleep_forever()
                finally:
                    log.append(["woken", number])

            for _ in range(4):
                async with trio.open_nursery() as nursery:
                    for number in range(9):
                        nursery.start_soon(one, number)
                    log.append(await aask(client, url, len(log)))
                    nursery.cancel_scope.cancel()

    trio.run(main)
    return log


def trio_threads(url):
    """Threads that ask, and that call back into the loop."""
    import trio

    log = []

    async def main() -> None:
        async with httpx.AsyncClient() as aclient, trio.open_nursery() as nursery:
            with httpx.Client() as client:

                def work(number: int) -> float:
                    log.append([number, ask(client, url, [number, random.random()])])
                    trio.from_thread.run_sync(log.append, ["in the loop", number])
                    log.append([number, trio.from_thread.run(aask, aclient, url, ["from", number, len(log)])])
                    return random.random()

                async def one(number: int) -> None:
                    rolled = await trio.to_thread.run_sync(work, number)
                    log.append([number, rolled, await aask(aclient, url, rolled)])

                async with trio.open_nursery() as inner:
                    for number in range(5):
                        inner.start_soon(one, number)
            nursery.start_soon(aask, aclient, url, len(log))

    trio.run(main)
    return log


def trio_streams(url):
    """Streams read in parallel and closed early."""
    import trio

    log = []

    async def main() -> None:
        async with httpx.AsyncClient() as client, trio.open_nursery() as nursery:

            async def one(number: int) -> None:
                asked = {"q": number, "chunks": 5}
                async with client.stream("POST", f"{url}/stream", json=asked) as response:
                    async for line in response.aiter_lines():
                        log.append([number, line])
                        if line.endswith("7}"):
                            break

            for number in range(4):
                nursery.start_soon(one, number)

    trio.run(main)
    return log


def anyio_on_trio(url):
    """Task groups, timeouts, threads and memory streams of anyio."""
    log = []

    async def main() -> None:
        send, receive = anyio.create_memory_object_stream(10)
        async with httpx.AsyncClient() as client, send, receive, anyio.create_task_group() as group:

            async def one(number: int) -> None:
                with anyio.move_on_after(0.008):
                    log.append([number, await aask(client, url, number)])
                rolled = await anyio.to_thread.run_sync(random.random)
                await send.send([number, rolled, await aask(client, url, [rolled, len(log)])])

            for number in range(5):
                group.start_soon(one, number)
            for _ in range(3):
                log.append(await receive.receive())
            group.cancel_scope.cancel()

    anyio.run(main, backend="trio")
    return log


AGENTS = (
    trio_nursery,
    trio_race,
    trio_timeouts,
    trio_sleeps_versus_calls,
    trio_workers,
    trio_cancelled_group,
    trio_cancelled_sleepers,
    trio_threads,
    trio_streams,
    anyio_on_trio,
)
