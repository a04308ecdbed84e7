"""Answers that come in pieces."""

from __future__ import annotations

import asyncio
import threading

import aiohttp
import httpx

from tests.determinism.agents.ask import aask


def whole_stream(url):
    with httpx.Client() as client, client.stream("POST", f"{url}/stream", json={}) as response:
        return list(response.iter_lines())


def stream_cut_early(url):
    """Reading stops at the first even number."""
    out = []
    with httpx.Client() as client:
        for number in range(4):
            with client.stream("POST", f"{url}/stream", json={"q": number}) as response:
                for line in response.iter_lines():
                    out.append(line)
                    if line[-2:-1] in ("0", "2", "4"):
                        break
    return out


async def interleaved_streams(url):
    """Five streams at once; what came when decides what the last question is."""
    log = []
    async with httpx.AsyncClient() as client:

        async def one(number: int) -> None:
            async with client.stream("POST", f"{url}/stream", json={"q": number}) as response:
                async for line in response.aiter_lines():
                    log.append([number, line])
                    if number == 2 and len(log) > 12:
                        break

        await asyncio.gather(*[one(number) for number in range(5)])
        return [log, await aask(client, url, str(log))]


async def stream_races_calls(url):
    """Calls go on while a stream comes in; the stream is dropped when the last of them is answered."""
    log = []
    async with httpx.AsyncClient() as client:

        async def read() -> None:
            async with client.stream("POST", f"{url}/stream", json={"chunks": 50}) as response:
                async for line in response.aiter_lines():
                    log.append(line)

        reading = asyncio.create_task(read())
        for number in range(5):
            log.append(await aask(client, url, [number, len(log)]))
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return log


def broken_streams(url):
    out = []
    with httpx.Client() as client:
        for number in range(4):
            try:
                with client.stream("POST", f"{url}/broken", json={"q": number}) as response:
                    out.extend(response.iter_lines())
            except httpx.TransportError as error:
                out.append(type(error).__name__)
    return out


async def broken_aiohttp_streams(url):
    log = []
    async with aiohttp.ClientSession() as session:

        async def one(number: int) -> None:
            try:
                async with session.post(f"{url}/broken", json={"q": number}) as response:
                    async for chunk in response.content.iter_any():
                        log.append([number, chunk.decode()])
            except aiohttp.ClientError as error:
                log.append([number, type(error).__name__])

        await asyncio.gather(*[one(number) for number in range(4)])
    return log


def streams_in_threads(url):
    log = []

    def one(number: int) -> None:
        with httpx.Client() as client, client.stream("POST", f"{url}/stream", json={"q": number}) as response:
            for line in response.iter_lines():
                log.append([number, line])

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return log


AGENTS = (
    whole_stream,
    stream_cut_early,
    interleaved_streams,
    stream_races_calls,
    broken_streams,
    broken_aiohttp_streams,
    streams_in_threads,
)
