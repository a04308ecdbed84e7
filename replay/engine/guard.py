"""Connections outside every tap: refused on replay, listed while recording.

An audit hook (PEP 578) sees what Python's own sockets do. It does not see uvloop or C libraries.
"""

from __future__ import annotations

import socket
import sys
from typing import Any

from replay.engine import lineage
from replay.engine.callsite import call_site
from replay.engine.session import Session
from replay.errors import PolicyError, StopReplay
from replay.taps import boundary

_installed: list[bool] = []


def attach() -> None:
    """Watch this process's sockets. Idempotent; an audit hook cannot be taken out again."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if event not in _WATCHED or boundary.is_inside():
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


_WATCHED = {"socket.connect": _address, "socket.sendto": _address}
