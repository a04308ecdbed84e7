"""One thread, one call after the other: what must be right before anything else can be."""

from __future__ import annotations

import functools
import itertools
import random
import time
from collections.abc import Iterator

import httpx
import requests
import urllib3

from tests.determinism.agents.ask import ask


def chain(url):
    """Each question holds the answer before."""
    answers = [0]
    with httpx.Client() as client:
        for _ in range(6):
            answers.append(ask(client, url, answers[-1]))
    return answers


def same_question_again(url):
    with httpx.Client() as client:
        return [ask(client, url, "same") for _ in range(10)]


def generator_pipeline(url):
    """Two generators pull from each other; only as many calls are made as the consumer asks for."""

    def questions() -> Iterator[int]:
        yield from itertools.count()

    def answers(client: httpx.Client) -> Iterator[int]:
        for question in questions():
            yield ask(client, url, question)

    with httpx.Client() as client:
        return list(itertools.takewhile(lambda answer: answer % 5, itertools.islice(answers(client), 12)))


@functools.cache
def _cached(url: str, question: int) -> int:
    return httpx.post(f"{url}/ask", json={"q": question}).json()["answer"]


def cache_of_answers(url):
    """A cache that lives as long as the module, cleared by the run that fills it."""
    _cached.cache_clear()
    first = [_cached(url, number % 3) for number in range(9)]
    return [first, _cached(url, first[0])]


def retry_with_jitter(url):
    """How many attempts it takes, and how long the waits are, is chance."""
    log = []
    with httpx.Client() as client:
        for number in range(6):
            for attempt in range(8):
                try:
                    response = client.post(f"{url}/flaky", json={"q": number})
                except httpx.TransportError as error:
                    log.append(type(error).__name__)
                    continue
                log.append([number, attempt, response.status_code, response.json()])
                if response.status_code == 200:
                    break
                pause = 0.002 * (attempt + random.random())
                log.append(pause)
                time.sleep(pause)
    return log


def pooled_retries(url):
    """urllib3's own retries, which happen below the call that the program made."""
    retry = urllib3.Retry(9, status_forcelist=[429, 503], backoff_factor=0.001, allowed_methods=None)
    with urllib3.PoolManager(retries=retry) as pool:
        responses = [pool.request("POST", f"{url}/flaky", json={"q": number}) for number in range(4)]
        return [[response.json(), len(response.retries.history)] for response in responses]


def two_libraries(url):
    """The same question through two clients: each its own answers, in turn."""
    out = []
    with requests.Session() as session, httpx.Client() as client:
        for _ in range(4):
            out.append(session.post(f"{url}/ask", json={"q": "x"}).json()["answer"])
            out.append(ask(client, url, "x"))
    return out


AGENTS = (
    chain,
    same_question_again,
    generator_pipeline,
    cache_of_answers,
    retry_with_jitter,
    pooled_retries,
    two_libraries,
)
