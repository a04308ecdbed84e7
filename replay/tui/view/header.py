"""The first lines of the screen: which runs, what was swapped, the verdict; tokens, cost and time."""

from __future__ import annotations

from replay.dialects.cassette import Cassette
from replay.report.amounts import counted, elapsed, money, scaled
from replay.tui.view.runs import Runs
from replay.tui.view.spark import spark
from replay.tui.view.text import Line, Span, flush_right, shortened
from replay.tui.view.totals import Totals


def title(runs: Runs, width: int) -> Line:
    """The runs by name, what is different by intent, and the verdict at the right edge."""
    names = runs.a.path.name + (f" ⟷ {runs.b.path.name}" if runs.b else "")
    word, role = verdict(runs)
    room = width - len(word) - 10
    name = shortened(names, max(12, room))
    about = shortened(_about(runs), max(0, room - len(name) - 3))
    line = (Span(" replay ", "brand"), Span(name, "title"), Span(f"   {about}", "dim"), Span(f"{word} ", role))
    return flush_right(line, width)


def verdict(runs: Runs) -> tuple[str, str]:
    """``DIVERGED @14`` and its role."""
    if cut := next((run for run in (runs.b, runs.a) if run and run.cut), None):
        return ("CUT SHORT" if cut is runs.a and not runs.b else f"CUT SHORT {cut.path.name}"), "bad"
    if runs.diff is None:
        return (counted(runs.errors, "error"), "bad") if runs.errors else ("", "")
    first = runs.diff.first
    if first is not None:
        return f"DIVERGED @{first.number}", "bad"
    return ("ANOTHER OUTPUT", "bad") if runs.diff.output else ("IDENTICAL", "good")


def _about(runs: Runs) -> str:
    if runs.b is None:
        tags = " ".join(f"{name}={value}" for name, value in runs.a.header.tags.items())
        return "   ".join(fact for fact in (" ".join(runs.a.header.entry.argv), tags) if fact)
    models = [_model(run) for run in (runs.a, runs.b)]
    if models[0] != models[1]:
        return f"model: {models[0]} → {models[1]}"
    return ", ".join(runs.b.header.swaps)


def _model(run: Cassette) -> str:
    return next((step.model for step in run.steps if step.kind == "llm"), "none")


def amounts(runs: Runs, width: int) -> list[Line]:
    """A line for each run: cost and tokens, with a bar a step, and the time it took."""
    return [_amounts(name, totals, width) for name, totals in zip("AB", runs.totals, strict=False)]


def _amounts(name: str, totals: Totals, width: int) -> Line:
    tokens = scaled(totals.all_tokens) if totals.done else "…"
    cost = (money(totals.all_cost) or "unknown") if totals.done else "…"
    wall = f"wall {name} {elapsed(totals.wall)}"
    bars = max(8, (width - len(wall) - 46) // 2)
    return (
        Span(f" cost {name} ", "dim"),
        Span(cost.ljust(8)),
        Span(spark(totals.cost, bars).ljust(bars), "bars"),
        Span(f"  tokens {name} ", "dim"),
        Span(tokens.ljust(7)),
        Span(spark(totals.tokens, bars).ljust(bars), "bars"),
        Span("  " + wall, "dim"),
    )
