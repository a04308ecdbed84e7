"""The report of ``--replay-report``: one self-contained file, which works without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from replay.regression.gates import Gate
from replay.regression.verdict import Outcome
from replay.report.neutral import neutral

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; padding: .3em .6em; border-bottom: 1px solid #8884; vertical-align: top; }
pre { overflow-x: auto; background: #8881; padding: .6em; }
.fails { color: #b00; font-weight: 600; }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd; } .fails { color: #f77; } }
"""


def page(title: str, outcomes: Sequence[Outcome], gates: Sequence[Gate]) -> str:
    """The whole report; tests that failed come first. Everything from a run is escaped, control sequences neutralised.

    No script, no link, nothing loaded: also a cassette from somebody you do not trust can do nothing here.
    """
    rows = "".join(line for outcome in sorted(outcomes, key=_order) for line in _row(outcome))
    said = "".join(f"<li>{_safe(gate.said)}</li>" for gate in gates)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>replay</title>'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<style>{_STYLE}</style></head><body><h1>{_safe(title or 'replay: no test was marked')}</h1>"
        f"<ul>{said}</ul><table><tr><th>test</th><th>cassette</th><th>verdict</th><th>served</th><th>live</th></tr>"
        f"{rows}</table></body></html>\n"
    )


def _order(outcome: Outcome) -> tuple[bool, str, str]:
    return not outcome.fails, outcome.node, outcome.cassette


def _row(outcome: Outcome) -> Iterator[str]:
    mark = ' class="fails"' if outcome.fails else ""
    cells = (outcome.node, outcome.cassette)
    yield "<tr>" + "".join(f"<td>{_safe(cell)}</td>" for cell in cells)
    yield f"<td{mark}>{_safe(outcome.word)}</td><td>{outcome.served}</td><td>{outcome.live}</td></tr>"
    if outcome.title or outcome.told:
        text = "\n".join(filter(None, (outcome.title, *outcome.lines, *outcome.told)))
        yield f'<tr><td colspan="5"><pre>{_safe(text)}</pre></td></tr>'


def _safe(text: str) -> str:
    return escape(neutral(text))
