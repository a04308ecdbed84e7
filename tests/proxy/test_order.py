"""Several requests in flight, told apart by what they ask, and answered in the recorded order."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.proxy import rig
from tests.proxy.rig import connect, read_all, read_until, request, whole


def many() -> int:
    """Bytes that no two sockets hold between them: who sends them waits for who reads them."""
    file = Path("/proc/sys/net/ipv4/tcp_wmem")  # the last number is the most that a socket is given
    return (int(file.read_text().split()[-1]) if file.exists() else 8 << 20) + (2 << 20)


def test_answers_come_in_the_recorded_order_whoever_asks_first(tmp_path):
    came, go = threading.Event(), threading.Event()

    def behave(connection, asked: bytes) -> None:
        if asked.endswith(b'"slow"'):
            came.set()
            assert go.wait(rig.LIMIT)
        connection.sendall(whole(b"slow" if asked.endswith(b'"slow"') else b"\n" * many()))

    with (
        rig.upstream(behave) as service,
        rig.proxy(tmp_path, "--record", "a.cassette", "--to", f"shop={service.url}") as proxy,
        connect(proxy.base) as slow,
        connect(proxy.base) as fast,
    ):
        slow.sendall(request("/shop/ask", b'"slow"'))
        assert came.wait(rig.LIMIT)
        fast.sendall(request("/shop/ask", b'"fast"'))
        live = [read_all(fast)]
        go.set()
        live.append(read_all(slow))
    with (
        rig.proxy(tmp_path, "--play", "a.cassette") as proxy,
        connect(proxy.base) as slow,
        connect(proxy.base, holds=65536) as fast,
    ):
        fast.sendall(request("/shop/ask", b'"fast"'))
        slow.sendall(request("/shop/ask", b'"slow"'))
        head = read_until(fast, b"\r\n\r\n")
        slow.setblocking(False)
        with pytest.raises(BlockingIOError):  # the rest of the fast one is still on its way
            slow.recv(1)
        slow.settimeout(rig.LIMIT)
        assert [head + read_all(fast), read_all(slow)] == live
    assert (proxy.code, proxy.said) == (0, "replay: identical: 2 served, 0 live\n")


def test_what_is_on_its_way_is_not_held_up_by_what_a_divergence_keeps_from_coming(tmp_path):
    both_came = threading.Barrier(2)

    def behave(connection, asked: bytes) -> None:
        both_came.wait(rig.LIMIT)
        connection.sendall(whole(asked[-3:]))

    with (
        rig.upstream(behave) as service,
        rig.proxy(tmp_path, "--record", "a.cassette", "--to", f"shop={service.url}") as proxy,
        connect(proxy.base) as one,
        connect(proxy.base) as two,
    ):
        one.sendall(request("/shop/ask", b'"a"'))
        two.sendall(request("/shop/ask", b'"b"'))
        live = read_all(one)
        read_all(two)
    with rig.proxy(tmp_path, "--play", "a.cassette") as proxy, connect(proxy.base) as one:
        one.sendall(request("/shop/ask", b'"a"'))  # before its answer the other request had come
        assert b"replay_stopped" in rig.ask(proxy.base, "/shop/ask", b'"c"')
        assert read_all(one) == live
    assert proxy.code == 4
    assert "reordered" not in proxy.said


def test_equal_requests_get_their_own_answers_one_after_the_other(tmp_path):
    numbers = iter(range(10))
    with (
        rig.upstream(lambda connection, _: connection.sendall(whole(b"%d" % next(numbers)))) as service,
        rig.proxy(tmp_path, "--record", "a.cassette", "--to", f"shop={service.url}") as proxy,
    ):
        live = [rig.ask(proxy.base, "/shop/dice") for _ in range(3)]
    assert [answer[-1:] for answer in live] == [b"0", b"1", b"2"]
    with rig.proxy(tmp_path, "--play", "a.cassette") as proxy:
        assert [rig.ask(proxy.base, "/shop/dice") for _ in range(2)] == live[:2]
    assert proxy.code == 1
    assert "1 recorded event never asked for" in proxy.said
