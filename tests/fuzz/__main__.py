"""``make fuzz``: a million damaged cassettes, coverage-guided by atheris (libFuzzer) where it is installed.

Half are changed byte by byte, half in what their frames hold, with checksums and links made right, so that they get
past the frame check. Anything but our own error, a process of more than 512 MB, or code run is a crash; the file that
did it is kept.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

LIMIT_MB = 512


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--plain", action="store_true", help="without atheris: by dice alone")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with scratch_directory() as scratch:
        if options.plain or not _guided(scratch, options.runs, options.seed):
            by_dice(scratch, options.runs, options.seed)


@contextmanager
def scratch_directory() -> Iterator[Path]:
    """In memory where there is such a place: a million files are written."""
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="replay-fuzz-", dir=shm if shm.is_dir() else None) as folder:
        yield Path(folder)


def by_dice(scratch: Path, runs: int, seed: int, tell: bool = True) -> None:
    """Mutate the seeds and what came of them, without looking at coverage."""
    from tests.fuzz.exercise import use, watched
    from tests.fuzz.mutate import mutate_bytes, mutate_frames
    from tests.fuzz.seeds import seeds

    dice = Random(seed)
    pool = seeds(scratch)
    path = scratch / "fuzzed.cassette"
    for data in pool:
        path.write_bytes(data)
        use(path)
    began = time.monotonic()
    for run in range(runs):
        data = (mutate_bytes, mutate_frames)[run % 2](dice.choice(pool), dice)
        path.write_bytes(data)
        try:
            with watched(scratch):
                use(path)
        except BaseException:
            kept = Path(tempfile.gettempdir(), f"crash-{seed}-{run}.cassette")
            kept.write_bytes(data)
            print(f"run {run} of seed {seed} failed; the file is {kept}", file=sys.stderr)
            raise
        if dice.random() < 0.01:  # damage on damage
            pool[dice.randrange(7, 200) if len(pool) >= 200 else len(pool) :] = [data]
        if tell and run % 10_000 == 9_999:
            print(
                f"{run + 1} runs, {(run + 1) / (time.monotonic() - began):.0f} a second, {peak_mb():.0f} MB", flush=True
            )
    assert peak_mb() < LIMIT_MB, f"{peak_mb():.0f} MB"


def peak_mb() -> float:
    """The most memory that this process has had.

    Linux counts what the process that started it had in ``ru_maxrss`` as well, but not in ``VmHWM`` (proc(5)).
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / (1 << 10)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _guided(scratch: Path, runs: int, seed: int) -> bool:
    """Let atheris guide; False where it is not installed."""
    try:
        import atheris
    except ImportError:
        print("atheris is not installed (pip install '.[fuzz]'): going by dice alone", file=sys.stderr)
        return False
    with atheris.instrument_imports(include=["replay.cassette", "replay.canon", "replay.dialects"]):
        from tests.fuzz.exercise import use, watched
        from tests.fuzz.mutate import mutate_bytes, mutate_frames
        from tests.fuzz.seeds import seeds

    corpus = scratch / "corpus"
    corpus.mkdir()
    for number, data in enumerate(seeds(scratch)):
        (corpus / f"seed-{number}").write_bytes(data)
        (scratch / "seed.cassette").write_bytes(data)
        use(scratch / "seed.cassette")
    path = scratch / "fuzzed.cassette"

    def one(data: bytes) -> None:
        path.write_bytes(data)
        with watched(scratch):
            use(path)

    def mutator(data: bytes, max_size: int, number: int) -> bytes:
        dice = Random(number)
        changed = (mutate_bytes if number % 2 else mutate_frames)(data, dice)
        return changed[:max_size]

    words = [f"-runs={runs}", f"-seed={seed}", f"-rss_limit_mb={LIMIT_MB}", "-max_len=65536", "-timeout=60"]
    folder = Path(tempfile.gettempdir())
    atheris.Setup(
        [sys.argv[0], *words, "-print_final_stats=1", f"-artifact_prefix={folder}/", str(corpus)],
        one,
        custom_mutator=mutator,
    )
    atheris.Fuzz()
    return True


if __name__ == "__main__":
    main()
