"""Child processes of a session within a program: their events are in the cassette, and what is missing is told."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import httpx
import pytest

import replay
from replay.errors import DivergenceError
from tests.determinism.server import random_server

FORK = multiprocessing.get_context("fork")


def ask(url: str, question: str) -> int:
    return httpx.post(f"{url}/ask", json={"q": question}).json()["answer"]


def asks_in_a_child(url: str, question: str) -> None:
    process = FORK.Process(target=ask, args=(url, question))
    process.start()
    process.join()


def test_a_forked_childs_events_land_in_the_cassette_and_are_served(tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    with random_server() as url, replay.record(path) as run:
        ask(url, "parent")
        asks_in_a_child(url, "child")
    assert (run.result.recorded, run.result.lineages) == (2, ["0", "0/p1"])
    assert {event.lineage for event in replay.open(path).events} == {"0", "0/p1"}
    with replay.play(path) as run:
        ask(url, "parent")
        asks_in_a_child(url, "child")
    assert (run.result.served, run.result.identical) == (2, True)


def test_a_childs_divergence_is_the_sessions(tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    with random_server() as url, replay.record(path):
        asks_in_a_child(url, "child")
    with pytest.raises(DivergenceError), replay.play(path) as run:
        asks_in_a_child(url, "grown up")
    assert run.result.divergences[0].lineage == "0/p1"


def _tell_and_wait(told: int, held: int) -> None:
    os.write(told, b"x")
    os.read(held, 1)


def test_a_child_that_has_not_ended_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    held, holds = os.pipe()
    hears, told = os.pipe()
    with random_server() as url, replay.record(tmp_path / "run.cassette") as run:
        ask(url, "parent")
        process = FORK.Process(target=_tell_and_wait, args=(told, held))
        process.start()
        os.read(hears, 1)
    os.write(holds, b"x")
    process.join()
    assert len(run.result.lineages) - run.result.finished == 1
    assert "replay: error: child processes that had not ended when the recording did: 1" in capfd.readouterr().err


def test_a_worker_that_was_there_before_the_session_is_told(tmp_path: Path) -> None:
    with random_server() as url, ProcessPoolExecutor(1, mp_context=FORK) as pool:
        pool.submit(ask, url, "before").result()
        with replay.record(tmp_path / "run.cassette") as run:
            ask(url, "parent")
            pool.submit(ask, url, "within").result()
    assert run.result.recorded == 1
    assert run.result.gaps == ["a work item ran in a process without the recorder: its calls are not kept"]


def test_a_fork_that_only_executes_another_program_is_no_child(tmp_path: Path) -> None:
    with random_server() as url, replay.record(tmp_path / "run.cassette") as run:
        ask(url, "parent")
        subprocess.run([sys.executable, "-c", ""], preexec_fn=os.getpid, check=True)
    assert run.result.lineages == ["0"]


def test_who_joins_a_pool_finds_all_results(tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"

    def run_all(url: str) -> tuple[list[int], bool, list[int]]:
        with ProcessPoolExecutor(2, mp_context=FORK) as executor:
            futures = [executor.submit(ask, url, f"{number}") for number in range(4)]
        pool = FORK.Pool(2)
        result = pool.starmap_async(ask, [(url, f"{number}") for number in range(4)])
        pool.close()
        pool.join()
        return [future.result() for future in futures], all(future.done() for future in futures), result.get()

    with random_server() as url, replay.record(path):
        recorded = run_all(url)
    assert recorded[1]
    with replay.play(path) as run:
        assert run_all(url) == recorded
    assert run.result.identical
