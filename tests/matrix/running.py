"""Running the rows of one environment in it, by pytest, and reading what came of each cell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.matrix.environments import HERE, ROOT, Environment
from tests.matrix.rows import COLUMNS, ROWS, Row

_PATIENCE = 3_000
_ID = re.compile(rf"\[(?P<row>.+)-(?P<column>{'|'.join(COLUMNS)})-\w+\]$")
_REPORT = ("-o", "junit_family=xunit1")
"""The form that has room for a test's own properties."""

_VERSIONS = """
import json, sys
from importlib.metadata import version
print(json.dumps({name: version(name) for name in sys.argv[1:]}))
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a row: ``cells`` holds by column how many programs ran, 0 where the upstream offers nothing;
    ``red`` holds by column what went wrong first."""

    row: Row
    versions: dict[str, str]
    cells: dict[str, int]
    red: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.row.name, "versions": self.versions, "cells": self.cells}


def run(environment: Environment) -> list[Outcome]:
    """One outcome for each row of ``environment``. A program that did not run at all is red."""
    rows = _rows(environment)
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        said = _pytest(environment, report)
        results = list(_read(report)) if report.exists() else []
    versions = _versions(environment, sorted({name for row in rows for name in row.distributions}))
    return [_outcome(row, results, versions, said) for row in rows]


def not_run(environment: Environment, why: str) -> list[Outcome]:
    """The outcomes of an environment in which nothing could run."""
    offered = {row: [column for column in COLUMNS if column not in row.lacks] for row in _rows(environment)}
    return [
        Outcome(row, {}, dict.fromkeys(COLUMNS, 0), dict.fromkeys(columns, why)) for row, columns in offered.items()
    ]


def _rows(environment: Environment) -> list[Row]:
    return [row for row in ROWS if row.environment == environment.name]


def _pytest(environment: Environment, report: Path) -> str:
    """Warnings are errors in our own environment alone: what others warn of while they are imported is theirs."""
    lenient = [] if environment.name == "dev" else ["-o", "filterwarnings=default"]
    command = [environment.python, "-m", "pytest", "-p", "no:cacheprovider", *lenient, *_REPORT, f"--junitxml={report}"]
    variables = {**os.environ, **environment.variables, HERE: environment.name}
    done = subprocess.run(
        [*command, "tests/matrix/test_rows.py"],
        cwd=ROOT, env=variables, capture_output=True, text=True, timeout=_PATIENCE,
    )  # fmt: skip
    return done.stdout + done.stderr


@dataclass(frozen=True, slots=True)
class Ran:
    """One program that ran: in which cells, and what went wrong, or ""."""

    row: str
    columns: frozenset[str]
    wrong: str


def _read(report: Path) -> Iterator[Ran]:
    for case in ElementTree.parse(report).iter("testcase"):
        found = _ID.search(case.get("name", ""))
        wrong = next((child.get("message", "") for child in case if child.tag in ("failure", "error")), "")
        called = any(one.get("name") == "tools" and one.get("value") != "0" for one in case.iter("property"))
        if found is not None:
            yield Ran(found["row"], frozenset([found["column"], *(["tools"] if called else [])]), wrong)


def _versions(environment: Environment, names: list[str]) -> dict[str, str]:
    done = subprocess.run(
        [environment.python, "-c", _VERSIONS, *names], check=True, capture_output=True, text=True, timeout=_PATIENCE
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _outcome(row: Row, results: list[Ran], versions: dict[str, str], said: str) -> Outcome:
    cells, red = dict.fromkeys(COLUMNS, 0), {}
    for column in COLUMNS:
        found = [ran.wrong for ran in results if ran.row == row.name and column in ran.columns]
        cells[column] = len(found)
        wrong = next(filter(None, found), "")
        if not found and column not in row.lacks:
            wrong = said[-600:]
        if wrong:
            red[column] = wrong
    return Outcome(row, {name: versions[name] for name in row.distributions}, cells, red)
