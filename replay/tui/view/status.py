"""The status line: which steps came from the cassette, what is filtered and ignored; or a word about the last key."""

from __future__ import annotations

from collections.abc import Iterator

from replay.tui.view.runs import Runs
from replay.tui.view.text import Line, Span, shortened
from replay.tui.view.viewer import Viewer

_WORDS = {
    "recorded": "recorded", "served": "from cassette", "nearest": "nearest", "swapped": "swapped", "live": "live",
    "fault": "fault", "inferred": "inferred",
}  # fmt: skip
MOST = 4
"""Stretches of one origin that are listed."""


def status(viewer: Viewer, width: int) -> Line:
    mode = "REPLAY" if viewer.runs.b else "RUN"
    facts = [origins(viewer.runs), *_settings(viewer)]
    if viewer.said:
        facts = [viewer.said, facts[0]]
    room = width - len(mode) - 3
    return (
        Span(f" {mode} ", "mode"), Span(shortened(f" {'  │ '.join(fact for fact in facts if fact)}", room),
        "said" if viewer.said else "dim"),
    )  # fmt: skip


def _settings(viewer: Viewer) -> Iterator[str]:
    if viewer.runs.b:
        yield f"ignore: {','.join(('ids', 'time', *viewer.runs.ignore))} (i)"
        yield f"{viewer.grain} diff (w)"
    yield f"filter: {viewer.filter.text or 'none'}"
    if viewer.conditions:
        yield f"break: {' or '.join(query.text for query in viewer.conditions)}"
    if len(viewer.rows) > 1:
        yield f"{viewer.at / (len(viewer.rows) - 1):.0%}"


def origins(runs: Runs) -> str:
    """``1-13 from cassette, 14-19 live``. A tool inferred from the traffic goes with what is around it."""
    if len(runs.origins) > MOST:
        return ", ".join(f"{count} {_WORDS[origin]}" for origin, count in runs.origin_counts.items())
    return ", ".join(f"{_range(start, end)} {_WORDS[origin]}" for origin, start, end in runs.origins)


def _range(start: int, end: int) -> str:
    return f"{start}" if start == end else f"{start}-{end}"
