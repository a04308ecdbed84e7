"""Processes are tools: recorded with all that the program was told of them, and not started on replay."""

from __future__ import annotations

import asyncio
import inspect
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import replay
from replay.errors import DivergenceError

NOISE = "date +%N; head -c 8 /dev/urandom | od -An -tx1"
"""A command that never says the same twice."""


def _caught(call: Callable[[], Any]) -> list[Any]:
    try:
        return ["no error", call()]
    except (OSError, subprocess.SubprocessError) as error:
        return [type(error).__name__, str(error), *[getattr(error, name, None) for name in _TOLD]]


_TOLD = ("errno", "filename", "returncode", "output", "stderr", "timeout")


def run_captures():
    done = subprocess.run(f"{NOISE}; echo bad >&2; exit 3", shell=True, capture_output=True, text=True)
    return [done.returncode, done.stdout, done.stderr]


def check_output_gives_bytes():
    return subprocess.check_output(["sh", "-c", NOISE])


def check_call_fails():
    return _caught(lambda: subprocess.check_call(["sh", "-c", "exit 7"]))


def check_output_fails_with_its_output():
    return _caught(lambda: subprocess.check_output(["sh", "-c", f"{NOISE}; exit 9"]))


def no_such_program():
    return _caught(lambda: subprocess.run(["no-such-program-anywhere"]))


def not_executable(path=__file__):
    return _caught(lambda: subprocess.run([path]))


def no_such_directory():
    return _caught(lambda: subprocess.run(["true"], cwd="/no/such/directory"))


def too_late():
    return _caught(lambda: subprocess.run(["sh", "-c", "echo begun; exec sleep 30"], capture_output=True, timeout=0.3))


def waits_too_long_then_kills():
    with subprocess.Popen(["sleep", "30"]) as process:
        out = _caught(lambda: process.wait(0.05))
        process.kill()
        return [*out, process.wait(), process.returncode, process.poll()]


def one_after_the_other_by_input():
    return [subprocess.run(["tr", "a-z", "A-Z"], input=word, capture_output=True).stdout for word in (b"one", b"two")]


def conversation():
    """Write a line, read a line."""
    out = []
    with subprocess.Popen(
        ["sh", "-c", "while read line; do echo $line $(date +%N); done"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for word in ("one", "two", "three"):
            process.stdin.write(f"{word}\n")
            process.stdin.flush()
            out.append(process.stdout.readline())
        process.stdin.close()
        return [*out, process.stdout.read(), process.wait()]


def lines_of_both_outputs_in_threads():
    """The order in which the lines came is part of the value."""
    log: list[Any] = []
    command = "for i in 1 2 3; do echo out $i; sleep 0.01; echo err $i >&2; done"
    with subprocess.Popen(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        readers = [
            threading.Thread(target=lambda pipe=pipe, name=name: log.extend([name, line] for line in pipe))
            for name, pipe in (("out", process.stdout), ("err", process.stderr))
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    return [log, process.returncode]


def polled():
    out = []
    with subprocess.Popen(["sh", "-c", "sleep 0.05; exit 4"]) as process:
        while (code := process.poll()) is None:
            out.append(time.monotonic())
            time.sleep(0.01)
    return [out, code, process.pid]


def unbuffered_and_raw():
    with subprocess.Popen(["sh", "-c", NOISE], stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None
        return [process.stdout.read(4), process.stdout.read(), process.stdout.read()]


def errors_into_the_output():
    return subprocess.run(f"({NOISE}) >&2", shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout


def popen_of_os():
    with os.popen(NOISE) as pipe:
        return [pipe.read(), pipe.close()]


def system_of_os():
    return [os.system("exit 5"), os.system("true")]


def in_a_pool():
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda number: subprocess.getoutput(f"{NOISE}; echo {number}"), range(6)))


def signals_go_to_nobody():
    """Its group is asked for and killed by number, as libraries do that clean up after their children."""
    with subprocess.Popen(["sleep", "30"], start_new_session=True) as process:
        os.killpg(os.getpgid(process.pid), signal.SIGTERM)
        return [process.wait(), process.pid]


async def asyncio_communicates():
    process = await asyncio.create_subprocess_shell(
        f"{NOISE}; echo bad >&2; exit 3", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    return [await process.communicate(), process.returncode, process.pid]


async def asyncio_race():
    """Who is done first is part of the value; the losers are killed."""
    processes = [
        await asyncio.create_subprocess_exec("sh", "-c", f"sleep 0.0{3 - number}; {NOISE}", stdout=subprocess.PIPE)
        for number in range(3)
    ]
    waits = [asyncio.create_task(process.communicate()) for process in processes]
    done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    first = [[waits.index(task), task.result()[0]] for task in waits if task in done]
    for process in processes:
        if process.returncode is None:
            process.kill()
    await asyncio.gather(*waits)
    return [first, [process.returncode for process in processes]]


async def asyncio_conversation():
    out = []
    process = await asyncio.create_subprocess_exec("cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    for word in (b"one\n", b"two\n"):
        process.stdin.write(word)
        await process.stdin.drain()
        out.append(await process.stdout.readline())
    process.stdin.close()
    await process.stdin.wait_closed()
    return [*out, await process.stdout.read(), await process.wait()]


async def asyncio_too_late():
    process = await asyncio.create_subprocess_exec("sleep", "30")
    try:
        await asyncio.wait_for(process.wait(), 0.05)
    except TimeoutError:
        process.terminate()
    return await process.wait()


async def asyncio_no_such_program():
    try:
        await asyncio.create_subprocess_exec("no-such-program-anywhere")
    except FileNotFoundError as error:
        return [str(error), error.filename]


TABLE = [
    run_captures, check_output_gives_bytes, check_call_fails, check_output_fails_with_its_output, no_such_program,
    not_executable, no_such_directory, too_late, waits_too_long_then_kills, one_after_the_other_by_input, conversation,
    lines_of_both_outputs_in_threads, polled, unbuffered_and_raw, errors_into_the_output, popen_of_os, system_of_os,
    in_a_pool, signals_go_to_nobody,
    asyncio_communicates, asyncio_race, asyncio_conversation, asyncio_too_late, asyncio_no_such_program,
]  # fmt: skip


def perform(agent: Callable[[], Any]) -> Any:
    return asyncio.run(agent()) if inspect.iscoroutinefunction(agent) else agent()


def recorded(agent: Callable[[], Any], path: Path) -> Any:
    with replay.record(path) as run:
        value = perform(agent)
    assert run.result.recorded
    return value


@pytest.fixture
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Called, from there on no process can be started."""

    def refuse(*args: object) -> object:
        raise AssertionError("a replay started a process")

    def switch() -> None:
        monkeypatch.setattr("subprocess._fork_exec", refuse)
        monkeypatch.setattr("os.posix_spawn", refuse)

    return switch


@pytest.mark.parametrize("agent", TABLE)
def test_a_replay_gives_the_recorded_value_and_starts_nothing(
    agent: Callable[[], Any], nothing_starts: Callable[[], None], tmp_path: Path
) -> None:
    path = tmp_path / "run.cassette"
    value = recorded(agent, path)
    nothing_starts()
    for _ in range(2):
        with replay.play(path) as run:
            assert perform(agent) == value
        assert run.result.identical, run.result
        assert run.result.served and not run.result.live


def test_a_command_that_was_not_recorded_diverges(tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    recorded(lambda: subprocess.run(["echo", "one"]), path)
    with pytest.raises(DivergenceError) as caught, replay.play(path):
        subprocess.run(["echo", "two"])
    assert caught.value.asked is not None and b"two" in caught.value.asked.body


@pytest.mark.parametrize("agent", [one_after_the_other_by_input, conversation, asyncio_conversation])
def test_other_words_for_a_process_do_not_get_the_old_answer(
    agent: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.cassette"
    recorded(agent, path)
    changed = inspect.getsource(agent).replace("two", "too")
    scope: dict[str, Any] = {**globals()}
    exec(changed, scope)
    with pytest.raises(DivergenceError) as caught, replay.play(path):
        perform(scope[agent.__name__])
    assert caught.value.asked is not None
    assert (caught.value.asked.action, caught.value.asked.body.strip()) == ("write", b"too")


def test_waiting_for_what_the_recorded_run_left_running_diverges(tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    with replay.record(path):
        process = subprocess.Popen(["sleep", "30"])
    process.kill()
    process.wait()
    with pytest.raises(DivergenceError), replay.play(path):
        subprocess.Popen(["sleep", "30"]).wait()


def test_what_a_library_asks_the_system_for_is_no_step(tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    platform.uname().__dict__.pop("processor", None)
    with replay.record(path) as run:
        platform._uname_cache = None  # type: ignore[attr-defined]
        value = platform.platform(), platform.processor()
    assert run.result.recorded == 0
    with replay.play(path) as played:
        assert (platform.platform(), platform.processor()) == value
    assert played.result.identical


def test_a_cassette_by_the_rules_of_before_has_its_processes_start_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.cassette"
    monkeypatch.setattr("replay.engine.run.CURRENT", {})
    with replay.record(path):
        pass
    with replay.play(path) as run:
        assert [run_captures()[0], os.system("exit 5") >> 8] == [3, 5]
        assert asyncio.run(asyncio_no_such_program())
    assert run.result.identical


def test_output_that_goes_into_a_file_is_left_alone(tmp_path: Path) -> None:
    path, out = tmp_path / "run.cassette", tmp_path / "out"

    def agent() -> str:
        with out.open("w") as file:
            subprocess.run(["echo", "said"], stdout=file, check=True)
        return out.read_text()

    with replay.record(path):
        assert agent() == "said\n"
    with replay.play(path) as run:
        assert agent() == "said\n"
    assert run.result.identical


def test_secrets_in_commands_and_outputs_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_API_KEY", "a-key-of-the-shop-81726")
    path = tmp_path / "run.cassette"

    def agent() -> str:
        return subprocess.getoutput("echo sent a-key-of-the-shop-81726")

    assert recorded(agent, path) == "sent a-key-of-the-shop-81726"
    assert b"a-key-of-the-shop-81726" not in path.read_bytes()
    with replay.play(path) as run:
        agent()
    assert run.result.identical


def test_processes_are_steps_with_their_command_line(tmp_path: Path) -> None:
    path = tmp_path / "run.cassette"
    recorded(lambda: subprocess.run(["tr", "a", "b"], input=b"banana", capture_output=True), path)
    recorded_steps = replay.open(path).steps
    run, wrote = recorded_steps
    assert (run.kind, run.name, run.value, run.status) == ("process", "tr a b", "bbnbnb", "ok")
    assert (wrote.name, wrote.arguments, wrote.parent) == ("tr <", "banana", run.number)


def test_outside_a_session_nothing_changes() -> None:
    assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout == b"1\n"
    assert asyncio.run(_said()) == b"1\n"


async def _said() -> bytes:
    process = await asyncio.create_subprocess_exec("echo", "1", stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0]
