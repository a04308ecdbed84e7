"""Processes that an agent starts: programs that are its tools, and Python that calls for itself.

Child Python processes join the run only when the command line started it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.determinism.agents.ask import aask, ask

_CHILD = """
import httpx, random, sys
url, name = sys.argv[1:]
with httpx.Client() as client:
    for turn in range(3):
        answer = client.post(f"{url}/ask", json={"q": [name, turn, random.random()]}).json()["answer"]
        print(name, turn, answer, flush=True)
"""


def _command(url: str, name: str) -> list[str]:
    return [sys.executable, "-c", _CHILD, url, name]


def children_one_by_one(url):
    out = []
    with httpx.Client() as client:
        for name in ("first", "second"):
            said = subprocess.run(_command(url, name), capture_output=True, text=True, check=True).stdout
            out.append([said, ask(client, url, said)])
    return out


def children_from_a_pool(url):
    """Three children at once, each waited for in a thread."""

    def one(number: int) -> str:
        return subprocess.run(_command(url, f"{number}"), capture_output=True, text=True, check=True).stdout

    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(one, range(3)))


def conversation_with_a_child(url):
    """The child's lines are read while it runs, and its answers lead to questions of the parent."""
    out = []
    with httpx.Client() as client, subprocess.Popen(_command(url, "c"), stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            out.append([line, ask(client, url, json.dumps(line))])
    return out


async def children_of_a_loop(url):
    """Two children at once; what each says leads to questions of the parent."""
    log = []
    async with httpx.AsyncClient() as client:

        async def one(name: str) -> None:
            child = await asyncio.create_subprocess_exec(*_command(url, name), stdout=subprocess.PIPE)
            async for line in child.stdout:
                log.append([name, line.decode(), await aask(client, url, [name, len(log)])])
            log.append(await child.wait())

        await asyncio.gather(one("a"), one("b"))
    return log


_NOISE = "head -c 6 /dev/urandom | od -An -tx1"


def _pause(number: int) -> str:
    return f"sleep 0.00{(number * 7) % 5}"


def programs_as_tools(url):
    """What a program says goes into the next question, and the answer into the next command."""
    out = []
    with httpx.Client() as client:
        for turn in range(3):
            done = subprocess.run(f"echo {out[-1:]}; {_NOISE}; exit {turn}", shell=True, capture_output=True, text=True)
            out.append(ask(client, url, [done.stdout, done.returncode]))
    return out


def programs_in_threads(url):
    """Who is done first decides what the next one is told."""
    log = []

    def work(number: int) -> None:
        with httpx.Client() as client:
            for _ in range(2):
                said = subprocess.check_output(f"{_pause(number)}; {_NOISE}; echo {len(log)}", shell=True, text=True)
                log.append([number, said])
                log.append([number, ask(client, url, [number, len(log)])])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    return log


async def programs_of_a_loop(url):
    """Programs and calls side by side, in the order in which they came to an end; one program is too slow."""
    log = []
    async with httpx.AsyncClient() as client:

        async def one(number: int) -> None:
            program = await asyncio.create_subprocess_shell(f"{_pause(number)}; {_NOISE}", stdout=subprocess.PIPE)
            said, _ = await program.communicate()
            log.append([number, said.decode()])
            log.append([number, await aask(client, url, [number, len(log)])])

        async def slow() -> None:
            program = await asyncio.create_subprocess_exec("sleep", "30")
            try:
                await asyncio.wait_for(program.wait(), 0.01)
            except TimeoutError:
                program.kill()
                log.append(["killed", await program.wait()])

        await asyncio.gather(*[one(number) for number in range(4)], slow())
    return log


def conversation_with_a_program(url):
    """Each answer is a line for the program, each line of the program a question."""
    out = []
    command = ["sh", "-c", f"while read line; do echo $line $({_NOISE}); done"]
    with (
        httpx.Client() as client,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program,
    ):
        for _ in range(3):
            program.stdin.write(f"{ask(client, url, out)}\n")
            program.stdin.flush()
            out.append(program.stdout.readline())
        program.stdin.close()
        return [out, program.wait()]


AGENTS = (programs_as_tools, programs_in_threads, programs_of_a_loop, conversation_with_a_program)
FAMILIES = (children_one_by_one, children_from_a_pool, conversation_with_a_child, children_of_a_loop)
