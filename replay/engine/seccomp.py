"""On Linux, the kernel refuses internet sockets to a replayed process and to all its children (seccomp(2)).

Covers what no audit hook sees: uvloop, C libraries such as libpq, and children that are not Python. Python's own
sockets get a stand-in that leads nowhere, so that a program that makes one and does not use it goes on, and one that
uses it is refused by :mod:`replay.engine.guard`, with its call site.
"""

from __future__ import annotations

import errno
import os
import platform
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from replay.taps.patch import MARK, wrap

INTERNET = (socket.AF_INET, socket.AF_INET6)


@dataclass(frozen=True, slots=True)
class _Machine:
    """Numbers of one architecture: AUDIT_ARCH (linux/audit.h), and of the system calls socket and seccomp."""

    audit: int
    socket: int
    seccomp: int


_MACHINES = {"x86_64": _Machine(0xC000003E, 41, 317), "aarch64": _Machine(0xC00000B7, 198, 277)}
_IO_URING_SETUP = 425
"""The same everywhere; a ring makes sockets without the system call."""
_X32 = 0x40000000
"""Set in system call numbers of the x32 ABI; no number of another ABI has it."""

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER = 1
_TSYNC = 1
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_LOAD, _EQUAL, _AND, _RETURN = 0x20, 0x15, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
"""Offsets in ``struct seccomp_data``; of an argument the low half, on these little-endian machines."""


def refuse() -> str:
    """Refuse internet sockets to this process from now on; returns why that cannot be done, or ``""``."""
    if not in_force() and not _are_refused():
        machine = _MACHINES.get(platform.machine()) if sys.platform == "linux" else None
        if machine is None or sys.maxsize < 2**32:
            return f"no filter for {sys.platform} on {platform.machine()}"
        problem = _install(machine)
        if problem:
            return problem
    wrap(socket.socket, "__init__", _init)
    wrap(socket.socket, "setsockopt", _setsockopt)
    return ""


def in_force() -> bool:
    """Whether :func:`refuse` has succeeded in this process."""
    return hasattr(socket.socket.__init__, MARK)


def _are_refused() -> bool:
    """By a parent process of the replay, or by a container."""
    for family in INTERNET:
        try:
            socket.socket(family).close()
        except OSError:
            continue
        return False
    return True


def _install(machine: _Machine) -> str:
    try:
        import ctypes
    except ImportError:
        return "this Python has no ctypes"
    code = _code(machine)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    failed = libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) or libc.syscall(
        ctypes.c_long(machine.seccomp), ctypes.c_ulong(_SET_MODE_FILTER), ctypes.c_ulong(_TSYNC), program
    )
    return f"seccomp: {os.strerror(ctypes.get_errno()) if failed < 0 else 'a thread stays out'}" if failed else ""


def _code(machine: _Machine) -> bytes:
    """The filter: classic BPF, eight bytes an instruction (linux/filter.h). Jumps count from the next instruction."""
    instructions = (
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, 7, machine.audit),
        (_LOAD, 0, 0, _NUMBER),
        (_AND, 0, 0, ~_X32 & 0xFFFFFFFF),
        (_EQUAL, 6, 0, _IO_URING_SETUP),
        (_EQUAL, 0, 3, machine.socket),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 2, 0, socket.AF_INET),
        (_EQUAL, 1, 0, socket.AF_INET6),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.EACCES),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    )
    return b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)


def _init(original: Callable[..., None]) -> Callable[..., None]:
    def init(self: socket.socket, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
        if fileno is not None or family not in (-1, *INTERNET):
            original(self, family, type, proto, fileno)
            return
        kind = socket.SOCK_STREAM if type == -1 else type
        stand_in = socket.socket(socket.AF_UNIX, kind).detach()
        original(self, socket.AF_INET if family == -1 else family, kind, max(proto, 0), stand_in)

    return init


def _setsockopt(original: Callable[..., None]) -> Callable[..., None]:
    """The stand-in takes no options of TCP and IP: a program that only sets them shall not notice."""

    def setsockopt(self: socket.socket, level: int, *args: Any) -> None:
        if self.family not in INTERNET or level == socket.SOL_SOCKET:
            original(self, level, *args)

    return setsockopt
