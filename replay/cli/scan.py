"""``replay scan``: is there a secret in these files?"""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import click

from replay.cli import output
from replay.cli.command import json_option, verb

SCHEMA = "replay.scan/1"
FOUND = 5


@verb("scan", "Look for secrets in cassettes and other files.")
@click.argument("files", nargs=-1, required=True)
@json_option
def command(files: tuple[str, ...], as_json: bool) -> int:
    """\b
    Examples:
      replay scan cassettes/*.cassette
      replay scan --json report.html tests/

    Say where a file holds what looks like a secret, and what kind, never its value: cassettes, and exports, reports,
    logs and code of any kind; directories with all that is in them. The rules are those of recording, with those of
    [tool.replay.redact] and the values of this environment's secret variables. Exits 5 if there is one: a gate for CI.
    """
    from replay.cli.scanned import Scanner
    from replay.cli.scanned import files as each
    from replay.engine.redaction import project_rules
    from replay.report.amounts import counted

    paths = each(files)
    scanner = Scanner(os.environ, project_rules(Path.cwd()))
    findings = [finding for path in paths for finding in scanner.scan(path)]
    if as_json:
        output.json(SCHEMA, {"files": len(paths), "found": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            output.data(f"{finding.file}: {finding.place}: {finding.kind}")
    holding = len({finding.file for finding in findings})
    if findings:
        output.note(f"replay: {counted(len(findings), 'secret')} in {holding} of {counted(len(paths), 'file')}")
    else:
        output.note(f"replay: no secret in {counted(len(paths), 'file')}")
    return FOUND if findings else 0
