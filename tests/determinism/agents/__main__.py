"""Run one agent and print its value as JSON."""

from __future__ import annotations

import json
import sys

from tests.determinism.agents import ALL, run

if __name__ == "__main__":
    name, url = sys.argv[1:]
    print(json.dumps(run(ALL[name], url)))
