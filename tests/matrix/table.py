"""The matrix as the README shows it, made from the outcomes of the last whole run that was green."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.matrix.environments import ROOT
from tests.matrix.rows import COLUMNS

RESULTS = Path(__file__).with_name("results.json")
README = ROOT / "README.md"
_BLOCK = re.compile(r"(?<=<!-- matrix -->\n).*?(?=<!-- /matrix -->)", re.DOTALL)


def load() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return rows


def save(rows: list[dict[str, Any]]) -> None:
    """Keep ``rows``, and show them in the README."""
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    README.write_text(_BLOCK.sub(lambda _: render(rows), text), encoding="utf-8")


def shown() -> str:
    """What stands between the markers in the README."""
    found = _BLOCK.search(README.read_text(encoding="utf-8"))
    return found.group() if found else ""


def render(rows: list[dict[str, Any]]) -> str:
    """A Markdown table; a number is how many programs of that kind replay."""
    lines = [_line(["", *COLUMNS, "version"]), _line(["---"] * (len(COLUMNS) + 2))]
    for row in rows:
        versions = ", ".join(f"{name} {version}" for name, version in row["versions"].items())
        lines.append(_line([row["name"], *(_cell(row, column) for column in COLUMNS), versions or "Python's own"]))
    return "\n".join(lines) + "\n"


def _cell(row: dict[str, Any], column: str) -> str:
    if column in row.get("red", ()):
        return "red"
    programs = row["cells"][column]
    return f"✓ {programs}" if programs else "n/a"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
