"""A module of the program that knows clock and dice by name, imported before any session."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from os import urandom
from random import choice, gauss, getrandbits, randint, random, shuffle
from secrets import choice as secret_choice
from secrets import randbelow, token_bytes, token_hex
from time import (
    ctime,
    monotonic,
    monotonic_ns,
    perf_counter,
    perf_counter_ns,
    process_time,
    strftime,
    thread_time,
    time,
)
from uuid import uuid1, uuid4

from numpy import random as np_random
from numpy.random import default_rng, normal
from uuid_utils import uuid7
from uuid_utils.compat import uuid4 as compat_uuid4
from uuid_utils.compat import uuid7 as compat_uuid7

CLOCKS: dict[str, Callable[[], object]] = {
    "ctime": lambda: ctime(),
    "datetime.now": lambda: datetime.now(),
    "datetime.utcnow": lambda: datetime.utcnow(),
    "datetime.today": lambda: datetime.today(),
    "monotonic": lambda: monotonic(),
    "monotonic_ns": lambda: monotonic_ns(),
    "perf_counter": lambda: perf_counter(),
    "perf_counter_ns": lambda: perf_counter_ns(),
    "process_time": lambda: process_time(),
    "strftime": lambda: strftime("%Y-%m-%dT%H:%M:%S"),
    "thread_time": lambda: thread_time(),
    "time": lambda: time(),
}


def shuffled() -> list[int]:
    cards = list(range(40))
    shuffle(cards)
    return cards


@dataclass
class Ticket:
    """Made with a factory that no scan of modules can replace."""

    id: uuid.UUID = field(default_factory=uuid.uuid4)
    serial: uuid.UUID = field(default_factory=uuid.uuid1)


DICE: dict[str, Callable[[], object]] = {
    "choice": lambda: [choice("abcdefgh") for _ in range(30)],
    "compat.uuid4": lambda: compat_uuid4(),
    "compat.uuid7": lambda: compat_uuid7(),
    "default_rng": lambda: default_rng().random(4).tolist(),
    "factory": lambda: Ticket(),
    "gauss": lambda: [gauss(0, 1) for _ in range(3)],
    "getrandbits": lambda: (getrandbits(7), getrandbits(200)),
    "normal": lambda: normal(size=5).tolist(),
    "numpy.shuffle": lambda: np_random.permutation(30).tolist(),
    "RandomState": lambda: np_random.RandomState().rand(3).tolist(),
    "randbelow": lambda: randbelow(10**12),
    "randint": lambda: [randint(0, 10**6) for _ in range(5)],
    "random": lambda: random(),
    "secrets.choice": lambda: [secret_choice("abcdefgh") for _ in range(30)],
    "shuffle": shuffled,
    "token_bytes": lambda: token_bytes(12),
    "token_hex": lambda: token_hex(),
    "urandom": lambda: urandom(16),
    "uuid1": lambda: uuid1(),
    "uuid4": lambda: uuid4(),
    "uuid7": lambda: uuid7(),
}
