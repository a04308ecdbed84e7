"""``make matrix-node``: the table of all programs."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.node.check import PROGRAMS, check, install


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.node", description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="replays of each program")
    options = parser.parse_args()
    install()
    failed = 0
    print("program                 requests  replays equal  swap seen  edit told")
    with tempfile.TemporaryDirectory(prefix="replay-node-") as folder:
        for program in PROGRAMS:
            row = check(program, Path(folder), options.times)
            equal = f"{row.replays} of {row.of}"
            marks = [("yes" if mark else "NO") for mark in (row.swap_is_seen, row.edit_is_told)]
            print(
                f"{row.program:22}  {row.requests:8}  {equal:>13}  {marks[0]:>9}  {marks[1]:>9}  {row.why}", flush=True
            )
            failed += not row.is_whole
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
