"""The directions in a system prompt that the model knows how to follow."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ALWAYS = re.compile(r"\b(?:always|first)\s+(check|look\s?up|call|use|verify|consult)\s+([^.;\n]+)", re.IGNORECASE)
_NEVER = re.compile(
    r"\b(?:never|do not|don't)\s+(?:check|call|use|issue|make|give|look up)?\s*([^.;\n]+)", re.IGNORECASE
)
_LIMIT = re.compile(
    r"refunds?[^.\n]{0,40}?\b(?:max(?:imum)?|up to|limit|at most|more than|over|above)\b"
    r"[^\d\n]{0,12}(\d+(?:\.\d+)?)",
    re.IGNORECASE,
)
_ONLY = re.compile(r"\bonly\s+refund\s+(\w+)\s+orders?\b", re.IGNORECASE)
_LANGUAGE = re.compile(
    r"\b(?:in|speak|language:?)\s+(English|French|German|Spanish|Portuguese|Italian)\b", re.IGNORECASE
)
_TODAY = re.compile(
    r"\b(?:today(?:'s date)?(?:\s+is)?|date)\s*:?\s*([A-Z]?[\w ,]*?\d{4}(?:-\d{2}-\d{2})?)", re.IGNORECASE
)
_LABELS = re.compile(r"\b(?:one of|either|labels?|categories)\s*:?\s*([^.\n]+)", re.IGNORECASE)
_SIGN = re.compile(r"\bsign(?:ed)?\s+(?:as|with|off as)\s+([^.;,\n]+)", re.IGNORECASE)
_STYLES = {
    "brief": r"\b(?:brief(?:ly)?|short|concise|terse|one sentence)\b",
    "formal": r"\b(?:formal(?:ly)?|polite(?:ly)?|business-like)\b",
    "cheerful": r"\b(?:cheerful(?:ly)?|friendly|warm(?:ly)?|casual(?:ly)?)\b",
}


@dataclass(frozen=True, slots=True)
class Directions:
    """``always``: words of what must be checked; ``limit``: the highest refund allowed; ``only``: a status that an
    order must have to be refunded; ``labels``: set when the task is to name one of them."""

    always: str = ""
    never: str = ""
    limit: float | None = None
    only: str = ""
    language: str = "english"
    style: str = ""
    today: str = ""
    labels: tuple[str, ...] = ()
    signature: str = ""


def read(system: str) -> Directions:
    limit = _first(_LIMIT, system)
    return Directions(
        always=" ".join(" ".join(found) for found in _ALWAYS.findall(system)),
        never=" ".join(_NEVER.findall(_LIMIT.sub("", system))),
        limit=float(limit) if limit else None,
        only=_first(_ONLY, system).lower(),
        language=_first(_LANGUAGE, system).lower() or "english",
        style=next((style for style, words in _STYLES.items() if re.search(words, system, re.IGNORECASE)), ""),
        today=_first(_TODAY, system).strip(),
        labels=_labels(system),
        signature=_first(_SIGN, system).strip(),
    )


def _labels(system: str) -> tuple[str, ...]:
    if not re.search(r"\bclassif|\bcategor|\blabel|\broute\b|\btriage", system, re.IGNORECASE):
        return ()
    words = re.split(r"\s*(?:,|;|/|\bor\b|\band\b)\s*", _first(_LABELS, system))
    return tuple(word.strip(" `\"'") for word in words if word.strip(" `\"'"))


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1) if found else ""
