"""Speed beside peers, as ratios. Adding a benchmark is one file and one line here."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from tests.bench import (
    clients,
    diffing,
    first_chunk,
    growth,
    memory,
    opening,
    plugin,
    reads,
    recording,
    replaying,
    size,
    ui,
)
from tests.bench.row import Row

BENCHES = [
    replaying.BENCH,
    recording.BENCH,
    clients.BENCH,
    first_chunk.BENCH,
    memory.BENCH,
    opening.BENCH,
    size.BENCH,
    growth.BENCH,
    reads.BENCH,
    plugin.BENCH,
    diffing.BENCH,
    ui.BENCH,
]
COLUMNS = "{:<46} {:>10} {:>10} {:>19}  {:<5} {}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "only", nargs="*", help=f"of {', '.join(bench.name for bench in BENCHES)}; all if none is named"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to FILE as well")
    parser.add_argument("--large", action="store_true", help="also with 100,000 events, which takes minutes more")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        rows = list(_told(_rows(options.only, Path(directory), options.large)))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) | {"verdict": row.verdict} for row in rows], indent=1))


def _rows(only: list[str], directory: Path, large: bool) -> Iterator[Row]:
    for bench in BENCHES:
        if not only or bench.name in only:
            yield from bench.run(directory, large)


def _told(rows: Iterable[Row]) -> Iterator[Row]:
    """Each row, printed as soon as it is there."""
    print(COLUMNS.format("what", "measured", "budget", "quartiles", "", "made of"))
    for row in rows:
        spread = "" if row.low is None or row.high is None else f"{_number(row.low)} .. {_number(row.high)}"
        budget = "" if row.budget is None else _number(row.budget)
        print(COLUMNS.format(row.what, f"{_number(row.value)} {row.unit}", budget, spread, row.verdict, row.detail))
        sys.stdout.flush()
        yield row


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


if __name__ == "__main__":
    main()
