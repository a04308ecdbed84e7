"""``e`` and ``r``: run again with something changed. The original is never written; what runs live is asked first.

The command is the one a person would type, ``replay play A --swap … -o FORK``, in a process of its own; its fork is
looked at while it grows, as B.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.app import SuspendNotSupported

from replay.dialects.cassette import Cassette
from replay.dialects.steps import Step
from replay.errors import UsageError
from replay.report.neutral import neutral
from replay.tui.dialogs import DIALOG, Ask, Choice, Prompt
from replay.tui.following import PERIOD, Growing, look_when_grown
from replay.tui.stage import Stage
from replay.tui.view import editing
from replay.tui.view.editing import Swap
from replay.tui.view.runs import Runs
from replay.tui.view.text import Line, Span, shortened
from replay.tui.view.wrap import wrapped

GRACE = 3.0
"""Seconds that a program has to end in after Ctrl-C."""

LONG = 200
"""Characters of a value beyond which it is given in a file."""

SHOWN = 300
"""Cells of a fact in the question."""

EFFORTS: tuple[tuple[str, str, str], ...] = (
    ("another model", "model@{step}-=", "the model from this step on"),
    ("another system prompt", "prompt:system@{step}-=", "the system prompt from this step on"),
    ("another result of a tool", "tool:{tool}@{step}-=", "the tool's value, as JSON, or pkg.mod:function"),
    ("another parameter", "param:temperature@{step}-=", "a parameter from this step on"),
    ("a swap of your own", "", "as for replay play --swap"),
)
"""What ``r`` offers: its name, how the swap begins, and what is asked."""


@dataclass(frozen=True, slots=True)
class Rerun:
    """``base``: the run that is run again. ``swaps``: as the command line has them. ``fork``: what it will write."""

    base: Cassette
    swaps: tuple[str, ...]
    fork: Path

    def argv(self, *more: str) -> list[str]:
        """The command line."""
        given = [word for swap in self.swaps for word in ("--swap", swap)]
        return [sys.executable, "-m", "replay", "play", str(self.base.path), *given, *more]


def edit(app: Stage) -> None:
    """Edit the answer, or on the tabs Request and Messages the request, in ``$EDITOR``."""
    base, found = _base(app)
    step = editing.can_edit(found)
    asks = app.viewer.tab in ("request", "messages")
    before = editing.request_text(step) if asks else editing.answer_text(step)
    after = _edited(app, before, "json" if before.lstrip().startswith(("{", "[")) else "txt")
    if after == before:
        app.viewer.said = "nothing was changed, and nothing is run"
        return
    swaps = editing.request_swaps(step, after) if asks else [editing.answer_swap(step, after)]
    app.run_worker(_ask_and_run(app, base, swaps), exclusive=True, group="rerun")


def rerun(app: Stage) -> None:
    """Ask what is to be another, and run again."""
    base, step = _base(app)
    if step is None:
        raise UsageError("this row is not in the run")
    tool = next((each.name for each in base.steps[step.number - 1 :] if each.kind == "tool"), "NAME")
    lines: list[Line] = [(Span(name.ljust(28), "key"), Span(what, "dim")) for name, _, what in EFFORTS]

    def chosen(at: int | None) -> None:
        if at is not None:
            _, start, what = EFFORTS[at]
            app.push_screen(Prompt(what, start.format(step=step.number, tool=tool)), given)

    def given(text: str | None) -> None:
        if text and text.strip():
            app.run_worker(_ask_and_run(app, base, [Swap(text.strip())]), exclusive=True, group="rerun")

    app.push_screen(Choice(f"Run again from step {step.number} with…", lines), chosen)


def cancel(app: Stage) -> None:
    """Stop a re-run; what it wrote so far stays, and can be looked at."""
    process = app.rerunning
    if process is None:
        app.viewer.said = "nothing is running"
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    app.set_timer(GRACE, partial(_end, process))
    app.viewer.said = "stopping the re-run"


def _end(process: asyncio.subprocess.Process) -> None:
    """For a program that does not hear of Ctrl-C. What was recorded is on disk."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)


def _base(app: Stage) -> tuple[Cassette, Step | None]:
    """The run that is run again: A, and for a step that only B has, B."""
    runs, row = app.viewer.runs, app.viewer.row
    if row is None:
        raise UsageError("this run has no step")
    return (runs.b, row.b) if runs.b and row.a is None else (runs.a, row.a)


def _edited(app: Stage, text: str, suffix: str) -> str:
    """``text`` as the person's editor left it."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="replay-edit-") as folder:
        path = Path(folder, f"step.{suffix}")
        path.write_text(text + "\n", encoding="utf-8")
        try:
            with app.suspend():
                done = subprocess.run([*shlex.split(editor), str(path)], check=False)
        except SuspendNotSupported:
            raise UsageError("no editor can be started here", hint="r takes a swap in one line") from None
        except (OSError, ValueError) as error:
            raise UsageError(f"{editor} cannot be started: {error}", hint="set $EDITOR") from None
        if done.returncode:
            raise UsageError(f"{editor} ended with {done.returncode}, and nothing is run")
        return path.read_text(encoding="utf-8").removesuffix("\n")


def _word(swap: Swap, folder: str) -> str:
    """``swap`` as the command line has it; a long value lies in a file in ``folder``."""
    if swap.value is None:
        return swap.head
    if len(swap.value) <= LONG and "\n" not in swap.value:
        return f"{swap.head}={'@' if swap.value.startswith('@') else ''}{swap.value}"
    handle, path = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(swap.value)
    return f"{swap.head}=@{path}"


def fork_of(path: Path) -> Path:
    """A file beside ``path`` that is not there yet: ``refund@1.cassette``."""
    stem = path.stem.partition("@")[0]
    return next(fork for n in range(1, 10_000) if not (fork := path.with_name(f"{stem}@{n}{path.suffix}")).exists())


async def _ask_and_run(app: Stage, base: Cassette, swaps: Sequence[Swap]) -> None:
    """The forecast first; then, if the person says yes, the run."""
    with tempfile.TemporaryDirectory(prefix="replay-swap-") as folder:
        planned = Rerun(base, tuple([_word(swap, folder) for swap in swaps]), fork_of(base.path))
        app.say("asking what would run live…")
        code, told = await _told(planned.argv("--dry-run"))
        if code not in (0, 1):
            app.say(f"cannot run again: {' '.join(told[:2])}")
        elif await app.push_screen_wait(Ask("Run again?", _question(app, planned, swaps, told))):
            await _run(app, planned)
        else:
            app.say("nothing was run")


def _question(app: Stage, planned: Rerun, swaps: Sequence[Swap], told: Sequence[str]) -> list[Line]:
    """What is swapped, what is run, what it is likely to cost, and where it is written."""
    base = planned.base
    facts = [("swap", swap.head if swap.value is None else f"{swap.head}={swap.value}") for swap in swaps]
    facts += [("runs", shlex.join(base.header.entry.argv))] if base.header.entry.argv else []
    facts += [("", line) for line in told]
    facts += [("writes", f"{planned.fork.name}; {base.path.name} stays as it is")]
    lines: list[Line] = [(Span(f" {name} ".ljust(8), "dim"), Span(shortened(fact, SHOWN))) for name, fact in facts]
    width = min(app.size.width * 9 // 10, DIALOG) - 4
    return [piece for line in lines for piece in wrapped(line, width)]


async def _told(argv: Sequence[str]) -> tuple[int, list[str]]:
    """The exit code of ``argv``, and what it said."""
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode or 0, neutral(said.decode("utf-8", "replace")).strip().split("\n")


async def _run(app: Stage, planned: Rerun) -> None:
    """Run, and show the fork as B while it grows."""
    process = await asyncio.create_subprocess_exec(
        *planned.argv("--on-divergence", "live", "-o", str(planned.fork)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    app.rerunning = process
    show = partial(_as_b, app, planned.base)
    timer = app.set_interval(PERIOD, look_when_grown(Growing(planned.fork), show))
    app.say("running again… (escape stops it)")
    try:
        _, said = await process.communicate()
    finally:
        timer.stop()
        app.rerunning = None
        _end(process)
    whole = Growing(planned.fork).look()
    if whole is not None:
        show(whole)
        app.viewer.at_first_difference()
    told = neutral(said.decode("utf-8", "replace")).strip().split("\n")
    app.say(next((line for line in reversed(told) if line.startswith("replay:")), f"ended with {process.returncode}"))


def _as_b(app: Stage, base: Cassette, fork: Cassette) -> None:
    app.look_again(Runs(base, fork, app.viewer.runs.ignore))
