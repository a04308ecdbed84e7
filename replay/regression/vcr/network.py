"""pytest-recording's ``block_network``, where it is not installed: connections outside a cassette are refused."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from replay.errors import UsageError


def check_mark(args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
    """Raises :class:`UsageError` unless the mark ``block_network`` has ``allowed_hosts`` or nothing."""
    if args or list(keywords) not in ([], ["allowed_hosts"]):
        raise UsageError(
            f"the mark block_network takes allowed_hosts and nothing else, not {args or tuple(keywords)}",
            hint='@pytest.mark.block_network(allowed_hosts=["127.*"])',
        )


@contextmanager
def blocked(allowed: Sequence[str]) -> Iterator[None]:
    """No socket connects to a host, but to those that one of the regular expressions ``allowed`` matches."""
    before = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}
    for name, original in before.items():
        setattr(socket.socket, name, _guarded(original, allowed))
    try:
        yield
    finally:
        for name, original in before.items():
            setattr(socket.socket, name, original)


def _guarded(original: Callable[..., Any], allowed: Sequence[str]) -> Callable[..., Any]:
    def guard(self: socket.socket, address: Any) -> Any:
        host = address[0] if isinstance(address, tuple) else address
        host = host.decode() if isinstance(host, bytes) else str(host)
        if any(re.match(pattern, host) for pattern in allowed):
            return original(self, address)
        raise RuntimeError(f"Network is disabled for host {host!r}")

    return guard
