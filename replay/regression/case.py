"""One cassette in one test: opened before the test's own fixtures, judged when the test ends and again after them."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replay.cassette import Writer
from replay.engine.part import address
from replay.engine.plan import Plan
from replay.engine.result import Result
from replay.engine.run import Run, play, process_session
from replay.errors import ReplayError
from replay.events import Entry, Header, Note
from replay.regression import verdict
from replay.regression.marks import Mark
from replay.regression.modes import Action
from replay.regression.names import shown
from replay.regression.scratch import Scratch
from replay.regression.settings import Settings
from replay.regression.trajectory import Trajectory
from replay.regression.verdict import Outcome, Word
from replay.taps.boundary import inside

if TYPE_CHECKING:
    from replay.regression.section import Told

LAST = Path(".replay/last")
"""Where the runs of tests that failed are left, from the project's root."""

TEARDOWN = "teardown"
"""The note in a recording whose test's fixtures made calls while they were torn down: ``{"after": id}``, the last event
before."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who asks for which cassette. ``node``: the test's id. ``cassette``: the file that a person would name. ``last``:
    where this run is written. ``test`` and ``case``: of an ``each=…`` test, its function and the cassette."""

    node: str
    cassette: Path
    last: Path
    test: str = ""
    case: str = ""


class Case:
    """A run of one test against (or into) one cassette. ``action`` None: there is no cassette."""

    def __init__(
        self, place: Place, action: Action | None, mark: Mark, settings: Settings, scratch: Scratch | None = None
    ) -> None:
        self.place = place
        self.path = place.last
        if scratch is not None and action is not None and action.play is not None and action.keep == "never":
            self.path = scratch.path(action.play) or place.last
        self.action = action
        self.mark = mark
        self.settings = settings
        self.trajectory = Trajectory(self.path, action.play if action else None, self._keep_output)
        self._run: Run | None = None
        self._result: Result | None = None
        self._asked = 0
        self._parts: list[str] = []
        self._is_outer = False
        self._whole = False

    # The run ---------------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Start. Raises :class:`replay.errors.ReplayError` when the cassette cannot be read."""
        if self.path is self.place.last:
            self._make_room()
        run = self._new_run()
        run.__enter__()
        self._run, self._result = run, run.result
        self._is_outer = run.session is process_session()

    def _make_room(self) -> None:
        folder = self.place.last.parent
        if not folder.is_dir():
            folder.mkdir(parents=True)
            # What tests leave behind is not for the project's history.
            Path(self.settings.project, LAST.parts[0], ".gitignore").write_text("*\n", encoding="utf-8")

    def _new_run(self) -> Run:
        last, action = str(self.path), self.action
        allowed = (*self.settings.allowed_hosts, *self.mark.allow_hosts)
        ignored = self.mark.ignore_hosts
        if action is None:
            source = empty(self.place.last.parent)
            return play(source, save=last, allow_hosts=allowed, ignore_hosts=ignored)
        if action.play is None:
            entry = Entry(node=self.place.node)
            return Run(Plan("record", last, allow_hosts=allowed, ignore_hosts=ignored, entry=entry))
        more: dict[str, Any] = {"swaps": self.mark.swaps} if self.mark.swaps else {}
        return play(
            action.play, on_divergence=action.policy, save=last, allow_hosts=allowed, ignore_hosts=ignored, **more
        )

    def _keep_output(self, value: Any) -> None:
        if self._run is not None:
            self._run.output(value)

    def close(self) -> None:
        """End the run, and with it its file. Closing twice changes nothing."""
        run, self._run = self._run, None
        if run is None:
            return
        self._note_teardown(run)
        source = run.session.source if run.session else None
        with suppress(ReplayError):  # what it says, the result says too
            run.__exit__(None, None, None)
        if source is not None and self._parts:  # tests that did not run have asked nothing
            self.result.unused[:] = [
                id for id in self.result.unused if source.event(id).lineage.startswith(tuple(self._parts))
            ]

    def departure(self) -> Told | None:
        """How a run that departs from its cassette on purpose has done so, for a test that failed by itself."""
        if self._is_outer or not self.mark.departs or self.action is None or self.action.play is None:
            return None
        with inside():
            from replay.regression import section

            return section.departure(self.action.play, self.path, self.settings.project, self.place.last)

    # The verdict -----------------------------------------------------------------------------------------------------

    @property
    def result(self) -> Result:
        assert self._result is not None, "the case was opened"
        return self._result

    def ended(self, *, whole: bool, part: str = "") -> Outcome | None:
        """The verdict when the test's own code has ended, if the test must fail for it. ``whole``: it came to its end,
        and so has asked all that it asks. ``part``: of a shared cassette, the test that has ended."""
        if self._is_outer or self._run is None or self._run.session is None:
            return None
        session = self._run.session
        self._asked = self.result.recorded
        root = address(session.root.address, part) if part else ""
        self._parts.append(root)
        self._whole = whole
        if (word := self._stopped_by()) is not None:
            return self._outcome(word)
        if not whole or self.action is None or not self.action.strict:
            return None
        self._count_reordered(session.order.reordered)
        unused = [] if "unused" in self.tolerated else self._of_the_test(session.unused(), root)
        return self._outcome("different", unused=unused) if unused or self._has_flaw() else None

    def judged(self, *, passed: bool) -> Outcome:
        """The verdict after all. ``passed``: whether the test has; if so, what was written may become the cassette."""
        self.close()
        self._count_reordered(self.result.reordered)
        kept = self._kept(passed=passed)
        word = self._word(passed=passed, kept=kept)
        outcome = self._outcome(word, unused=self.result.unused if passed else [])
        if not kept:
            self._leave(bool(outcome.last))
        return outcome

    def _leave(self, wanted: bool) -> None:
        """What the run wrote goes where a person may look at it, or away."""
        if not wanted:
            self.path.unlink(missing_ok=True)
        elif self.path is not self.place.last:
            self._make_room()
            shutil.move(self.path, self.place.last)

    @property
    def tolerated(self) -> frozenset[str]:
        return self.settings.tolerate if self.mark.tolerate is None else self.mark.tolerate

    def _count_reordered(self, counted: int) -> None:
        """The schedule also counts turns of threads, of which a process that has run other tests before may have fewer
        (what a library asks once, it remembers). What is judged is the order of what crossed the boundary; of tests
        that share a cassette not even that, for they may come in any order."""
        if any(self._parts):
            counted = 0
        elif counted and (recorded := self.trajectory.recorded) is not None:
            from replay.diff.first import in_order

            with inside():
                counted = 0 if in_order(recorded, self.trajectory.now()) else counted
        self.result.reordered = counted

    def _has_flaw(self) -> bool:
        return any(flaw.name not in self.tolerated for flaw in verdict.flaws(self.result))

    def _stopped_by(self) -> Word | None:
        """What stops a test under any policy: a refusal, or a divergence that the policy does not allow."""
        if self.result.refused:
            return "refused"
        if self.result.stopped and self.result.divergences:
            return "diverged" if self.action else "missing"
        return None

    def _word(self, *, passed: bool, kept: bool) -> Word:
        result, action = self.result, self.action
        if self._is_outer:
            return "silent"
        if (word := self._stopped_by()) is not None:
            return word
        if action is None or action.play is None:
            return "recorded" if kept else "silent" if not result.recorded else "stopped"
        if kept:
            return "updated"
        if not passed and not self._whole:
            return "stopped"
        if action.strict and self._has_flaw():
            return "different"
        return "departed" if not action.strict and not result.identical else "matched"

    def _kept(self, *, passed: bool) -> bool:
        """Put the run in the place of the cassette if that is to be, and say whether."""
        result, action = self.result, self.action
        if action is None or self._is_outer or not self._is_due(action, result, passed=passed):
            return False
        action.target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(self.path, action.target)
        return True

    def _is_due(self, action: Action, result: Result, *, passed: bool) -> bool:
        if action.play is None and not result.recorded:
            return False
        due = {
            "always": True,
            "passed": passed,
            "live": passed and result.live > 0,
            "changed": passed and not result.identical,
        }
        return not result.stopped and due.get(action.keep, False)

    def _outcome(self, word: Word, unused: list[int] | None = None) -> Outcome:
        place, project = self.place, self.settings.project
        failing = word in verdict.FAILING
        told = self._told(word, unused or []) if failing else None
        return Outcome(
            node=place.node,
            cassette=shown(place.cassette, project),
            word=word,
            title=told.title if told else "",
            lines=told.lines if told else (),
            told=self._tolerated_flaws(word),
            step=told.step if told else 0,
            served=self.result.served,
            live=self.result.live,
            played=shown(self.action.play, project) if self.action and self.action.play else "",
            last=shown(place.last, project) if failing or word in ("stopped", "departed") else "",
            test=place.test,
            case=place.case,
        )

    def _told(self, word: Word, unused: list[int]) -> Told:
        from replay.regression import section  # loads what compares runs: only for what failed

        played = self.action.play if self.action else None
        place, project = self.place, self.settings.project
        facts = section.Facts(
            place.node, played, place.cassette, place.last, project, self.result, unused, self.tolerated
        )
        return section.tell(word, facts)

    def _tolerated_flaws(self, word: Word) -> tuple[str, ...]:
        if word != "matched":
            return ()
        return tuple(flaw.said for flaw in verdict.flaws(self.result) if self.action and self.action.strict)

    # Calls of fixtures that are torn down ----------------------------------------------------------------------------

    def _note_teardown(self, run: Run) -> None:
        """Say in a recording from where on its calls are those of fixtures that are torn down."""
        session = run.session
        if session is None or session.source is not None or session.sink is None or self._is_outer:
            return
        if self._asked and session.result.recorded > self._asked:
            session.sink.note(Note(TEARDOWN, {"asked": self._asked}))

    def _of_the_test(self, unused: list[int], root: str) -> list[int]:
        """Of the events that nothing asked for, those that the test's own code was to ask for."""
        source = self._run.session.source if self._run and self._run.session else None
        if not unused or source is None:
            return []
        asked = [
            note.data.get("asked") for note in source.notes if note.kind == TEARDOWN and isinstance(note.data, dict)
        ]
        ids = [key[0] for key in source.keys()]  # noqa: SIM118
        later = set(ids[asked[0] :]) if asked and isinstance(asked[0], int) else set()
        return [id for id in unused if id not in later and source.event(id).lineage.startswith(root)]


def empty(folder: Path) -> Path:
    """A cassette that holds nothing: what a test without a cassette replays, so that only one that asks fails."""
    path = folder / ".empty.cassette"
    if not path.exists():
        fresh = path.with_name(f".{os.getpid()}{path.name}")
        Writer.create(str(fresh), Header(run="", created=0)).close()
        os.replace(fresh, path)  # other processes of the session look for it too
    return path
