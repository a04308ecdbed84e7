"""Clock, dice and environment in the prompts: one value more or less, and the question is another."""

from __future__ import annotations

import datetime
import os
import random
import secrets
import time
import uuid
from datetime import date
from datetime import datetime as DateTime
from random import random as throw
from time import monotonic, perf_counter, time_ns
from uuid import uuid4

import httpx
import numpy
import uuid_utils

from tests.determinism.agents.ask import ask


def times_of_day(url):
    with httpx.Client() as client:
        out = []
        for _ in range(3):
            now = [str(datetime.datetime.now()), str(DateTime.now(datetime.UTC)), str(date.today())]
            now += [time.time(), time_ns(), time.strftime("%H:%M:%S"), time.localtime().tm_sec]
            out.append([now, ask(client, url, now)])
            time.sleep(throw() * 0.004)
        return out


def clocks_imported_by_name(url):
    with httpx.Client() as client:
        out = []
        for _ in range(3):
            start = perf_counter(), monotonic(), time_ns()
            out.append([start, ask(client, url, start), perf_counter() - start[0], monotonic() - start[1]])
        return out


def dice(url):
    with httpx.Client() as client:
        out = []
        for _ in range(3):
            thrown = [random.random(), random.choice("abcdef"), random.randrange(10**6), random.gauss(0, 1), throw()]
            thrown += [random.sample(range(100), 4), random.Random().random(), random.SystemRandom().random()]
            out.append([thrown, ask(client, url, thrown)])
        return out


def secrets_and_ids(url):
    with httpx.Client() as client:
        ids = [str(uuid4()), str(uuid.uuid1()), secrets.token_hex(4), os.urandom(4).hex(), str(uuid_utils.uuid7())]
        return [ids, ask(client, url, ids), str(uuid.uuid4()), secrets.randbelow(1000)]


def numpy_dice(url):
    with httpx.Client() as client:
        thrown = [numpy.random.random(), float(numpy.random.default_rng().normal()), int(numpy.random.randint(1000))]
        return [thrown, ask(client, url, thrown), numpy.random.permutation(6).tolist()]


def shuffled_plan(url):
    """The order of the questions is thrown; exploration stops with the dice."""
    questions = list(range(8))
    random.shuffle(questions)
    out = []
    with httpx.Client() as client:
        for question in questions:
            out.append([question, ask(client, url, question)])
            if random.random() < 0.15:
                break
    return out


AGENTS = (times_of_day, clocks_imported_by_name, dice, secrets_and_ids, numpy_dice, shuffled_plan)


def set_order(url):
    """The order of a set of words, and a hash, in the prompt: they follow PYTHONHASHSEED."""
    words = {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"}
    with httpx.Client() as client:
        return [list(words), hash("word"), ask(client, url, list(words)), ask(client, url, hash("word"))]


HASHED = (set_order,)
"""Those that come again only in a process with the recording's hash seed."""
