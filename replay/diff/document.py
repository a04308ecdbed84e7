"""A comparison as plain data: the content of ``replay.diff/1``, which FORMAT.md describes field by field."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from replay.dialects.cassette import Cassette
from replay.dialects.steps import Step
from replay.diff.fields import Change
from replay.diff.model import Diff, Row

SCHEMA = "replay.diff/1"


def document(diff: Diff) -> dict[str, Any]:
    """All of ``diff``."""
    return {
        "a": _run(diff.a),
        "b": _run(diff.b),
        "identical": diff.identical,
        "first": diff.first.number if diff.first else None,
        "counts": diff.counts,
        "left_out": diff.left_out,
        "totals": [asdict(metric) for metric in diff.totals],
        "output": [_change(change) for change in diff.output],
        "notes": list(diff.notes),
        "rows": [row_document(row) for row in diff.rows],
    }


def row_document(row: Row) -> dict[str, Any]:
    """One row."""
    return {
        "number": row.number,
        "mark": row.mark,
        "a": _step(row.a),
        "b": _step(row.b),
        "request": row.request,
        "response": row.response,
        "moved": asdict(row.moved) if row.moved else None,
        "changes": [_change(change) for change in row.changes],
        "metrics": [asdict(metric) for metric in row.metrics],
        "cause": asdict(row.cause) if row.cause else None,
        "chain": [asdict(link) for link in row.chain],
    }


def _change(change: Change) -> dict[str, Any]:
    """Its values as they are: they are plain data, and may be nested too deep to be walked."""
    return {"path": change.path, "how": change.how, "before": change.before, "after": change.after}


def _run(cassette: Cassette) -> dict[str, Any]:
    header = cassette.header
    return {
        "cassette": str(cassette.path),
        "run": header.run,
        "parent": header.parent,
        "swaps": list(header.swaps),
        "steps": len(cassette.steps),
        "cut": cassette.cut,
    }


def _step(step: Step | None) -> dict[str, Any] | None:
    if step is None:
        return None
    return {
        "number": step.number,
        "kind": step.kind,
        "name": step.name,
        "model": step.model,
        "lineage": step.lineage,
        "depth": step.depth,
        "event": step.event,
        "inferred": step.inferred,
        "status": step.status,
        "origin": step.source.origin if step.source else None,
    }
