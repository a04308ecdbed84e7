"""Subjects in processes of their own, measured in turns.

Each subject has a process, so that nothing one of them patches or keeps alive weighs on another. The processes take
turns, one round each, so that what else the machine does falls on all alike; a ratio is taken within each turn, and
the median over the turns is told with its quartiles.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from statistics import median, quantiles
from typing import Any

Measure = Callable[[], Any]
Make = Callable[..., AbstractContextManager[Measure]]


@contextmanager
def subject(make: Make, *arguments: Any) -> Iterator[Measure]:
    """A process that runs ``make(*arguments)``; the function asks it for one round."""
    command = [sys.executable, "-m", "tests.bench.subject", f"{make.__module__}:{make.__name__}", json.dumps(arguments)]
    # One seed for all: the layout of dictionaries and so their cost would differ from process to process.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        told, asked = process.stdout, process.stdin

        def measure() -> Any:
            asked.write("\n")
            asked.flush()
            return json.loads(_line(told))

        assert _line(told) == "ready\n"
        yield measure
        asked.close()


def _line(told: Any) -> str:
    line = told.readline()
    if not line:
        raise RuntimeError("a subject of the benchmark died; its error is above")
    return str(line)


def in_turns(rounds: int, *subjects: tuple[Any, ...]) -> list[list[float]]:
    """The numbers of each subject, given as (make, argument, …), over ``rounds`` turns; one before is thrown away."""
    with ExitStack() as stack:
        measures = [stack.enter_context(subject(*given)) for given in subjects]
        turns = [[measure() for measure in measures] for _ in range(rounds + 1)]
    return [list(column) for column in zip(*turns[1:], strict=True)]


def spread(values: list[float]) -> tuple[float, float, float]:
    """Median, lower and upper quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return median(values), low, high


def ratios(ours: list[float], theirs: list[float]) -> list[float]:
    """Turn by turn."""
    return [our / their for our, their in zip(ours, theirs, strict=True)]
