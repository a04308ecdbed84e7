"""``subprocess.Popen``, and with it ``run``, ``check_output``, ``os.popen`` and what else starts processes by it.

While recording, the process runs; what the program is told of it (output, exit code, time limits) is written down. On
replay no process is started. One that takes part in the run itself, a child Python process that calls for itself, runs
again; one whose output goes where we cannot see it (a file of the program's) is left alone.

Seams: ``__init__``, ``communicate``, ``wait``, ``poll``, ``send_signal``, and the files of the pipes. Not seen: reads
of a pipe by its number (``os.read(process.stdout.fileno(), …)``).
"""

from __future__ import annotations

import inspect
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any

from replay.dialects.processes import ERRORS, EXIT, LATE, OUTPUT
from replay.events import End
from replay.taps import boundary, outside
from replay.taps.patch import wrap
from replay.taps.process import (
    Told,
    code_of,
    failed,
    forget_signals_to,
    gone,
    is_programs,
    is_seen,
    late,
    late_parts,
    pid_of,
    rebuilt,
    run_request,
    started,
)
from replay.taps.subprocess_pipes import Sink, Source, standing_in

_INIT = inspect.signature(subprocess.Popen.__init__)
_EXECUTE = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]
_PIPE_ENDS = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")


def attach(module: ModuleType) -> None:
    """Tap the ``subprocess`` module. Idempotent."""
    popen = module.Popen
    wrap(popen, "__init__", _init)
    for name, make in _METHODS.items():
        wrap(popen, name, partial(_method, make))
    for name in ("kill", "killpg", "getpgid"):
        if hasattr(os, name):
            wrap(os, name, _of_process)
    wrap(os, "system", _system)


def _init(original: Callable[..., None]) -> Callable[..., None]:
    def init(self: Any, *args: Any, **options: Any) -> None:
        session = boundary.current()
        if session is None or not outside.are_events():
            original(self, *args, **options)
            return
        if not is_programs():
            self._replay_computes = True
            with outside.computing():
                original(self, *args, **options)
            return
        given = _INIT.bind(self, *args, **options).arguments
        if not is_seen(given):
            original(self, *args, **options)
            return
        _Child(self, session, given).start(original)

    return init


def _method(make: Callable[[Any], Callable[..., Any]], original: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **options: Any) -> Any:
        if getattr(self, "_replay_computes", False):
            with outside.computing():
                return original(self, *args, **options)
        child: _Child | None = getattr(self, "_replay_child", None)
        if child is None or boundary.is_inside():
            return original(self, *args, **options)
        return make(child)(partial(original, self), *args, **options)

    return method


def _of_process(original: Callable[..., Any]) -> Callable[..., Any]:
    """``os.kill`` and alike, for processes that are served: signals go nowhere."""

    def of_process(pid: int, *args: Any) -> Any:
        if pid in gone and boundary.current() is not None:
            return None if args else pid
        return original(pid, *args)

    return of_process


def _system(original: Callable[[Any], int]) -> Callable[[Any], int]:
    def system(command: Any) -> int:
        session = boundary.current()
        if session is None or not is_programs() or not outside.are_events():
            with outside.computing():
                return original(command)
        request = run_request(command, shell=True, executable=None, cwd=None)
        call = session.issue(request)
        told, born = Told(session, call, request.target), outside.born(None)
        if told.is_served:
            chunk = told.take(EXIT)
            told.exits(code_of(chunk))
            return code_of(chunk)
        with boundary.inside(), outside.waiting(), _environment(born):
            code = original(command)
        told.note_joined(born)
        told.exits(code)
        return code

    return system


@contextmanager
def _environment(born: outside.Born) -> Iterator[None]:
    """The environment of processes that C code starts with this one's."""
    changed = {name: value for name, value in (born.env or {}).items() if os.environ.get(name) != value}
    before = {name: os.environ.get(name) for name in changed}
    for name, value in changed.items():
        os.putenv(name, value)
    try:
        yield
    finally:
        for name, kept in before.items():
            os.putenv(name, kept) if kept is not None else os.unsetenv(name)


class _Child:
    """One ``Popen`` object, recorded, served or run again."""

    def __init__(self, popen: Any, session: boundary.Boundary, given: dict[str, Any]) -> None:
        self.popen = popen
        self.session = session
        self.given = given
        shell, executable, cwd = (given.get(name) for name in ("shell", "executable", "cwd"))
        request = run_request(given["args"], shell=bool(shell), executable=executable, cwd=cwd)
        self.call = session.issue(request)
        self.told = Told(session, self.call, request.target)
        self.born = outside.born(given.get("env"))

    def start(self, original: Callable[..., None]) -> None:
        """``original`` is ``Popen.__init__``."""
        if self.told.is_served:
            self._serve(original)
        else:
            self._run(original)
        self.popen._replay_child = self
        self._stand_in()

    def _run(self, original: Callable[..., None]) -> None:
        try:
            with boundary.inside(), outside.waiting():
                original(**{**self.given, "env": self.born.env})
        except BaseException as error:
            self.call.deliver(failed(error))
            raise
        served = self.call.served
        self.call.deliver(started(self.popen.pid) if served is None or served.head is None else served.head)

    def _serve(self, original: Callable[..., None]) -> None:
        answer = self.call.served
        assert answer is not None
        if answer.head is None:
            end = answer.end or End("closed")
            self.call.deliver(end)
            raise rebuilt(end.failure) if end.failure is not None else OSError("the recorded process never started")
        self.popen._execute_child = partial(self._start_nothing, pid_of(answer))
        try:
            with boundary.inside():
                original(**self.given)
        finally:
            del self.popen._execute_child
        self.call.deliver(answer.head)

    def _start_nothing(self, pid: int, *args: Any) -> None:
        """Stands in for ``_execute_child``: closes the process's ends of the pipes, as that does."""
        given = _EXECUTE.bind(self.popen, *args).arguments
        self.popen.pid = pid
        self.popen._close_pipe_fds(*[given[name] for name in _PIPE_ENDS])
        forget_signals_to(pid)

    def _stand_in(self) -> None:
        popen = self.popen
        for name, tag in (("stdout", OUTPUT), ("stderr", ERRORS)):
            if getattr(popen, name) is not None:
                make = partial(Source, self.told, tag=tag, before_reading=self._note_joined)
                setattr(popen, name, standing_in(getattr(popen, name), make))
        if popen.stdin is not None:
            popen.stdin = standing_in(popen.stdin, partial(Sink, self.told))

    def _note_joined(self) -> None:
        self.told.note_joined(self.born)

    # What the program does with it -------------------------------------------------------------------------------

    def communicate(self, original: Callable[..., Any], input: Any = None, timeout: float | None = None) -> Any:
        self._write_all(input)
        if self.told.is_served:
            return self._served_communication(timeout)
        try:
            with boundary.inside(), outside.waiting():
                output, errors = original(input, timeout)
        except subprocess.TimeoutExpired as error:
            self._is_late(error)
            raise
        self._note_joined()
        for tag, text in ((OUTPUT, output), (ERRORS, errors)):
            if text is not None:
                self.told.tell(tag, text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
        self.told.exits(self.popen.returncode)
        return output, errors

    def _write_all(self, input: Any) -> None:
        """What ``communicate`` sends is asked for first; whether all of it was read, nobody can tell."""
        if input:
            text = input if isinstance(input, str) else None
            sent = text.encode("utf-8", "surrogatepass") if text is not None else bytes(input)
            self.told.writes(sent).deliver(End())

    def _served_communication(self, timeout: float | None) -> Any:
        if self.told.next_of(LATE, EXIT) == LATE:
            self._be_late(timeout)
        parts = [self._served_output(self.popen.stdout, OUTPUT), self._served_output(self.popen.stderr, ERRORS)]
        self._exit_as_recorded()
        return tuple(parts)

    def _served_output(self, file: Any, tag: bytes) -> Any:
        if file is None:
            return None
        data = b""
        while (chunk := self.told.take(tag)) is not None:
            self.call.deliver(chunk)
            data += chunk.data[1:]
        file.close()
        return data.decode("utf-8", "surrogatepass") if self.popen.text_mode else data

    def wait(self, original: Callable[..., int], timeout: float | None = None) -> int:
        if self.told.ended:
            return int(self.popen.returncode)
        if self.told.is_served:
            if self.told.next_of(LATE, EXIT) == LATE:
                self._be_late(timeout)
            return self._exit_as_recorded()
        try:
            with boundary.inside(), outside.waiting():
                code = original(timeout)
        except subprocess.TimeoutExpired as error:
            self._is_late(error)
            raise
        self._note_joined()
        self.told.exits(code)
        return code

    def poll(self, original: Callable[..., int | None]) -> int | None:
        if self.told.ended:
            return int(self.popen.returncode)
        code = None if self.told.is_served else original()
        knows = self.told.next_of(EXIT) if self.told.is_served else code is not None
        if not self.session.read("process.poll", lambda: int(bool(knows))):
            return None
        if self.told.is_served:
            return self._exit_as_recorded()
        return self.wait(self._really_wait)

    def _really_wait(self, timeout: float | None) -> int:
        return self.popen.wait(timeout)  # type: ignore[no-any-return]

    def send_signal(self, original: Callable[..., None], signal: int) -> None:
        if not self.told.is_served:
            with boundary.inside():
                original(signal)

    def _exit_as_recorded(self) -> int:
        chunk = self.told.take(EXIT)
        code = self.popen.returncode = code_of(chunk)
        if chunk is not None:
            self.call.deliver(chunk)
        self.told.ended = True
        self.call.deliver(End())
        return code

    def _is_late(self, error: subprocess.TimeoutExpired) -> None:
        self._note_joined()
        self.told.tell(LATE, late(error.output, error.stderr))

    def _be_late(self, timeout: float | None) -> None:
        chunk = self.told.take(LATE)
        assert chunk is not None
        self.call.deliver(chunk)
        output, errors = late_parts(chunk)
        raise subprocess.TimeoutExpired(self.popen.args, timeout or 0.0, output=output, stderr=errors)


_METHODS: dict[str, Callable[[Any], Callable[..., Any]]] = {
    "communicate": lambda child: child.communicate,
    "poll": lambda child: child.poll,
    "send_signal": lambda child: child.send_signal,
    "wait": lambda child: child.wait,
}
