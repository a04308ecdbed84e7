"""Reading the runs that are to be looked at."""

from __future__ import annotations

import gc
import os

from replay.dialects.cassette import open_cassette
from replay.tui.view.runs import Runs

Path = str | os.PathLike[str]


def loaded(a: Path, b: Path | None = None, ignore: tuple[str, ...] = ()) -> Runs:
    """The runs with all their steps. Raises :class:`replay.errors.CassetteError`.

    A hundred thousand objects come at once and all of them stay: the collector, which would look through them again
    and again and take half of the time, is let go meanwhile, and spared them afterwards.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        runs = Runs(open_cassette(a), open_cassette(b) if b else None, ignore)
        len(runs.rows)
        gc.freeze()
    finally:
        if was_on:
            gc.enable()
    return runs
