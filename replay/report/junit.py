"""Verdicts as JUnit XML, the dialect that CI systems read (testsuite, testcase, failure, error)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from replay.report.neutral import neutral


@dataclass(frozen=True, slots=True)
class Case:
    """``failure``: what differed; ``error``: why there is no verdict; both empty when all is well."""

    name: str
    seconds: float
    failure: str = ""
    error: str = ""


def junit(suite: str, cases: Sequence[Case]) -> bytes:
    """The document."""
    counts = {
        "name": suite,
        "tests": str(len(cases)),
        "failures": str(sum(bool(case.failure) for case in cases)),
        "errors": str(sum(bool(case.error) for case in cases)),
    }
    root = ElementTree.Element("testsuite", counts)
    for case in cases:
        element = ElementTree.SubElement(root, "testcase", classname=suite, name=case.name, time=f"{case.seconds:.3f}")
        for tag, text in (("failure", case.failure), ("error", case.error)):
            if text:
                first = neutral(text).partition("\n")[0]
                ElementTree.SubElement(element, tag, message=first).text = neutral(text)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document
