"""The child's side of a comparison: sets one subject up, then measures one round whenever it is told to.

``python -m tests.bench.subject MODULE:FUNCTION ARGUMENTS``, the arguments as a JSON list. The function is a context
manager that gives a function measuring one round. Each line on standard input asks for one round; its number goes to
standard output. All subjects take turns on one processor, for two may run at different speeds.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module


def main() -> None:
    module, _, name = sys.argv[1].partition(":")
    if hasattr(os, "sched_setaffinity"):  # not everywhere
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    make = getattr(import_module(module), name)
    with make(*json.loads(sys.argv[2])) as measure:
        print("ready", flush=True)
        for _ in sys.stdin:
            print(json.dumps(measure()), flush=True)


if __name__ == "__main__":
    main()
