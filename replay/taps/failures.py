"""Exceptions as data, and back: a closed table of one library's classes.

Nothing named in a cassette is ever imported: a name is looked up in the table, and an unknown one becomes the library's
base error.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from replay.events import End, Failure

MAX_ARGUMENTS: Final = 65_536
"""Bytes of a recorded failure's arguments that are looked at; more than this is no exception of a library."""

MAX_DEPTH: Final = 3
"""How deep exceptions may hold one another (``URLError(SSLError(...))`` is 2)."""

INTERRUPTS: Final[dict[str, type[BaseException]]] = {"KeyboardInterrupt": KeyboardInterrupt, "SystemExit": SystemExit}
"""Raised inside a call by a signal's handler."""

LOST: Final = object()
"""Stands for an argument that is no plain value (a connection, a response): the tap puts today's own in its place."""


class Failures:
    """The exceptions of one library: ``names`` maps a recorded name to its class, ``base`` answers for the rest."""

    def __init__(self, names: Mapping[str, type[Exception]], base: type[Exception]) -> None:
        self.base = base
        self._classes = dict(names)
        self._names = {kind: name for name, kind in names.items()}

    def of(self, error: BaseException) -> Failure:
        """``error`` as data. A class outside the table goes by its nearest base in it, else by ``base``."""
        kind = next((kind for kind in type(error).__mro__ if kind in self._names), None)
        arguments = self._encoded(error) if kind is type(error) else []
        name = self._names[kind] if kind else self.base.__name__
        return Failure(name, str(error), json.dumps(arguments).encode() if arguments else b"")

    def end(self, error: BaseException, *, started: bool) -> End:
        """How an answer ends in which ``error`` was raised; ``started``: the head had already come.

        A cancellation is the program giving up. An interrupt comes from outside, and comes again on replay.
        """
        if type(error).__name__ in INTERRUPTS:
            failure = Failure(type(error).__name__, str(error))
        elif isinstance(error, Exception):
            failure = self.of(error)
        else:
            return End("closed")
        return End("broken" if started else "failed", failure)

    def kind(self, failure: Failure) -> type[Exception]:
        return self._classes.get(failure.name, self.base)

    def build(self, failure: Failure, **attributes: Any) -> BaseException:
        """The library's own exception, with ``attributes`` that a constructor would have been given besides a text."""
        if failure.name in INTERRUPTS:
            return INTERRUPTS[failure.name](*filter(None, [failure.message]))
        arguments = self.arguments(failure) if failure.name in self._classes else []
        if not arguments or any(argument is LOST for argument in arguments):
            arguments = [failure.message] if failure.message else []
        error = _construct(self.kind(failure), arguments, failure.message)
        for name, value in attributes.items():
            setattr(error, name, value)
        return error

    def arguments(self, failure: Failure) -> list[Any]:
        """The exception's arguments, :data:`LOST` where one could not be kept; empty when the message is all."""
        if not 0 < len(failure.state) <= MAX_ARGUMENTS:
            return []
        try:
            return self._decoded(json.loads(failure.state), MAX_DEPTH)
        except (ValueError, RecursionError):
            return []

    def _encoded(self, error: BaseException, depth: int = MAX_DEPTH) -> list[Any]:
        if error.args == (str(error),):
            return []
        return [self._encoded_one(argument, depth) for argument in error.args]

    def _encoded_one(self, argument: Any, depth: int) -> Any:
        if argument is None or isinstance(argument, (str, int, float)):
            return argument
        if isinstance(argument, Exception) and type(argument) in self._names and depth:
            return {
                "error": self._names[type(argument)],
                "message": str(argument),
                "args": self._encoded(argument, depth - 1),
            }
        return {}

    def _decoded(self, items: Any, depth: int) -> list[Any]:
        return [self._decoded_one(item, depth) for item in items] if isinstance(items, list) else []

    def _decoded_one(self, item: Any, depth: int) -> Any:
        if item is None or isinstance(item, (str, int, float)):
            return item
        if not isinstance(item, dict) or not item or not depth:
            return LOST
        message = str(item.get("message", ""))
        arguments = self._decoded(item.get("args"), depth - 1)
        if not arguments or any(argument is LOST for argument in arguments):
            arguments = [message]
        return _construct(self._classes.get(str(item.get("error")), self.base), arguments, message)


def exceptions_of(module: ModuleType) -> dict[str, type[Exception]]:
    """The exception classes that ``module`` defines, by name."""
    return {
        name: kind
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, Exception) and kind.__module__ == module.__name__
    }


def _qualified(*kinds: type[Exception]) -> dict[str, type[Exception]]:
    return {
        kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}": kind for kind in kinds
    }


def _construct(kind: type[Exception], arguments: list[Any], message: str) -> Exception:
    try:
        return kind(*arguments)
    except Exception:  # a constructor that wants objects of the moment: the class and the text are what callers look at
        error = kind.__new__(kind)
        error.args = (message,)
        return error


SYSTEM: Final = _qualified(
    *[
        kind
        for kind in vars(http.client).values()
        if isinstance(kind, type) and issubclass(kind, http.client.HTTPException)
    ],
    BlockingIOError,
    BrokenPipeError,
    ConnectionAbortedError,
    ConnectionError,
    ConnectionRefusedError,
    ConnectionResetError,
    EOFError,
    OSError,
    TimeoutError,
    ValueError,
    socket.gaierror,
    socket.herror,
    ssl.SSLCertVerificationError,
    ssl.SSLEOFError,
    ssl.SSLError,
    ssl.SSLSyscallError,
    ssl.SSLWantReadError,
    ssl.SSLWantWriteError,
    ssl.SSLZeroReturnError,
)
"""What sockets, TLS and ``http.client`` raise by themselves."""
