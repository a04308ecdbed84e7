"""``python -m tests.matrix [ENVIRONMENT…]``: run the matrix, in all its environments or in those named, and print it.

A whole run in which every cell is green is kept: in ``results.json``, and as the table in the README.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.matrix import table
from tests.matrix.environments import ENVIRONMENTS, Environment, make
from tests.matrix.rows import ROWS
from tests.matrix.running import Outcome, not_run, run


def main(names: list[str]) -> int:
    unknown = set(names) - {environment.name for environment in ENVIRONMENTS}
    if unknown:
        print(f"there is no environment {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    chosen = [environment for environment in ENVIRONMENTS if environment.name in names or not names]
    with ThreadPoolExecutor(len(chosen)) as pool:  # installing waits for the network more than it computes
        found = [outcome for outcomes in pool.map(_try, chosen) for outcome in outcomes]
    outcomes = sorted(found, key=lambda outcome: ROWS.index(outcome.row))
    print(table.render([{**outcome.to_dict(), "red": outcome.red} for outcome in outcomes]))
    red = [(outcome, column, wrong) for outcome in outcomes for column, wrong in outcome.red.items()]
    for outcome, column, wrong in red:
        print(f"red: {outcome.row.name}, {column}: {wrong}\n", file=sys.stderr)
    if not red and not names:
        table.save([outcome.to_dict() for outcome in outcomes])
    return 1 if red else 0


def _try(environment: Environment) -> list[Outcome]:
    try:
        make(environment)
    except subprocess.SubprocessError as error:
        return not_run(environment, f"its environment could not be made: {error}")
    print(f"{environment.name}: installed, running", file=sys.stderr)
    return run(environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
