"""What a replay came to, and the exit code that says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from replay.cassette import Reader
from replay.dialects.cassette import Cassette
from replay.diff.explain import Explanation, explain
from replay.diff.inputs import changed_inputs, is_secret
from replay.engine.order import UNSETTLED
from replay.engine.result import Result
from replay.report.amounts import counted

IDENTICAL = 0
DIFFERENT = 1
CUT = 3
DIVERGED = 4
REFUSED = 5
MAX_REFUSED = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one run.

    * ``word``: ``identical``, ``different``, ``diverged``, ``refused``, ``cut``, ``stopped``, or how one that left its
      recording was answered: ``live``, ``nearest``, ``swapped``.
    * ``counts``: what was served and what was not, in words; ``differences``: each in words.
    * ``explanation``: of the divergence that ended it, else the first. ``halted``: message and hint of another error
      that ended it. ``refused``: the connections that were stopped.
    * ``changed``: the inputs that changed, in words, where no explanation names them.
    """

    code: int
    word: str
    counts: str
    differences: tuple[str, ...]
    explanation: Explanation | None = None
    refused: str = ""
    changed: str = ""
    halted: tuple[str, str] | None = None


def judge(result: Result, reader: Reader, path: str, *, live: bool, hash_seed: str) -> Verdict:
    """The verdict on a replay of the cassette at ``path``; ``live``: its policy was not to end at a divergence."""
    cassette = Cassette(path, reader)
    # Those that it went on after come before the one that ended it.
    told = (result.divergences[-1] if live else result.divergences[0]) if result.divergences else None
    explanation = explain(told, cassette, hash_seed=hash_seed, changed=result.changed_inputs) if told else None
    went_live = _way(result, live=live) != "" and not (explanation and result.stopped)
    # What a run that left its recording did or did not do afterwards says nothing more.
    left = explanation is not None or went_live
    differences = (*_facts(result, reader), *(() if left else _deviations(result, reader)))
    code, word = _code(result, reader, explanation, went_live, bool(differences))
    refused = ", ".join(result.refused[:MAX_REFUSED])
    # That a key is not set is as it should be in a replay.
    inputs = [name for name in result.changed_inputs if not is_secret(name)]
    changed = "" if explanation else changed_inputs(inputs)
    halted = result.halted[1:] if result.halted else None
    told_counts = ", ".join(filter(None, (counts(result, left=went_live or bool(halted)), _uncertain(reader))))
    return Verdict(code, word, told_counts, differences, explanation, refused, changed, halted)


def _uncertain(reader: Reader) -> str:
    """What holds for every verdict on a recording that handed answers over while the program was busy."""
    parts = sum(note.data for note in reader.notes if note.kind == UNSETTLED and isinstance(note.data, int))
    return f"the recording's order is not certain ({counted(parts, 'part')})" if parts else ""


def _way(result: Result, *, live: bool) -> str:
    """How a run that left its recording on purpose was answered; empty for one that did not."""
    ways = {"live": live and result.live, "nearest": result.nearest, "swapped": result.swapped}
    return next((way for way, count in ways.items() if count), "")


def _code(
    result: Result, reader: Reader, explanation: Explanation | None, went_live: bool, differs: bool
) -> tuple[int, str]:
    if result.halted:
        return result.halted[0], "stopped"
    if result.refused:
        return REFUSED, "refused"
    if reader.cut and (explanation is None or explanation.ended):
        return CUT, "cut"
    if explanation is not None and not went_live:
        return DIVERGED, "diverged"
    if differs or not (went_live or result.identical):
        return DIFFERENT, "different"
    return IDENTICAL, _way(result, live=True) if went_live else "identical"


def counts(result: Result, *, left: bool = False) -> str:
    """``12 served, 0 live``, and every other count that is not 0; ``left``: without those against the recording."""
    words = [f"{result.served} served", f"{result.live} live"]
    words += [f"{getattr(result, name)} {said}" for name, said in _STEERED.items() if getattr(result, name)]
    if left:
        return ", ".join(words)
    words += [f"{getattr(result, name)} {said}" for name, said in _COUNTED.items() if getattr(result, name)]
    words += [f"{len(ids)} {said}" for ids, said in ((result.unused, "unused"), (result.shortened, "shortened")) if ids]
    if result.ignored:
        words.append(f"{sum(result.ignored.values())} telemetry ignored")
    return ", ".join(words)


_STEERED = {"swapped": "swapped", "nearest": "answered by the nearest"}
_COUNTED = {
    "moved": "moved",
    "volatile": "volatile",
    "reordered": "reordered",
    "unsettled": "handed over while a thread was busy",
    "unread": "clock or dice reads left over",
    "overread": "clock or dice reads beyond the recorded ones",
}


def _facts(result: Result, reader: Reader) -> Iterator[str]:
    """What is wrong whatever the policy."""
    yield from (f"not kept: {gap}" for gap in result.gaps)
    yield from result.differences
    if ended := len(result.lineages) - result.finished:
        yield f"{counted(ended, 'process', 'processes')} of this run did not reach the end"
    for lineage in sorted(_processes(reader) - set(result.lineages)):
        yield f"the recorded child process {lineage} took no part"


def _deviations(result: Result, reader: Reader) -> Iterator[str]:
    """What a call that went live explains, and else is a difference."""
    if result.live:
        yield f"{counted(result.live, 'request')} went live"
    if result.unused:
        yield f"{counted(len(result.unused), 'recorded event')} never asked for: {_named(result.unused, reader)}"
    if result.shortened:
        answers = counted(len(result.shortened), "answer")
        yield f"{answers} read otherwise than recorded: {_named(result.shortened, reader)}"
    if result.moved:
        yield f"{counted(result.moved, 'request')} made by another task than recorded"
    if result.volatile:
        yield f"{counted(result.volatile, 'request')} equal only but for ids and times"
    if result.reordered:
        yield f"{counted(result.reordered, 'part')} handed over in another order than recorded"
    if result.output == "changed":
        yield "the run's output changed"


def _named(ids: list[int], reader: Reader) -> str:
    from replay.diff.explain import described

    words = [described(reader.event(id).request) for id in ids[:2]]
    return "; ".join([*words, *(["…"] if len(ids) > 2 else [])])


def _processes(reader: Reader) -> set[str]:
    """The addresses of the child processes that the cassette has events of."""
    found = set()
    for lineage in {key[1] for key in reader.keys()}:  # noqa: SIM118
        parts = lineage.split("/")
        found |= {"/".join(parts[: at + 1]) for at, part in enumerate(parts) if _owes_part(part)}
    return found


def _owes_part(part: str) -> bool:
    """Whether this part of an address names a child process; which workers a pool needs is chance."""
    return part.startswith("p") and not part.startswith("pw")
