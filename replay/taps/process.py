"""A subprocess as an event: what was run, and what came of it, piece by piece (:mod:`replay.dialects.processes`).

What the program writes to the process are requests of their own, so that other words are a divergence and do not get
the old answer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from typing import Any

from replay.dialects.processes import EXIT, JOINED, exit_code
from replay.events import Answer, Chunk, End, Failure, Head, Request
from replay.taps import outside
from replay.taps.boundary import Boundary, Call
from replay.taps.failures import SYSTEM, Failures

_KINDS = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError, TypeError)

FAILURES = Failures(
    {**SYSTEM, **{kind.__name__: kind for kind in _KINDS}, "SubprocessError": subprocess.SubprocessError}, OSError
)

_ON_BEHALF = frozenset(["os", "subprocess", "replay.taps.subprocess"])
"""Modules that start processes for their own caller: ``os.popen``, ``subprocess.run``."""

_ASKS_THE_SYSTEM = ("_osx_support", "ctypes", "platform", "setuptools", "sysconfig", "uuid", "webbrowser")
_RUNS_THE_PROGRAM = (
    "_pytest", "asyncio", "concurrent", "coverage", "debugpy", "hypothesis", "ipykernel", "multiprocessing", "pydevd",
    "replay", "xdist",
)  # fmt: skip
_OWN_COMPUTING = frozenset([*_ASKS_THE_SYSTEM, *_RUNS_THE_PROGRAM])
"""Packages whose processes are no steps of the program. The first ask the system what it is (``uname -p``), at most
once in a process: a replay in a process that knows already would not ask again."""


def is_programs() -> bool:
    """Whether the caller of the function that calls this starts a process for the program's own sake."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__") in _ON_BEHALF:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__")).partition(".")[0] not in _OWN_COMPUTING


def run_request(args: Any, *, shell: bool, executable: Any, cwd: Any) -> Request:
    """What asks for a process. The environment takes no part: it is full of secrets, and of accidents."""
    argv = [os.fsdecode(arg) for arg in ((args,) if isinstance(args, (str, bytes, os.PathLike)) else args)]
    asked: dict[str, Any] = {"shell": argv[0]} if shell else {"argv": argv}
    if executable is not None:
        asked["executable"] = os.fsdecode(executable)
    if cwd is not None:
        asked["cwd"] = os.fsdecode(cwd)
    name = argv[0].split() if shell else argv[:1]
    return Request("process", "run", os.path.basename(name[0]) if name else "", body=json.dumps(asked).encode())


def is_seen(given: dict[str, Any]) -> bool:
    """Whether all output of the process comes by us, or goes past the program. ``given``: arguments of ``Popen``."""
    plain = (None, subprocess.PIPE, subprocess.DEVNULL, subprocess.STDOUT)
    return all(given.get(name) in plain for name in ("stdout", "stderr"))


gone: set[int] = set()
"""Process ids of recordings that programs have been told on replay: today they are nobody's, or somebody else's."""


def forget_signals_to(pid: int) -> None:
    """``pid`` is that of a served process: signals to it go nowhere."""
    gone.add(pid)


def started(pid: int) -> Head:
    return Head(0, "started", "", (("pid", str(pid)),))


def failed(error: BaseException) -> End:
    """How the start of a process fails; the system's errors are rebuilt from their number."""
    end = FAILURES.end(error, started=False)
    if isinstance(error, OSError) and error.errno is not None and end.failure is not None:
        state = json.dumps([error.errno, error.strerror, error.filename and os.fsdecode(error.filename)]).encode()
        return End("failed", Failure(end.failure.name, end.failure.message, state))
    return end


def rebuilt(failure: Failure) -> BaseException:
    """The exception of a start that failed. ``OSError`` makes the class of a number: ``FileNotFoundError`` for 2."""
    arguments = FAILURES.arguments(failure)
    if issubclass(FAILURES.kind(failure), OSError) and len(arguments) == 3 and type(arguments[0]) is int:
        return OSError(*arguments[: 3 if arguments[2] else 2])
    return FAILURES.build(failure)


class Told:
    """What the program has been told of one process: written down while recording, looked up on replay."""

    def __init__(self, session: Boundary, call: Call, target: str) -> None:
        self.session = session
        self.call = call
        self.target = target
        self.ended = False
        self.join_told = False
        answer = call.served
        self.left: deque[Chunk] = deque(answer.chunks if answer is not None else ())
        self.joined = any(chunk.data[:1] == JOINED for chunk in self.left)
        self.is_served = answer is not None and not self.joined

    def writes(self, data: bytes) -> Call:
        """The program writes ``data`` to the process."""
        with self.session.within(self.call, own_lineage=False):
            return self.session.issue(Request("process", "write", self.target, body=data))

    def take(self, *tags: bytes) -> Chunk | None:
        """The next recorded thing of these kinds, or None."""
        for chunk in self.left:
            if chunk.data[:1] in tags:
                self.left.remove(chunk)
                return chunk
        return None

    def recorded_size(self, tag: bytes) -> int:
        """How many bytes of this kind were told at once in the recording, the next time."""
        return next((len(chunk.data) - 1 for chunk in self.left if chunk.data[:1] == tag), 0)

    def next_of(self, *tags: bytes) -> bytes:
        """Which of these kinds comes next in the recording; empty when none does."""
        return next((chunk.data[:1] for chunk in self.left if chunk.data[:1] in tags), b"")

    def tell(self, tag: bytes, data: bytes = b"") -> None:
        """The program is told ``data`` in its turn: recorded, or in the place of what was recorded."""
        if self.joined and self.left and self.left[0].data[:1] == JOINED:
            self.call.deliver(self.left.popleft())
        self.call.deliver(self.part(tag, data))

    def part(self, tag: bytes, data: bytes) -> Chunk:
        recorded = self.take(tag) if self.call.served is not None else None
        return Chunk(tag + data) if recorded is None else Chunk(tag + data, recorded.at, recorded.tick)

    def exits(self, code: int) -> None:
        """The program is told the exit code; later times are no news."""
        if not self.ended:
            self.ended = True
            self.tell(EXIT, str(code).encode())
            self.call.deliver(End())

    def note_joined(self, child: outside.Born) -> None:
        """Write down that the process takes part in the run, once that shows."""
        if not self.join_told and self.call.served is None and child.has_joined:
            self.join_told = True
            self.tell(JOINED)


def pid_of(answer: Answer) -> int:
    """The recorded process id; 0 when a file does not hold one."""
    text = (answer.head.header("pid") if answer.head else None) or "0"
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def code_of(chunk: Chunk | None) -> int:
    """The recorded exit code; 0 when a file does not hold one."""
    return (exit_code(chunk.data[1:]) if chunk is not None else None) or 0


def late(output: bytes | None, errors: bytes | None) -> bytes:
    """What had come when a time limit passed, as the exception holds it."""
    return json.dumps([part and part.decode("latin-1") for part in (output, errors)]).encode()


def late_parts(chunk: Chunk) -> tuple[bytes | None, bytes | None]:
    """The twin of :func:`late`."""
    try:
        output, errors = json.loads(chunk.data[1:])
        return output and output.encode("latin-1"), errors and errors.encode("latin-1")
    except (ValueError, TypeError, AttributeError, RecursionError):  # a hostile file
        return None, None
