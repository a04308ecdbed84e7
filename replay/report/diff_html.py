"""A comparison as one HTML page that opens from disk: no script, nothing loaded, everything from a run escaped.

Its Content-Security-Policy allows its own styles and nothing else, so even a mistake in escaping runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from replay.diff.fields import Change
from replay.diff.model import Diff, Row
from replay.diff.words import word_pieces
from replay.report import rows
from replay.report.neutral import neutral, neutral_line
from replay.report.steps import details

MAX_VALUE = 20_000
"""Characters of a value that are shown."""

_CLASSES = {"=": "same", "≈": "like", "≠": "changed", "+": "added", "-": "removed"}
_TAGS = {"equal": "{}", "removed": "<del>{}</del>", "added": "<ins>{}</ins>"}

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: #8884; --add: #2da44e33; --del: #cf222e33; --warn: #bf870033; }}
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.2rem; overflow-wrap: anywhere; }}
code, pre, .mark, .no {{ font-family: ui-monospace, monospace; font-size: .9em; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; margin: .2rem 0 .8rem; padding: .5rem;
  border: 1px solid var(--line); }}
.row {{ border-top: 1px solid var(--line); padding: .2rem .4rem; overflow-wrap: anywhere; }}
.row > summary, div.row {{ display: flex; gap: .8rem; }}
.row > summary {{ cursor: pointer; }}
.row > summary > :last-child, div.row > :last-child {{ flex: 1; opacity: .75; }}
.no {{ min-width: 6.5rem; white-space: nowrap; }} .name {{ white-space: pre-wrap; }}
.added {{ background: var(--add); }} .removed {{ background: var(--del); }} .changed {{ background: var(--warn); }}
ins {{ background: var(--add); text-decoration: none; }} del {{ background: var(--del); }}
#equal:checked ~ main .same {{ display: none; }}
</style>
</head>
<body>
"""


def page(diff: Diff) -> str:
    """The page."""
    return "\n".join(_lines(diff))


def _lines(diff: Diff) -> Iterator[str]:
    names = f"{_line(diff.a.path.name)} ⟷ {_line(diff.b.path.name)}"
    yield _HEAD.format(title=names)
    yield f"<h1>{names}</h1>"
    yield f"<p><strong>{_line(rows.title(diff))}</strong> · {_line(rows.counts(diff))}<br>"
    yield f"{_line(rows.metrics(diff.totals))}</p>"
    yield from (f"<p>{_line(note)}</p>" for note in diff.notes)
    if diff.first:
        yield f'<p><a href="#row-{diff.first.number}">to the first difference</a></p>'
    yield '<input type="checkbox" id="equal"> <label for="equal">hide what is equal</label>'
    yield "<main>"
    for row in diff.rows:
        yield from _row(diff, row)
    yield from _output(diff)
    yield "</main></body></html>"


def _row(diff: Diff, row: Row) -> Iterator[str]:
    a, b = rows.place(row)
    cells = (
        f'<span class="mark">{row.mark}</span><span class="no">{a} ⟷ {b}</span>'
        f'<span class="name">{_line(rows.name(row))}</span><span>{_line(rows.gist(row))}</span>'
    )
    kind = "" if row.mark == "=" and row.moved else _CLASSES[row.mark]
    if not row.differs and not row.changes:
        yield f'<div class="row {kind}" id="row-{row.number}">{cells}</div>'
        return
    yield f'<details class="row {kind}" id="row-{row.number}"><summary>{cells}</summary>'
    yield from _why(diff, row)
    yield f"<p>{_line(rows.metrics(row.metrics))}</p>"
    for change in row.changes:
        yield _change(change)
    if row.a is None or row.b is None:
        yield f"<pre>{escape(neutral(chr(10).join(details(row.step))[:MAX_VALUE]))}</pre>"
    yield "</details>"


def _why(diff: Diff, row: Row) -> Iterator[str]:
    if row.cause:
        yield "<ol>"
        for at, said in rows.reasons(diff, row):
            yield f'<li><a href="#row-{at.number}">{rows.label(at)}</a>: {_line(said)}</li>'
        yield "</ol>"


def _output(diff: Diff) -> Iterator[str]:
    if diff.output:
        yield "<h2>Output</h2>"
        yield from (_change(change) for change in diff.output)


def _change(change: Change) -> str:
    old, new = ("" if value is None else rows.whole(value) for value in (change.before, change.after))
    pieces = word_pieces(old[:MAX_VALUE], new[:MAX_VALUE])
    shown = "".join(_TAGS[piece.how].format(escape(neutral(piece.text))) for piece in pieces)
    more = f"<br>… {max(len(old), len(new)) - MAX_VALUE} more characters" if max(len(old), len(new)) > MAX_VALUE else ""
    return f"<code>{_line(change.path)}</code> {change.how}<pre>{shown}{more}</pre>"


def _line(text: str) -> str:
    return escape(neutral_line(text, 2000))
