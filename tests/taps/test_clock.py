from __future__ import annotations

import asyncio
import datetime
import logging
import pickle
import queue
import sys
import threading
import time
import types
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine

from replay.errors import CassetteError
from replay.taps import boundary, byname, clock
from tests.taps import named_before
from tests.taps.fake_reads import session, twice

pytestmark = pytest.mark.filterwarnings("ignore:.*utcnow:DeprecationWarning")  # Python 3.12

LONG_AGO = 1_000_000_000_000_000_000  # 2001-09-09 01:46:40 UTC, in ns

BY_ATTRIBUTE = {
    "asctime": lambda: time.asctime(),
    "clock_gettime": lambda: time.clock_gettime(time.CLOCK_MONOTONIC),
    "clock_gettime(realtime)": lambda: time.clock_gettime(time.CLOCK_REALTIME),
    "clock_gettime_ns": lambda: time.clock_gettime_ns(time.CLOCK_MONOTONIC),
    "ctime": lambda: time.ctime(),
    "datetime.now": lambda: datetime.datetime.now(),
    "datetime.now(utc)": lambda: datetime.datetime.now(datetime.UTC),
    "gmtime": lambda: time.gmtime(),
    "localtime": lambda: time.localtime(),
    "monotonic": lambda: time.monotonic(),
    "perf_counter": lambda: time.perf_counter(),
    "process_time_ns": lambda: time.process_time_ns(),
    "thread_time_ns": lambda: time.thread_time_ns(),
    "time": lambda: time.time(),
    "time_ns": lambda: time.time_ns(),
}


@pytest.mark.parametrize("read", BY_ATTRIBUTE.values(), ids=BY_ATTRIBUTE)
def test_a_replay_tells_the_recorded_time(read):
    first, second = twice(lambda: [read(), read()])
    assert first == second


@pytest.mark.parametrize("read", named_before.CLOCKS.values(), ids=named_before.CLOCKS)
def test_a_replay_tells_the_recorded_time_to_names_imported_before_the_session(read):
    first, second = twice(lambda: [read(), read()])
    assert first == second


def test_every_way_to_tell_the_time_of_day_tells_the_recorded_one():
    with session({("0", "time.time_ns"): [LONG_AGO] * 8}) as reads:
        assert time.time_ns() == LONG_AGO
        assert time.time() == LONG_AGO / 1e9
        assert datetime.datetime.now(datetime.UTC).isoformat() == "2001-09-09T01:46:40+00:00"
        assert named_before.datetime.utcnow().isoformat() == "2001-09-09T01:46:40"
        assert datetime.date.today() == datetime.date.fromtimestamp(LONG_AGO / 1e9)
        assert time.gmtime()[:6] == (2001, 9, 9, 1, 46, 40)
        assert time.localtime() == time.localtime(LONG_AGO / 1e9)
        assert time.strftime("%s") == str(LONG_AGO // 10**9)
    assert not reads.beyond and not reads.unread


def test_outside_a_session_and_inside_a_tap_the_clock_is_real():
    with session() as reads:
        with boundary.inside():
            time.time(), time.monotonic(), datetime.datetime.now()
        assert not reads.kept
        thread = threading.Thread(target=lambda: (time.time(), time.monotonic()))  # of no session
        thread.start()
        thread.join()
        assert not reads.kept
    with session({("0", "time.time_ns"): [LONG_AGO]}):
        pass
    assert time.time_ns() > 1.6e18


def test_a_call_with_a_time_given_reads_nothing():
    with session() as reads:
        assert time.ctime(0) == time.asctime(time.localtime(0))
        assert time.gmtime(0).tm_year == 1970
        assert not reads.kept
        time.ctime(None)
        assert reads.sources == {"time.ctime"}


def test_detaching_restores_every_name_also_in_modules_imported_since():
    before = {name: getattr(time, name) for name in dir(time)}
    by_name = dict(vars(named_before))
    late = types.ModuleType("late_module_of_the_program")
    sys.modules[late.__name__] = late
    try:
        with session() as reads:
            exec("from time import monotonic", vars(late))
            vars(late)["monotonic"]()
            exec("value = monotonic()", vars(late))
            assert reads.sources == {"time.monotonic"}
            assert named_before.monotonic is time.monotonic is not before["monotonic"]
        assert late.monotonic is before["monotonic"]
    finally:
        del sys.modules[late.__name__]
    assert {name: getattr(time, name) for name in dir(time)} == before
    assert dict(vars(named_before)) == by_name
    assert not time_machine.traveller_stack


def test_attaching_twice_and_detaching_twice_are_as_good_as_once():
    original = time.monotonic
    clock.attach()
    replaced = time.monotonic
    clock.attach()
    assert time.monotonic is replaced is not original
    clock.detach()
    clock.detach()
    assert time.monotonic is original and not time_machine.traveller_stack


def test_log_records_are_stamped_with_the_real_time(caplog):
    with session({("0", "time.time_ns"): [LONG_AGO] * 3}) as reads:
        logging.getLogger("program").warning("now")
        assert reads.unread == 3
    assert caplog.records[0].created > 1.6e9


async def test_asyncio_keeps_its_own_time():
    with session({("0", "time.monotonic"): [5.0]}) as reads:
        loop = asyncio.get_running_loop()
        assert loop.time() != 5.0
        async with asyncio.timeout(60):
            await asyncio.sleep(0.001)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.001)
        assert reads.unread == 1 and not reads.beyond
        assert time.monotonic() == 5.0


def test_waiting_threads_and_queues_keep_real_time():
    with session() as reads:
        assert not threading.Event().wait(0.001)
        with pytest.raises(queue.Empty):
            queue.Queue().get(timeout=0.001)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(lambda: 1).result(timeout=60) == 1
        assert not reads.kept


def test_a_clock_handed_to_a_thread_pool_is_read_by_the_program():
    with session({("worker", "time.time_ns"): [LONG_AGO]}) as reads:
        pool = ThreadPoolExecutor(1)
        futures = []
        # Through the pool's own code: the only frames above the read are those of plumbing.
        thread = reads.thread("worker", lambda: pool._work_queue.get().run())
        pool._adjust_thread_count = lambda: None
        futures.append(pool.submit(time.time_ns))
        thread.start()
        thread.join()
        assert futures[0].result() == LONG_AGO
        pool.shutdown(wait=False)


def test_a_clock_that_the_program_has_stopped_itself_stays_stopped():
    with session() as reads, time_machine.travel(0, tick=False):
        assert time.time() == 0
        assert not reads.kept
    assert time.time() > 1.6e9


def test_a_clock_stopped_before_the_session_is_what_gets_recorded():
    with time_machine.travel(0, tick=False), session() as reads:
        assert time.time() == 0
    assert reads.kept["0", "time.time_ns"] == [0]
    assert time.time() > 1.6e9


def test_a_clock_stopped_during_the_session_outlives_it():
    generate = uuid._generate_time_safe
    travel = time_machine.travel(0, tick=False)
    clock.attach()
    travel.start()
    clock.detach()
    assert time.time() == 0
    travel.stop()
    assert time.time() > 1.6e9
    assert uuid._generate_time_safe is generate


def test_a_replaced_clock_behaves_as_a_class_attribute_and_in_a_pickle():
    with session() as reads:
        holder = type("Holder", (), {"clock": time.monotonic})
        assert holder().clock() == reads.kept["0", "time.monotonic"][0]
        assert pickle.loads(pickle.dumps(time.monotonic)) is time.monotonic
        assert time.monotonic.__name__ == "monotonic"


def test_a_cassette_that_holds_something_else_for_the_time_is_refused():
    for source, read in (("time.time_ns", time.time), ("time.monotonic", lambda: time.monotonic())):
        with session({("0", source): ["soon"]}), pytest.raises(CassetteError, match=source):
            read()


def test_without_the_scan_a_name_imported_before_is_not_recorded(monkeypatch):
    monkeypatch.setattr(byname, "replace", lambda pairs: None)
    with pytest.raises(AssertionError, match="nothing was recorded"):
        twice(named_before.CLOCKS["monotonic"])
