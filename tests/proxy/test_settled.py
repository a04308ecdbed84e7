from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from replay.proxy import settled
from replay.proxy.settled import Pace, computes, is_busy, unread

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system tells it on Linux alone")


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The program's end of a connection, and the proxy's."""
    with ExitStack() as open_ones:
        listener = open_ones.enter_context(socket.create_server(("127.0.0.1", 0)))
        program = open_ones.enter_context(socket.create_connection(listener.getsockname()))
        yield program, open_ones.enter_context(listener.accept()[0])


def ports(pair: tuple[socket.socket, socket.socket]) -> tuple[int, int]:
    return pair[0].getsockname()[1], pair[1].getsockname()[1]


def test_what_nobody_has_read_yet_is_seen(pair):
    program, proxy = pair
    proxy.sendall(b"x" * 100)
    assert unread(*ports(pair)) == 100
    program.recv(60)
    assert unread(*ports(pair)) == 40
    program.recv(60)
    assert unread(*ports(pair)) == 0


def test_a_connection_that_is_gone_holds_up_nobody():
    assert unread(1, 2) == 0


def test_a_process_that_computes_is_told_from_one_that_waits():
    waits = "import sys; print(flush=True); sys.stdin.read()"
    spins = "print(flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", waits], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        while computes(process.pid):  # until it has come to its read
            pass
        assert not computes(process.pid)
    with subprocess.Popen([sys.executable, "-c", spins], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert computes(process.pid)
        assert is_busy(os.getpid())
        process.kill()


async def test_a_part_for_another_connection_waits_until_the_one_before_is_read(pair, monkeypatch):
    monkeypatch.setattr(settled, "is_busy", lambda _: False)
    program, proxy = pair
    peer, port = ports(pair)
    pace = Pace(port)
    pace.flying = 2
    await pace.turn(peer)
    proxy.sendall(b"one")
    await pace.turn(peer)  # the same one's parts are in order by themselves
    other = asyncio.create_task(pace.turn(peer + 1))
    done, _ = await asyncio.wait({other}, timeout=0.05)
    assert not done
    program.recv(3)
    await other
    assert pace.unsettled == 0


async def test_who_does_not_read_is_not_waited_for_for_ever_and_that_is_counted(pair, monkeypatch):
    monkeypatch.setattr(settled, "LIMIT", 0.01)
    peer, port = ports(pair)
    pace = Pace(port)
    pace.flying = 2
    await pace.turn(peer)
    pair[1].sendall(b"one")
    await pace.turn(peer + 1)
    assert pace.unsettled == 1


async def test_nobody_is_waited_for_while_one_answer_is_on_its_way(pair):
    peer, port = ports(pair)
    pace = Pace(port)
    pace.flying = 1
    await pace.turn(peer)
    pair[1].sendall(b"one")
    await pace.turn(peer + 1)
    assert pace.unsettled == 0


async def test_the_end_of_the_last_but_one_still_counts(pair, monkeypatch):
    monkeypatch.setattr(settled, "LIMIT", 0.01)
    peer, port = ports(pair)
    pace = Pace(port)
    pace.flying = 2
    await pace.turn(peer)
    pair[1].sendall(b"the end")
    pace.flying = 1
    await pace.turn(peer + 1)
    assert pace.unsettled == 1
