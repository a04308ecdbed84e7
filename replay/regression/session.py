"""What one pytest process knows about its replays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from replay.errors import UsageError
from replay.regression import forks, modes, names
from replay.regression.case import LAST, Case, Place
from replay.regression.marks import Mark, configured, mark_of
from replay.regression.running import Own, Several, Shared, TestRun
from replay.regression.scratch import Scratch
from replay.regression.settings import Settings
from replay.regression.verdict import Outcome

GROUPING = ("", "no", "loadscope", "loadfile", "loadgroup")
"""How xdist may give out tests that share a cassette: those of a class or a module to one worker."""

Marks = list[tuple[tuple[Any, ...], dict[str, Any]]]
Value = Callable[[str], Any]
"""Gives the value of a fixture."""


class Replays:
    """The marked tests, by node id; their runs; their verdicts, until a report takes them away.

    ``roots``: directories whose name is no part of a cassette's (``testpaths``).
    """

    def __init__(self, settings: Settings, roots: Sequence[str]) -> None:
        self.settings = settings
        self.roots = tuple(roots)
        self.marks: dict[str, Mark] = {}
        self.tests: dict[str, TestRun] = {}
        self.used: set[Path] = set()
        self.folders: set[Path] = set()
        self.pending: list[Outcome] = []
        self.scratch = Scratch()
        self._shared: dict[str, tuple[Case, list[TestRun]]] = {}

    # Collection ------------------------------------------------------------------------------------------------------

    def claim(self, node: str, marks: Marks, also: Sequence[str]) -> None:
        """A marked test was collected. Raises :class:`UsageError` when its marks make no sense."""
        if "vcr" in also:
            raise UsageError(
                f"{node} is marked both replay and vcr: two recorders would hold its calls",
                hint="keep one of the marks",
            )
        try:
            mark = self.marks[node] = mark_of(marks)
        except UsageError as error:
            raise UsageError(f"{node}: {error.message}", hint=error.hint) from None
        if mark.scope == "class" and node.count("::") < 2:
            raise UsageError(f"{node} is in no class that could share a cassette", hint="scope='module'")
        self._note_use(node, mark)

    def _note_use(self, node: str, mark: Mark) -> None:
        """Remember which files are in use, whether the test will run or not."""
        folder = self.folder(node)
        self.folders.add(folder)
        home = self._home(node, mark, folder)
        bases = [names.named(name, folder, self.settings.project) for name in mark.names] or [home]
        self.used.update(bases)
        self.used.update(names.fork_of(home, base) for base in bases if mark.departs)
        if mark.each:
            self.used.update(self.settings.project.glob(mark.each))

    def _home(self, node: str, mark: Mark, folder: Path) -> Path:
        """The test's own file: what it is recorded into when its mark names none."""
        own = names.name_of(node if mark.scope == "function" else _around(node, mark.scope))
        return folder / f"{own}{names.SUFFIX}"

    def cases(self, marks: Marks) -> list[Path]:
        """The cassettes of an ``each=…`` test. Raises :class:`UsageError` when there are none."""
        pattern = mark_of(marks).each
        found = sorted(path for path in self.settings.project.glob(pattern) if ".fork." not in path.name)
        if not found:
            raise UsageError(f"no cassette matches {pattern}", hint=f"patterns are meant from {self.settings.project}")
        return found

    def check(self, marks: Marks, dist: str) -> None:
        """Raise :class:`UsageError` if workers would record into one cassette. ``dist``: how xdist gives out tests."""
        if mark_of(marks).scope != "function" and self.settings.records and dist not in GROUPING:
            raise UsageError(
                f"--dist {dist} may give tests that share a cassette to several workers, each of which would record it",
                hint="record with --dist loadfile, or without -n",
            )

    # Running ---------------------------------------------------------------------------------------------------------

    def folder(self, node: str) -> Path:
        """Where the cassettes of the module of ``node`` lie."""
        return self.settings.directory / names.folder_of(node.partition("::")[0], self.roots)

    def test(self, node: str, value: Value) -> TestRun:
        """The run of the test ``node``, about to begin."""
        mark = configured(self.marks[node], value("replay_config"))
        self.tests[node] = self._run(node, mark, value)
        return self.tests[node]

    def _run(self, node: str, mark: Mark, value: Value) -> TestRun:
        if mark.scope != "function":
            case, parts = self._shared[value(f"_replay_{mark.scope}")]
            run = Shared(node, case)
            parts.append(run)
            return run
        folder = value("replay_dir")
        home = self._home(node, mark, folder)
        if mark.each:
            return Own(self._case(node, home, value("_replay_case"), mark))
        paths = {name: names.named(name, folder, self.settings.project) for name in mark.names}
        if len(paths) > 1:
            return Several({name: self._maker(node, home, path, mark) for name, path in paths.items()})
        return Own(self._case(node, home, next(iter(paths.values()), home), mark))

    def _maker(self, node: str, home: Path, base: Path, mark: Mark) -> Callable[[], Case]:
        own = home.with_name(f"{home.name.removesuffix(names.SUFFIX)}.{base.name}")
        return lambda: self._case(node, own, base, mark)

    def _case(self, node: str, home: Path, base: Path, mark: Mark) -> Case:
        """``home``: the test's own file; ``base``: the cassette it asks for."""
        last = self.settings.project / LAST / _within(home, self.settings)
        if mark.departs:
            fork = names.fork_of(home, base)
            stale = forks.is_stale(fork, mark.swaps)
            if stale and not self.settings.records:
                raise forks.stale(names.shown(fork, self.settings.project), node)
            action = modes.departing(base, fork, mark, self.settings, fresh=not stale)
        else:
            action = modes.plain(base, self.settings)
        group, case = (node.partition("[")[0], base.stem) if mark.each else ("", "")
        return Case(Place(node, base, last, group, case), action, mark, self.settings, self.scratch)

    def shared(self, node: str, scope: str, value: Value) -> Iterator[str]:
        """The run that the tests of the class or module ``node`` share: for the body of a fixture, whose value is the
        key under which the tests find it."""
        found = (mark for test, mark in self.marks.items() if mark.scope == scope and test.startswith(f"{node}::"))
        mark = configured(next(found), value("replay_config"))
        folder = value("replay_dir")
        home = self._home(f"{node}::", mark, folder)
        base = next((names.named(name, folder, self.settings.project) for name in mark.names), home)
        parts: list[TestRun] = []
        case = self._case(node, home, base, mark)
        self._shared[node] = case, parts
        case.open()
        yield node
        self.pending.append(case.judged(passed=all(each.passed for each in parts)))

    def close(self, node: str) -> list[Outcome]:
        """The run of ``node`` is over. The verdicts that it must still fail for; all are left for the report."""
        run = self.tests[node]
        judged = run.close()
        early = {outcome.cassette: outcome for outcome in run.early}
        # What the test failed for is told as it was then; what its fixtures did afterwards is no news.
        self.pending += [early.get(outcome.cassette, outcome) for outcome in judged]
        return [outcome for outcome in judged if outcome.fails and outcome.cassette not in early]

    def taken(self) -> list[Outcome]:
        """The verdicts since the last time."""
        taken, self.pending = self.pending, []
        return taken


def _around(node: str, scope: str) -> str:
    """The id of the class or module that the test ``node`` is in; a module's ends in a name for its cassette."""
    module, _, rest = node.partition("::")
    return f"{module}::{rest.rpartition('::')[0]}" if scope == "class" else f"{module}::module"


def _within(path: Path, settings: Settings) -> Path:
    """``path`` relative to the directory of all cassettes; of one that lies elsewhere its two last parts."""
    folder = settings.directory
    return path.relative_to(folder) if path.is_relative_to(folder) else Path(*path.parts[-2:])
