"""One test's part in its cassettes: it opens one, or several by itself, or shares one with the tests of its class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

from replay.engine.part import part
from replay.errors import DivergenceError, PolicyError, StopReplay, UsageError
from replay.regression.case import Case
from replay.regression.trajectory import Trajectory
from replay.regression.verdict import Outcome


class TestRun(Protocol):
    """What the plugin does with a marked test.

    ``seen``: the value of the fixture ``cassette``. ``passed``: whether the test's own code has ended well.
    """

    passed: bool
    early: list[Outcome]

    @property
    def seen(self) -> Any: ...
    @property
    def cases(self) -> Sequence[Case]: ...
    def open(self) -> None: ...
    def ended(self, *, whole: bool) -> None:
        """The test's own code has ended, ``whole`` or by an exception: ``early`` has the verdicts it must fail for."""

    def close(self) -> list[Outcome]:
        """After the test's fixtures: the verdicts on what it alone did."""


class Own:
    """The test has a run of its own."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.passed = False
        self.early: list[Outcome] = []

    @property
    def seen(self) -> Trajectory:
        return self.case.trajectory

    @property
    def cases(self) -> Sequence[Case]:
        return (self.case,)

    def open(self) -> None:
        self.case.open()

    def ended(self, *, whole: bool) -> None:
        self.early = _found(self.case.ended(whole=whole))

    def close(self) -> list[Outcome]:
        return [self.case.judged(passed=self.passed)]


class Shared:
    """The test has a part in a run that others have parts in too."""

    def __init__(self, node: str, case: Case) -> None:
        self.node = node
        self.case = case
        self.passed = False
        self.early: list[Outcome] = []
        self._part: AbstractContextManager[None] = nullcontext()

    @property
    def seen(self) -> Trajectory:
        return self.case.trajectory

    @property
    def cases(self) -> Sequence[Case]:
        return (self.case,)

    def open(self) -> None:
        self._part = part(self.node)
        self._part.__enter__()

    def ended(self, *, whole: bool) -> None:
        self.early = _found(self.case.ended(whole=whole, part=self.node))

    def close(self) -> list[Outcome]:
        self._part.__exit__(None, None, None)
        return []


class Several:
    """The test opens each of its cassettes itself: ``with cassette["alice"] as run:``."""

    def __init__(self, cases: Mapping[str, Callable[[], Case]]) -> None:
        self.makers = cases
        self._open: dict[str, Case] = {}
        self.passed = False
        self.early: list[Outcome] = []

    @property
    def seen(self) -> Several:
        return self

    @property
    def cases(self) -> Sequence[Case]:
        return list(self._open.values())

    @contextmanager
    def __getitem__(self, name: str) -> Iterator[Trajectory]:
        """One of the cassettes, as a run for as long as the block lasts; each can be opened once."""
        if name not in self.makers:
            raise UsageError(f"the mark names no cassette {name!r}", hint=f"it names {', '.join(self.makers)}")
        if name in self._open:
            raise UsageError(f"the cassette {name!r} was open already", hint="each is one run: open it once")
        case = self._open[name] = self.makers[name]()
        case.open()
        whole = False
        try:
            yield case.trajectory
            whole = True
        finally:
            self.early += _found(case.ended(whole=whole))
            case.close()

    def open(self) -> None:
        """Each is opened when the test asks for it."""

    def ended(self, *, whole: bool) -> None:
        """Each was judged when its block ended."""

    def close(self) -> list[Outcome]:
        return [case.judged(passed=self.passed) for case in self.cases]


def _found(outcome: Outcome | None) -> list[Outcome]:
    return [outcome] if outcome is not None else []


def is_ours(error: BaseException | None) -> bool:
    """Whether a test's exception is how a divergence or a refusal unwound it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, StopReplay | DivergenceError | PolicyError):
            return True
        if isinstance(error, BaseExceptionGroup) and any(is_ours(each) for each in error.exceptions):
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False
