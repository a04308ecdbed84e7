from __future__ import annotations

import ssl
import urllib.error

import pytest

from replay.events import End, Failure
from replay.taps.failures import SYSTEM, Failures


class LibraryError(Exception):
    pass


class NarrowError(LibraryError):
    pass


class OneOfANewerVersionError(NarrowError):
    pass


class ContextError(LibraryError):
    """An error whose constructor wants more than a text."""

    def __init__(self, pool: object, text: str) -> None:
        self.pool = pool
        super().__init__(f"{pool}: {text}")


FAILURES = Failures(SYSTEM | {"Narrow": NarrowError, "Context": ContextError}, base=LibraryError)


@pytest.mark.parametrize(
    "error",
    [
        NarrowError("read failed"),
        ConnectionResetError(104, "Connection reset by peer"),
        TimeoutError(),
        ssl.SSLError(1, "[SSL] bad"),
        ssl.SSLCertVerificationError(1, "self-signed"),
        OSError("a text only"),
    ],
)
def test_an_error_comes_back_as_its_class_with_its_text_and_arguments(error: Exception) -> None:
    again = FAILURES.build(FAILURES.of(error))
    assert (type(again), str(again), again.args) == (type(error), str(error), error.args)
    assert getattr(again, "errno", None) == getattr(error, "errno", None)


def test_an_error_within_an_error_comes_back_too() -> None:
    failures = Failures(SYSTEM | {"URLError": urllib.error.URLError}, base=urllib.error.URLError)
    again = failures.build(failures.of(urllib.error.URLError(ConnectionRefusedError(111, "Connection refused"))))
    assert isinstance(again, urllib.error.URLError)
    assert isinstance(again.reason, ConnectionRefusedError)
    assert again.reason.errno == 111


def test_a_class_outside_the_table_goes_by_its_nearest_base() -> None:
    assert FAILURES.of(OneOfANewerVersionError("x")) == Failure("Narrow", "x")
    assert type(FAILURES.build(FAILURES.of(KeyError("x")))) is LibraryError


def test_an_error_that_wants_context_is_given_todays() -> None:
    recorded = FAILURES.of(ContextError(object(), "full"))
    again = FAILURES.build(recorded, pool="today")
    assert (type(again), str(again), vars(again)) == (ContextError, recorded.message, {"pool": "today"})


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "", "GeneratorExit", "replay.errors.StopReplay"])
def test_a_name_outside_the_table_is_the_librarys_base_error(name: str) -> None:
    again = FAILURES.build(Failure(name, "text", b'["argument"]'))
    assert (type(again), str(again)) == (LibraryError, "text")


@pytest.mark.parametrize("state", [b"", b"{", b"[" * 60_000, b"[" * 70_000, b'{"a": 1}', b"7", b'[{"error": 1}, [2]]'])
def test_arguments_that_make_no_sense_leave_the_message(state: bytes) -> None:
    assert str(FAILURES.build(Failure("Narrow", "text", state))) == "text"


def test_a_cancellation_is_the_program_giving_up() -> None:
    assert FAILURES.end(NarrowError("x"), started=False) == End("failed", Failure("Narrow", "x"))
    assert FAILURES.end(NarrowError("x"), started=True).ending == "broken"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_comes_from_outside_and_comes_again(kind: type[BaseException]) -> None:
    end = FAILURES.end(kind(), started=False)
    assert end.ending == "failed" and end.failure is not None
    assert type(FAILURES.build(end.failure)) is kind
