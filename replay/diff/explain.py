"""A divergence told to a person: which step, how it differs from the nearest recorded one, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from replay.dialects.cassette import Cassette
from replay.dialects.dialect import url_path
from replay.dialects.steps import Step
from replay.dialects.table import find
from replay.diff.cause import Evidence, cause
from replay.diff.fields import Change, differing
from replay.engine.redaction import matched
from replay.engine.result import Divergence
from replay.events import Request

HINT = "run it live with --on-divergence live"


@dataclass(frozen=True, slots=True)
class Explanation:
    """``step``: the number that the step would have in the cassette; ``asked``: what was asked, in short; ``where``:
    the call site (file:line), or empty. ``closest``: the number of the nearest recorded step, None if there is none;
    ``changes``: in which fields the request differs from that one. ``cause``: in words. ``hint``: what to do next.
    ``ended``: the program was as recorded, but the file was cut short before this step.
    """

    step: int
    asked: str
    where: str
    closest: int | None
    changes: tuple[Change, ...]
    cause: str
    hint: str
    ended: bool


def explain(
    divergence: Divergence, cassette: Cassette, *, hash_seed: str = "", changed: Sequence[str] = ()
) -> Explanation:
    """What ``divergence`` from ``cassette`` means. ``hash_seed``: PYTHONHASHSEED of the replay, if known; ``changed``:
    the replay's ``changed_inputs``.

    Raises :class:`replay.errors.CassetteError` when the cassette is damaged.
    """
    closest = None if divergence.reason else _step_of(divergence.closest, cassette.steps)
    headers = matched(cassette.notes)
    changes = differing(closest.source.request, divergence.asked, headers) if closest and closest.source else ()
    return Explanation(
        step=_number(divergence, cassette.steps),
        asked=described(divergence.asked),
        where=divergence.where,
        closest=closest.number if closest else None,
        changes=changes,
        cause=cause(Evidence(divergence, closest, changes, cassette, hash_seed, tuple(changed))),
        hint=HINT,
        ended=bool(cassette.cut) and closest is None,
    )


def described(request: Request) -> str:
    """``request`` in a few words: ``llm openai gpt-5-mini /v1/responses``, ``tool lookup_order``, ``http GET …``."""
    if request.kind != "http":
        return f"{request.kind} {request.target}"
    dialect = find(request)
    if dialect is None:
        return f"http {request.action} {request.target}"
    words = ("llm", dialect.provider, dialect.request(request).model, url_path(request.target))
    return " ".join(word for word in words if word)


def _step_of(event: int | None, steps: list[Step]) -> Step | None:
    return next((step for step in steps if step.event == event), None) if event is not None else None


def _number(divergence: Divergence, steps: list[Step]) -> int:
    """The step in the place of the one asked for, among those its process makes on a replay; else the one after all."""
    process = _process(divergence.lineage)
    own = [step for step in steps if _process(step.lineage) == process and not _in_tool(step.lineage)]
    made = [step for step in own if step.source and step.kind != "span"]  # spans ask nothing
    place = divergence.step - 1
    return made[place].number if place < len(made) else len(steps) + 1


def _process(lineage: str) -> str:
    """The address of the process that ``lineage`` lies in."""
    parts = lineage.split("/")
    last = max((at for at, part in enumerate(parts) if part.startswith("p")), default=0)
    return "/".join(parts[: last + 1])


def _in_tool(lineage: str) -> bool:
    """Whether it is the body of a tool, which is served whole and does not run."""
    return any(part.startswith("c") for part in lineage.split("/")[1:])
