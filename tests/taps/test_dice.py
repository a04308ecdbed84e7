from __future__ import annotations

import os
import random
import secrets
import sys
import tempfile
import threading
import uuid

import pytest
import uuid_utils
import uuid_utils.compat

from replay.errors import CassetteError
from replay.taps import boundary, byname, dice
from tests.taps import named_before
from tests.taps.fake_reads import session, twice

OF_RANDOM = {
    "betavariate": (2, 3),
    "choice": ("abcdefghijklmnop",),
    "choices": (range(1000),),
    "expovariate": (1.5,),
    "gammavariate": (2, 3),
    "gauss": (5, 2),
    "getrandbits": (300,),
    "lognormvariate": (0, 1),
    "normalvariate": (0, 1),
    "paretovariate": (3,),
    "randbytes": (20,),
    "randint": (1, 10**9),
    "random": (),
    "randrange": (10**30,),
    "sample": (range(10000), 5),
    "triangular": (0, 1, 0.5),
    "uniform": (0, 1),
    "vonmisesvariate": (1, 2),
    "weibullvariate": (1, 2),
}
MADE_BEFORE = random.Random()

BY_ATTRIBUTE = {
    "compat.uuid4": lambda: uuid_utils.compat.uuid4(),
    "compat.uuid7": lambda: uuid_utils.compat.uuid7(),
    "made_before": lambda: (MADE_BEFORE.random(), MADE_BEFORE.gauss(), MADE_BEFORE.choice("abcdefghijklmnop")),
    "os.getrandom": lambda: os.getrandom(8),
    "os.urandom": lambda: os.urandom(8),
    "Random": lambda: (random.Random().random(), random.Random().getrandbits(90)),
    "SystemRandom": lambda: (random.SystemRandom().random(), random.SystemRandom().sample(range(1000), 3)),
    "secrets.token_urlsafe": lambda: secrets.token_urlsafe(),
    "secrets.SystemRandom": lambda: secrets.SystemRandom().gauss(0, 1),
    "uuid.uuid1": lambda: uuid.uuid1(),
    "uuid.uuid1(node)": lambda: uuid.uuid1(node=1),
    "uuid.uuid4": lambda: uuid.uuid4(),
    "uuid_utils.uuid1": lambda: uuid_utils.uuid1(),
    "uuid_utils.uuid4": lambda: uuid_utils.uuid4(),
    "uuid_utils.uuid6": lambda: uuid_utils.uuid6(),
    "uuid_utils.uuid7": lambda: uuid_utils.uuid7(),
}


@pytest.mark.parametrize(("name", "args"), OF_RANDOM.items(), ids=OF_RANDOM)
def test_a_replay_draws_the_recorded_numbers(name, args):
    first, second = twice(lambda: [getattr(random, name)(*args) for _ in range(3)])
    assert first == second


@pytest.mark.parametrize("draw", BY_ATTRIBUTE.values(), ids=BY_ATTRIBUTE)
def test_a_replay_gets_the_recorded_entropy(draw):
    first, second = twice(lambda: [draw(), draw()])
    assert first == second
    assert first[0] != first[1]


@pytest.mark.parametrize("draw", named_before.DICE.values(), ids=named_before.DICE)
def test_a_replay_gets_the_recorded_entropy_by_names_imported_before_the_session(draw):
    first, second = twice(lambda: [draw(), draw()])
    assert first == second
    assert first[0] != first[1]


def test_a_uuid_keeps_its_type_and_what_is_known_of_its_safety():
    first, second = twice(lambda: (uuid.uuid1(), uuid_utils.uuid7(), uuid_utils.compat.uuid7()))
    assert [type(made) for made in first] == [type(made) for made in second]
    assert first[0].is_safe == second[0].is_safe
    assert [made.version for made in second] == [1, 7, 7]


def _draw_some() -> list[object]:
    random.seed(7)
    drawn: list[object] = [random.random(), named_before.choice("abcdef"), random.gauss(0, 1), named_before.gauss(1, 2)]
    state = random.getstate()
    drawn.append(random.sample(range(100), 5))
    random.setstate(state)
    drawn.append(random.sample(range(100), 5))
    own = random.Random(3)
    return [*drawn, own.random(), own.gauss(0, 1), own.getrandbits(100)]


def test_a_program_that_seeds_itself_gets_the_numbers_it_gets_without_us():
    plain = _draw_some()
    assert twice(_draw_some) == (plain, plain)


def test_a_seed_from_before_the_session_holds_in_it_and_in_its_threads():
    random.seed(11)
    plain = [random.random() for _ in range(4)]
    random.seed(11)
    with session() as recorded:
        drawn = [random.random()]
        thread = recorded.thread("t", lambda: drawn.extend([random.random(), named_before.random()]))
        thread.start()
        thread.join()
    drawn.append(random.random())  # after the session: recording took nothing from the stream
    assert drawn == plain


def test_threads_do_not_steal_from_each_other():
    def program(reads, order):
        drawn = {"a": [], "b": []}
        for name in order:
            thread = reads.thread(
                name, lambda to=drawn[name]: to.extend([random.random(), random.gauss(), os.urandom(4)])
            )
            thread.start()
            thread.join()
        return drawn

    with session() as recorded:
        first = program(recorded, "abba")
    with session(recorded.kept) as replayed:
        second = program(replayed, "baab")
    assert first == second
    assert not replayed.beyond


def test_a_tool_that_is_served_and_draws_nothing_shifts_no_number():
    with session() as recorded:
        first = [random.random()]
        tool = recorded.thread("tool", random.random)
        tool.start()
        tool.join()
        first.append(random.random())
    with session(recorded.kept):
        assert [random.random(), random.random()] == first


def test_a_spare_normal_number_from_before_the_session_does_not_shift_the_draws():
    random.gauss(0, 1)  # leaves the second of a pair in the generator
    with session() as recorded:
        first = [random.gauss(0, 1), random.gauss(0, 1), random.random()]
    random.seed()  # and now there is none
    with session(recorded.kept) as replayed:
        assert [random.gauss(0, 1), random.gauss(0, 1), random.random()] == first
    assert not replayed.beyond


def test_more_draws_than_recorded_go_on_with_the_seeded_stream():
    random.seed(5)
    plain = [random.random() for _ in range(4)]
    random.seed(5)
    with session() as recorded:
        random.random(), random.random()
    random.seed(5)
    with session(recorded.kept) as replayed:
        assert [random.random() for _ in range(4)] == plain
    assert replayed.beyond == ["random.random"] * 2


def test_entropy_is_never_served_in_another_size():
    with session() as recorded:
        os.urandom(8)
    with session(recorded.kept):
        assert len(os.urandom(4)) == 4


def test_outside_a_session_and_inside_a_tap_the_dice_are_real():
    with session() as reads:
        with boundary.inside():
            random.random(), os.urandom(4), uuid.uuid1(), uuid.uuid4(), uuid_utils.uuid7(), random.gauss()
        thread = threading.Thread(target=lambda: (random.random(), uuid.uuid4()))  # of no session
        thread.start()
        thread.join()
        assert not reads.kept


def test_plumbing_draws_for_itself():
    with session() as reads:
        with tempfile.NamedTemporaryFile():
            pass
        assert not reads.kept


def test_detaching_restores_every_name_and_every_method():
    modules = (random, os, uuid, uuid_utils, uuid_utils.compat, named_before, named_before.np_random, secrets)
    before = [dict(vars(module)) for module in modules]
    methods = dict(vars(random.Random))
    with session():
        assert random.random is named_before.random is not before[0]["random"]
        random.random(), uuid.uuid4()
    assert [dict(vars(module)) for module in modules] == before
    assert dict(vars(random.Random)) == methods


def test_a_library_imported_during_the_session_is_attached_when_it_comes(monkeypatch):
    library = sys.modules["uuid_utils"]
    original = library.uuid7
    monkeypatch.delitem(sys.modules, "uuid_utils")
    with session() as reads:
        library.uuid7()
        assert not reads.kept
        monkeypatch.setitem(sys.modules, "uuid_utils", library)
        dice.attach(library)
        dice.attach(library)
        library.uuid7()
        assert len(reads.kept["0", "uuid_utils.uuid7"]) == 1
    assert library.uuid7 is original
    dice.attach(library)  # the last session has ended: not before the next one
    assert library.uuid7 is original


@pytest.mark.parametrize(
    ("source", "value", "draw"),
    [
        ("random.random", "0.5", lambda: random.random()),
        ("random.gauss", 1, lambda: random.gauss(0, 1)),
        ("random.getrandbits:8", 1.5, lambda: random.getrandbits(8)),
        ("random.getrandbits:100", 7, lambda: random.getrandbits(100)),
        ("os.urandom:4", "four", lambda: os.urandom(4)),
        ("uuid.uuid1", b"short", lambda: uuid.uuid1()),
        ("uuid_utils.uuid4", b"short", lambda: uuid_utils.uuid4()),
        ("uuid_utils._uuid7_int", b"x" * 40, lambda: uuid_utils.compat.uuid7()),
        ("numpy.random.state", b"x", named_before.DICE["normal"]),
    ],
)
def test_a_cassette_that_holds_something_else_is_refused(source, value, draw):
    with session({("0", source): [value]}), pytest.raises(CassetteError):
        draw()


def test_without_the_scan_a_name_imported_before_is_not_recorded(monkeypatch):
    monkeypatch.setattr(byname, "replace", lambda pairs: None)
    with pytest.raises(AssertionError, match="nothing was recorded"):
        twice(named_before.DICE["random"])


def test_without_the_methods_a_generator_of_the_program_is_not_recorded(monkeypatch):
    monkeypatch.setattr(dice.random, "attach", lambda: byname.Replacement([]))
    with pytest.raises(AssertionError, match="nothing was recorded"):
        twice(MADE_BEFORE.random)
