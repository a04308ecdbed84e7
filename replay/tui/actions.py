"""What the keys do that need more than a move: an entry for each id of :data:`replay.tui.view.keys.KEYS`."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from functools import partial

from replay.tui import exporting, rerunning
from replay.tui.dialogs import Choice, Prompt
from replay.tui.stage import Stage
from replay.tui.view import goto, query
from replay.tui.view.keys import KEYS, named
from replay.tui.view.page import PageLine
from replay.tui.view.pages import TABS
from replay.tui.view.pairing import GRAINS
from replay.tui.view.provenance import Found
from replay.tui.view.runs import Runs
from replay.tui.view.text import Line, Span, fitted, shortened
from replay.tui.view.viewer import VIEWS

Act = Callable[[Stage], None]

HALF = 2
"""A page key scrolls by this part of the pane."""


def prompt(app: Stage, label: str, value: str, done: Callable[[str], None]) -> None:
    """Ask for a line of text, and do ``done`` with it, unless it was left."""

    def answered(text: str | None) -> None:
        if text is not None:
            app.attempt(partial(done, text))

    app.push_screen(Prompt(label, value), answered)


def _goto(app: Stage) -> None:
    prompt(app, f"go to: {goto.HINT}", "", app.viewer.goto)


def _search(app: Stage) -> None:
    prompt(app, "search the text of all steps", app.viewer.sought, app.viewer.search)


def _filter(app: Stage) -> None:
    prompt(app, f"show only: {query.HINT}", app.viewer.filter.text, app.viewer.filter_by)


def _break_where(app: Stage) -> None:
    prompt(app, f"stop at (blank: none): {query.HINT}", "", app.viewer.break_where)


def _ignore(app: Stage) -> None:
    viewer = app.viewer
    if viewer.runs.b is None:
        viewer.said = "there is one run, and nothing is compared"
        return
    runs = viewer.runs

    def again(text: str) -> None:
        fields = tuple([word for word in text.replace(",", " ").split() if word])
        app.look_again(Runs(runs.a, runs.b, fields))

    prompt(app, "fields that are not compared, such as request.metadata", " ".join(runs.ignore), again)


def _note(app: Stage) -> None:
    row = app.viewer.row
    prompt(app, "note on this step (blank: none)", app.viewer.note(row) if row else "", app.viewer.write_note)


def _verdict(app: Stage) -> None:
    old = app.viewer.notes.verdict
    corrected = old.corrected if old else ""

    def judged(text: str) -> None:
        app.viewer.judge(text, corrected)
        if text.strip().startswith("bad"):
            prompt(
                app, "what should the answer have been (blank: not told)", corrected, partial(app.viewer.judge, text)
            )

    prompt(app, "verdict on the run: good, or bad, and why", f"{old.word} {old.why}".strip() if old else "", judged)


def _why(app: Stage) -> None:
    prompt(app, "where does this text come from", _changed_words(app), partial(show_appearances, app))


def _changed_words(app: Stage) -> str:
    """What changed in the pane at the cursor: what one most likely asks about."""
    panes = app.pages.panes(app.shape)
    if not panes.hunks:
        return app.viewer.sought
    at = panes.hunks[app.viewer.hunk % len(panes.hunks)]
    line: PageLine = panes.columns[-1][at]
    start, end = line.marks[0] if line.marks else (0, len(line.text))
    return line.text[start:end].strip().strip('",')


def show_appearances(app: Stage, text: str) -> None:
    """List every field that holds ``text``, first to last; the one that is chosen is gone to."""
    found = app.viewer.appearances(text)
    if not found:
        app.viewer.said = f"{text!r} appears in no step"
        return

    def chosen(at: int | None) -> None:
        if at is not None:
            app.attempt(partial(_open, app, found[at]))

    app.push_screen(Choice(f"{shortened(text, 60)}: first in step {found[0].step.number}", _told(found)), chosen)


def _told(found: list[Found]) -> list[Line]:
    return [
        (
            Span(fitted(f"{each.step.number} {each.step.kind} {each.step.name}", 30), "title" if at == 0 else ""),
            Span(" " + fitted(each.path, 32), "dim"),
            Span(" " + fitted(each.how, 10), "added" if each.how == "exact" else "changed"),
            Span(" " + shortened(each.shown, 60)),
        )
        for at, each in enumerate(found)
    ]


def _open(app: Stage, found: Found) -> None:
    app.viewer.to_step(found.step.number)
    app.viewer.tab = found.side


def _tab(tab: str) -> Act:
    def act(app: Stage) -> None:
        app.viewer.tab, app.viewer.hunk = tab, 0

    return act


def _structure(app: Stage) -> None:
    app.viewer.structure = not app.viewer.structure
    app.viewer.said = "structure" if app.viewer.structure else "text"


def _hunk(by: int) -> Act:
    def act(app: Stage) -> None:
        hunks = app.pages.panes(app.shape).hunks
        if not hunks:
            app.viewer.said = "nothing differs in this pane"
            return
        app.viewer.hunk = (app.viewer.hunk + by) % len(hunks)
        app.viewer.said = f"change {app.viewer.hunk + 1}/{len(hunks)}"

    return act


def _scroll(by: int) -> Act:
    def act(app: Stage) -> None:
        for name in ("pane-a", "pane-b"):
            view = app.view(name)
            view.put(round(view.scroll_y) + by * max(1, view.size.height // HALF))

    return act


def _view(app: Stage) -> None:
    if app.viewer.runs.b is None:
        app.viewer.said = "there is one run, and one pane"
        return
    app.viewer.view = app.shape
    app.viewer.turn("view", VIEWS[1:] if app.is_narrow else VIEWS)


def _copy(app: Stage) -> None:
    panes = app.pages.panes(app.shape)
    text = "\n".join(line.text for line in panes.columns[-1] if line.number is not None)
    app.copy_to_clipboard(text)
    app.viewer.said = f"copied {len(text)} characters"


def command(app: Stage) -> str:
    """The command line that opens this view again."""
    viewer = app.viewer
    paths = [shlex.quote(str(run.path)) for run in (viewer.runs.a, viewer.runs.b) if run]
    row = viewer.row
    step = (row.b if viewer.runs.b else row.a) if row else None
    return " ".join(["replay ui", *paths, *([f"--step {step.number}"] if step else [])])


def _copy_command(app: Stage) -> None:
    app.copy_to_clipboard(command(app))
    app.viewer.said = f"copied: {command(app)}"


def _help(app: Stage) -> None:
    lines: list[Line] = []
    for group in dict.fromkeys(key.group for key in KEYS):
        lines.append((Span(group, "heading"),))
        for key in (key for key in KEYS if key.group == group):
            names = " ".join(named(name) for name in app.keys_of(key))
            lines.append((Span("  " + fitted(names, 16), "key"), Span(fitted(key.id, 18), "dim"), Span(key.tip)))
    app.push_screen(Choice("Keys", lines, "esc: leave   remap in [tool.replay.keys]"))


def _theme(app: Stage) -> None:
    names = sorted(app.available_themes)
    app.theme = names[(names.index(app.theme) + 1) % len(names)]
    app.viewer.said = f"theme: {app.theme}"


ACTIONS: dict[str, Act] = {
    "goto": _goto,
    "back": lambda app: app.viewer.back(),
    "search": _search,
    "search-next": lambda app: app.viewer.search_step(1),
    "search-previous": lambda app: app.viewer.search_step(-1),
    "filter": _filter,
    "why": _why,
    **{f"tab-{tab}": _tab(tab) for tab in TABS},
    "view": _view,
    "grain": lambda app: app.viewer.turn("grain", GRAINS),
    "structure": _structure,
    "hunk-previous": _hunk(-1),
    "hunk-next": _hunk(1),
    "ignore": _ignore,
    "page-down": _scroll(1),
    "page-up": _scroll(-1),
    "open": lambda app: app.viewer.open(),
    "edit": rerunning.edit,
    "rerun": rerunning.rerun,
    "cancel": rerunning.cancel,
    "breakpoint": lambda app: app.viewer.toggle_breakpoint(),
    "break-where": _break_where,
    "note": _note,
    "verdict": _verdict,
    "copy": _copy,
    "copy-command": _copy_command,
    "export": exporting.export,
    "help": _help,
    "theme": _theme,
    "quit": lambda app: app.exit(),
}
