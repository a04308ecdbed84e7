"""What ``replay doctor --run`` found out about a program, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from replay.diff.unsteady import Finding
from replay.engine.sources import Source
from replay.report.amounts import counted

MAX_VALUE = 80
MAX_LINES = 4
"""Source lines named of one clock or dice."""


def told(steps: int, findings: Sequence[Finding], problems: Sequence[str], served: Sequence[Source]) -> Iterator[str]:
    """Line by line: each thing with its source line, where it showed, and what to do; then what needs nothing."""
    if findings or problems:
        count = len(findings) + len(problems)
        yield f"not deterministic: {counted(count, 'thing')} {'differs' if count == 1 else 'differ'} from run to run"
    else:
        yield f"deterministic: {counted(steps, 'event')}, the same in two more runs, also under another hash seed"
    for finding in findings:
        yield from ("", *_finding(finding))
    for problem in problems:
        yield from ("", problem)
    if served:
        yield from ("", "recorded and served again, nothing to do:", *_served(served))


def _finding(finding: Finding) -> Iterator[str]:
    yield f"{finding.where or 'an unknown line'}  {finding.reads}"
    place = f"step {finding.step}" if finding.step else "the run's output"
    asked = f", asked at {finding.asked}" if finding.asked else ""
    yield f"  seen in {place}{asked}" + (f": {finding.field}" if finding.field else "")
    if finding.field:
        yield from (f"  - {_short(finding.before)}", f"  + {_short(finding.after)}")
    if finding.also:
        yield f"  or: {', '.join(finding.also)}"
    yield f"  do: {finding.todo}"


def _served(served: Sequence[Source]) -> Iterator[str]:
    places: dict[str, list[str]] = {}
    for source in served:
        places.setdefault(source.name, []).append(source.where)
    for name in sorted(places):
        shown = sorted(set(places[name]))
        more = f" and {len(shown) - MAX_LINES} more" if len(shown) > MAX_LINES else ""
        yield f"  {name}  {', '.join(shown[:MAX_LINES])}{more}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_VALUE else f"{line[: MAX_VALUE - 1]}…"
