"""Threads that call at the same time and tell each other about it."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, as_completed, wait

import httpx

from tests.determinism.agents.ask import ask


def _run(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def shared_list(url):
    """Eight threads append to one list, a client each; half of them ask the same questions."""
    log = []

    def work(number: int) -> None:
        with httpx.Client() as client:
            for turn in range(4):
                log.append([number, ask(client, url, [number % 2, turn])])

    _run(work, 8)
    return log


def questions_from_the_shared_list(url):
    """What is asked depends on what the others have done so far."""
    log = []

    def work(number: int) -> None:
        with httpx.Client() as client:
            for _ in range(4):
                log.append([number, ask(client, url, [number, len(log)])])

    _run(work, 4)
    return log


def pool_submit(url):
    with httpx.Client() as client, ThreadPoolExecutor(3) as pool:
        futures = {pool.submit(ask, client, url, "same"): number for number in range(12)}
        return [[futures[future], future.result()] for future in as_completed(futures)]


def pool_map(url):
    log = []

    def work(number: int) -> int:
        with httpx.Client() as client:
            answer = ask(client, url, len(log))
        log.append([number, answer])
        return answer

    with ThreadPoolExecutor(4) as pool:
        return [list(pool.map(work, range(10))), log]


def pool_race(url):
    """The first of each batch decides the next question; the rest is cancelled if it has not begun."""
    out = []
    with httpx.Client() as client, ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            futures = [pool.submit(ask, client, url, [i, len(out)]) for i in range(6)]
            done, rest = wait(futures, return_when=FIRST_COMPLETED)
            out.append(sorted(future.result() for future in done))
            out.append([future.cancel() for future in futures if future in rest])
            out.append([future.result() for future in futures if not future.cancelled()])
    return out


def work_that_submits_work(url):
    log = []
    with httpx.Client() as client, ThreadPoolExecutor(4) as pool:

        def leaf(path: list[int]) -> int:
            answer = ask(client, url, path)
            log.append([path, answer])
            return answer

        def branch(number: int) -> list:
            return [pool.submit(leaf, [number, i]) for i in range(3)]

        for future in as_completed([pool.submit(branch, number) for number in range(4)]):
            for inner in as_completed(future.result()):
                inner.result()
    return log


def queue_workers_in_threads(url):
    """Who takes which item of the queue depends on who answered first; one item in two makes another."""
    items: queue.Queue = queue.Queue()
    log = []

    def work(name: int) -> None:
        with httpx.Client() as client:
            while (item := items.get()) is not None:
                log.append([name, item, ask(client, url, [name, item])])
                if item < 5:
                    items.put(item + 10)
                items.task_done()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(3)]
    for thread in threads:
        thread.start()
    for item in range(10):
        items.put(item)
    items.join()
    for _ in threads:
        items.put(None)
    for thread in threads:
        thread.join()
    return log


def conditions(url):
    """Producers notify consumers of a condition: which consumer wakes is part of the value."""
    log, shelf, changed = [], [], threading.Condition()

    def produce(number: int) -> None:
        with httpx.Client() as client:
            for turn in range(3):
                answer = ask(client, url, [number, turn])
                with changed:
                    shelf.append(answer)
                    changed.notify()

    def consume(number: int) -> None:
        with httpx.Client() as client:
            for _ in range(3):
                with changed:
                    while not shelf:
                        changed.wait()
                    taken = shelf.pop()
                log.append([number, taken, ask(client, url, [number, taken])])

    _run(lambda number: (produce if number % 2 else consume)(number), 6)
    return log


def all_wake_at_once(url):
    """One answer sets an event that five threads wait for."""
    log, ready = [], threading.Event()

    def work(number: int) -> None:
        with httpx.Client() as client:
            if number == 0:
                log.append(ask(client, url, "first"))
                ready.set()
            ready.wait()
            log.append([number, ask(client, url, [number, len(log)])])

    _run(work, 6)
    return log


def semaphores_and_locks(url):
    """Bare locks, which nothing announces."""
    log, lock, limit = [], threading.Lock(), threading.Semaphore(2)

    def work(number: int) -> None:
        with httpx.Client() as client, limit:
            first = ask(client, url, number)
            with lock:
                log.append([number, first, ask(client, url, [number, len(log)])])

    _run(work, 6)
    return log


def barrier(url):
    log, gate = [], threading.Barrier(4)

    def work(number: int) -> None:
        with httpx.Client() as client:
            for turn in range(3):
                log.append([number, turn, ask(client, url, [number, turn])])
                gate.wait()
                log.append([number, turn])

    _run(work, 4)
    return log


def timers_of_threads(url):
    """threading.Timer fires between the answers; some are cancelled before."""
    log = []

    def fire(number: int) -> None:
        log.append(["fired", number])

    with httpx.Client() as client:
        timers = [threading.Timer(0.004 * number, fire, (number,)) for number in range(6)]
        for timer in timers:
            timer.start()
        for number in range(3):
            log.append(ask(client, url, [number, len(log)]))
        for timer in timers:
            timer.cancel()
        for timer in timers:
            timer.join()
    return log


def waits_with_timeouts(url):
    """queue.get and Event.wait with time limits that sometimes pass."""
    log, answers = [], queue.Queue()

    def work(number: int) -> None:
        with httpx.Client() as client:
            for turn in range(4):
                answers.put([number, turn, ask(client, url, [number, turn])])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    while sum(len(entry) for entry in log) < 24:
        try:
            log.append(answers.get(timeout=0.004))
        except queue.Empty:
            log.append([])
    for thread in threads:
        thread.join()
    return log


def dice_in_threads(url):
    """Each thread throws its own dice, and puts them into its questions."""
    log = []

    def work(number: int) -> None:
        mine = threading.local()
        with httpx.Client() as client:
            for _ in range(3):
                mine.dice = random.random()
                log.append([number, mine.dice, ask(client, url, mine.dice)])

    _run(work, 4)
    return log


AGENTS = (
    shared_list,
    questions_from_the_shared_list,
    pool_submit,
    pool_map,
    pool_race,
    work_that_submits_work,
    queue_workers_in_threads,
    conditions,
    all_wake_at_once,
    semaphores_and_locks,
    barrier,
    timers_of_threads,
    waits_with_timeouts,
    dice_in_threads,
)
