from __future__ import annotations

import numpy as np
import pytest

from replay.taps.numpy import _STATE
from tests.taps.fake_reads import session, twice


def _state() -> bytes:
    return np.random.get_state(legacy=False)["state"]["key"].tobytes()


def _draw_some() -> list[object]:
    state = np.random.get_state()
    drawn = [np.random.rand(3).tolist(), np.random.sample(), np.random.ranf(), np.random.normal(size=3).tolist()]
    np.random.set_state(state)
    cards = list(range(20))
    np.random.shuffle(cards)
    return [*drawn, np.random.rand(3).tolist(), cards]


def _draw_seeded() -> list[object]:
    np.random.seed(7)
    return _draw_some()


def test_a_replay_draws_the_recorded_arrays_from_one_recorded_state():
    first, second = twice(_draw_some)
    assert first == second
    with session() as reads:
        _draw_some()
    assert [len(state) for state in reads.kept["0", "numpy.random.state"]] == [_STATE.size] + [0] * 7


def test_a_program_that_seeds_itself_gets_the_numbers_it_gets_without_us():
    plain = _draw_seeded()
    assert twice(_draw_seeded) == (plain, plain)
    with session() as reads:
        _draw_seeded()
    assert set(reads.kept["0", "numpy.random.state"]) == {b""}


def test_recording_takes_nothing_from_the_stream_and_a_replay_puts_it_back():
    np.random.seed(3)
    plain = np.random.rand(6).tolist()
    np.random.seed(3)
    with session() as recorded:
        drawn = np.random.rand(3).tolist()
    assert drawn + np.random.rand(3).tolist() == plain
    np.random.seed(4)
    before = _state()
    with session(recorded.kept):
        assert np.random.rand(3).tolist() == plain[:3]
    assert _state() == before


def test_threads_do_not_steal_from_each_other():
    def program(reads, order):
        drawn = {"a": [], "b": []}
        for name in order:
            thread = reads.thread(name, lambda to=drawn[name]: to.append(np.random.rand(3).tolist()))
            thread.start()
            thread.join()
        return drawn

    with session() as recorded:
        first = program(recorded, "aabbab")
    with session(recorded.kept) as replayed:
        second = program(replayed, "babaab")
    assert first == second
    assert not replayed.beyond


def test_draws_by_others_in_between_are_noticed():
    with session() as recorded:
        first = [np.random.rand()]
        np.random.mtrand._rand.rand()  # seen by nobody, and the same again on replay
        first.append(np.random.rand())
        other = recorded.thread("tool", lambda: np.random.rand())
        other.start()
        other.join()
        first.append(np.random.rand())
    with session(recorded.kept):
        second = [np.random.rand()]
        np.random.mtrand._rand.rand()
        assert [*second, np.random.rand(), np.random.rand()] == first


def test_a_position_outside_the_key_is_never_believed():
    hostile = _STATE.pack(bytes(2496), 65535, 255, 0.0)
    with session({("0", "numpy.random.state"): [hostile]}):
        np.random.rand()
        assert np.random.mtrand._rand.get_state(legacy=False)["state"]["pos"] <= 624


def test_another_bit_generator_is_left_alone():
    before = np.random.get_bit_generator()
    np.random.set_bit_generator(np.random.PCG64(1))
    try:
        with session() as reads:
            np.random.rand()
        assert not reads.kept
    finally:
        np.random.set_bit_generator(before)


def test_numbers_of_a_generator_seeded_by_the_system_come_again():
    first, second = twice(lambda: (np.random.default_rng().random(), np.random.Generator(np.random.PCG64()).random()))
    assert first == second


@pytest.mark.parametrize("name", ["rand", "seed", "sample"])
def test_a_replaced_function_still_says_who_it_is(name):
    original = getattr(np.random, name)
    with session():
        assert getattr(np.random, name) is not original
        assert getattr(np.random, name).__name__ == name
    assert getattr(np.random, name) is original
