"""Each script runs in a process of its own: a filter is never taken out again."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the filter is the Linux kernel's")

REFUSE = "from replay.engine import seccomp\nassert seccomp.refuse() == ''\n"

WAYS = {
    "a C library": """
import ctypes
assert ctypes.CDLL(None).socket(2, 1, 0) == -1
assert ctypes.CDLL(None).socket(10, 1, 0) == -1
""",
    "a child that is not ours": """
import subprocess, sys
child = 'import socket; socket.create_connection(("127.0.0.1", $port))'
done = subprocess.run([sys.executable, "-I", "-S", "-c", child], stderr=subprocess.PIPE)
assert b"PermissionError" in done.stderr, done.stderr
""",
    "uvloop": """
import asyncio, uvloop
async def main():
    await asyncio.open_connection("127.0.0.1", $port)
with asyncio.Runner(loop_factory=uvloop.Loop) as runner:
    try:
        runner.run(main())
    except PermissionError:
        pass
    else:
        assert False
""",
    "a socket of Python's": """
import socket
try:
    socket.create_connection(("127.0.0.1", $port))
except OSError:
    pass
else:
    assert False
""",
    "an address of the next version": """
import socket
try:
    socket.create_connection(("::ffff:127.0.0.1", $port))
except OSError:
    pass
else:
    assert False
""",
}


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)


@pytest.fixture
def listener():
    """Who listens hears of a connection before ``connect`` returns, so that none waiting means none made."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize("way", WAYS)
def test_no_connection_comes_through(way, listener):
    done = run(REFUSE + WAYS[way].replace("$port", str(listener.getsockname()[1])))
    assert done.returncode == 0, done.stderr
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_threads_that_were_there_before_are_refused_too():
    done = run(
        "import ctypes, threading\n"
        "go, made = threading.Event(), []\n"
        "def work():\n"
        "    go.wait()\n"
        "    made.append(ctypes.CDLL(None).socket(2, 1, 0))\n"
        "thread = threading.Thread(target=work)\n"
        "thread.start()\n" + REFUSE + "go.set()\nthread.join()\nprint(made)\n"
    )
    assert done.stdout.split() == ["[-1]"], done.stderr


def test_without_the_filter_the_same_ways_come_through(listener):
    done = run(WAYS["a socket of Python's"].replace("$port", str(listener.getsockname()[1])))
    assert "AssertionError" in done.stderr
    listener.accept()[0].close()


def test_a_socket_that_is_not_used_can_be_made():
    done = run(
        REFUSE + "import socket\n"
        "tcp = socket.socket()\n"
        "udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)\n"
        "tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)\n"
        "tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
        "print(tcp.family.name, tcp.type.name, tcp.gettimeout(), udp.family.name, udp.type.name, udp.gettimeout())\n"
        "tcp.close(); udp.close()\n"
    )
    assert done.stdout.split() == ["AF_INET", "SOCK_STREAM", "None", "AF_INET6", "SOCK_DGRAM", "0.0"], done.stderr


def test_event_loops_and_local_sockets_go_on():
    done = run(
        REFUSE + "import asyncio, socket, tempfile, uvloop\n"
        "assert asyncio.run(asyncio.sleep(0, 'one')) == 'one'\n"
        "with asyncio.Runner(loop_factory=uvloop.Loop) as runner:\n"
        "    assert runner.run(asyncio.sleep(0, 'two')) == 'two'\n"
        "with tempfile.TemporaryDirectory() as place, socket.socket(socket.AF_UNIX) as server:\n"
        "    server.bind(f'{place}/s'); server.listen()\n"
        "    with socket.socket(socket.AF_UNIX) as client:\n"
        "        client.connect(f'{place}/s')\n"
        "assert socket.getaddrinfo('localhost', 80)\n"
        "import requests\n"
    )
    assert done.returncode == 0, done.stderr


def test_refusing_twice_is_refusing_once():
    status = "print(open('/proc/self/status').read().partition('Seccomp_filters:')[2].split()[0])\n"
    child = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', sys.argv[1]], check=True)\n"
    once = run(REFUSE + status).stdout
    assert run(REFUSE + REFUSE + status).stdout == once
    script = REFUSE + child.replace("sys.argv[1]", repr(REFUSE + status))
    assert run(script).stdout == once


def test_where_there_is_no_filter_the_reason_is_told():
    done = run(
        "import platform\n"
        "platform.machine = lambda: 'riscv64'\n"
        "from replay.engine import seccomp\n"
        "print(seccomp.refuse(), seccomp.in_force())\n"
    )
    assert done.stdout == "no filter for linux on riscv64 False\n", done.stderr
