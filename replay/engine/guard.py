"""Connections outside every tap: refused on replay, listed while recording.

An audit hook (PEP 578) sees what Python's own sockets do. It does not see uvloop or C libraries: those, and children
that are not Python, are the kernel's part (:mod:`replay.engine.seccomp`), where it is to be had. Where it is, sockets
that listen and names that are looked up are refused too, for the kernel would, without saying where.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Callable
from typing import Any

from replay.engine import lineage, seccomp
from replay.engine.callsite import call_site
from replay.engine.session import Session
from replay.errors import PolicyError, StopReplay
from replay.taps import boundary
from replay.taps.importing import importing

_installed: list[bool] = []


def attach() -> None:
    """Watch this process's sockets. Idempotent; an audit hook cannot be taken out again."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    # While the interpreter ends, this module's names become None before the hook is taken out.
    if not _WATCHED or event not in _WATCHED or boundary.is_inside():
        return
    node = lineage.current()
    if node is None:
        return
    place = _WATCHED[event](*args)
    if place and not node.session.hosts.allows(f"tcp://{place}"):
        _met(node.session, place)


def _met(session: Session, place: str) -> None:
    where = call_site()
    met = f"{place} ({where})" if where else place
    if session.source is None:
        session.watched(met)
    else:
        session.refused(met)
        raise StopReplay(
            PolicyError(
                f"a replay opens no connection: {met} is not the cassette's",
                hint=f"let it through with --allow-host {place.rpartition(':')[0]}",
            )
        )


def _address(sock: socket.socket, address: Any, *_: Any) -> str:
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return ""
    return f"{address[0]}:{address[1]}"


def _listening(sock: socket.socket, address: Any) -> str:
    """A server of the program's own; where it would listen, as its clients on this machine would call it."""
    if not seccomp.in_force():
        return ""
    if importing():  # urllib3 tries whether it can, and takes no for an answer
        raise PermissionError(errno.EACCES, "a replay opens no socket (--allow-host 127.0.0.1 would)")
    host, separator, port = _address(sock, address).rpartition(":")
    return f"{'127.0.0.1' if host in _ANYWHERE else host}{separator}{port}"


def _name(host: Any, port: Any = 0, *_: Any) -> str:
    if not seccomp.in_force() or not isinstance(host, str) or host in _OURS or _is_number(host):
        return ""
    return f"{host}:{port or 0}"


def _is_number(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


_ANYWHERE = ("", "0.0.0.0", "::")
_OURS = ("", "localhost", socket.gethostname())

_WATCHED: dict[str, Callable[..., str]] = {
    "socket.connect": _address,
    "socket.sendto": _address,
    "socket.bind": _listening,
    "socket.getaddrinfo": _name,
    "socket.gethostbyname": _name,
}
