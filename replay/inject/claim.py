"""One address, one process. A plan is inherited with the environment, also by processes that nobody counted: those that
a program which is not Python started (a shell script), and those started past ``subprocess`` (``os.system``).

The first process that comes with an address has it. A later one is given the next free address below: in the order in
which such processes start.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def claim(plan: dict[str, Any]) -> dict[str, Any]:
    """The part in the run that this process takes: ``plan``, with another lineage if that one is taken."""
    wanted = plan["lineage"]
    lineage, number = wanted, 1
    while not _take(Path(plan["report"]), lineage):
        number += 1
        lineage = f"{wanted}/pn{number}"
    return {**plan, "lineage": lineage}


def _take(report: Path, lineage: str) -> bool:
    """Whether the address is ours: now, or since before an ``exec``, which keeps the process."""
    path = report / f"{lineage.replace('/', '-')}.claim"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii") == str(os.getpid())
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(str(os.getpid()))
    return True
