"""Child processes of the program: each gets the next address, and joins the same run.

A child Python process finds its plan in its environment and starts its own session (:mod:`replay.engine.process`). A
forked one goes on in a session of its own, under its own address.
"""

from __future__ import annotations

import multiprocessing.util
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from replay.engine import idle, lineage, threads
from replay.engine.lineage import parent
from replay.engine.plan import VARIABLE, Plan
from replay.engine.session import Session
from replay.taps.outside import Born
from replay.taps.patch import MARK, wrap

_addresses: list[tuple[Session, str]] = []
"""For a child that is being forked: its address in each open session."""


def attach() -> None:
    """Patch the places where processes are created and where they end at once. Idempotent."""
    if hasattr(os._exit, MARK):
        return
    wrap(subprocess.Popen, "_execute_child", _execute_child)
    wrap(multiprocessing.util, "spawnv_passfds", _spawn)
    wrap(os, "_exit", _exit)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


def _spawn(original: Callable[..., Any]) -> Callable[..., Any]:
    """``multiprocessing`` starts its processes past ``subprocess``, with the environment of this one."""

    def spawnv_passfds(path: Any, args: Sequence[Any], passfds: Any) -> Any:
        node = parent()
        if node is None:
            return original(path, args, passfds)
        before = os.environ.pop(VARIABLE, None)
        if not any("resource_tracker" in str(arg) for arg in args):  # plumbing, and it outlives the run
            os.environ.update(environment(_plan_of_child(node), {}))
        try:
            return original(path, args, passfds)
        finally:
            os.environ.pop(VARIABLE, None)
            if before is not None:
                os.environ[VARIABLE] = before

    return spawnv_passfds


def _before_fork() -> None:
    here = lineage.current()
    _addresses[:] = [
        (session, (here if here is not None and here.session is session else session.root).child("p").address)
        for session in lineage.sessions()
    ]


def _after_fork() -> None:
    if not _addresses:
        return
    idle.orders.clear()
    threads.after_fork()
    for session, address in _addresses:
        session.become_child(address)
        lineage.rebind(session.root)


def _exit(original: Callable[..., Any]) -> Callable[..., Any]:
    """Forked children (``multiprocessing``) end this way, past ``atexit``."""

    def exit_now(status: int) -> None:
        for session in lineage.sessions():
            session.close()
        original(status)

    return exit_now


def _execute_child(original: Callable[..., Any]) -> Callable[..., Any]:
    """``_execute_child(self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, …)``: ``env`` is the 7th."""

    def execute_child(self: Any, *args: Any) -> Any:
        node = parent()
        if node is None:
            return original(self, *args)
        env = environment(_plan_of_child(node), args[6])
        return original(self, *args[:6], env, *args[7:])

    return execute_child


def environment(plan: Plan, env: Mapping[str, str] | None) -> dict[str, str]:
    """The environment of a child process, with its plan, and with the path on which it finds the recorder."""
    result = dict(os.environ if env is None else env)
    ours, theirs = os.environ.get("PYTHONPATH", ""), result.get("PYTHONPATH", "")
    if ours and ours != theirs:
        result["PYTHONPATH"] = f"{ours}{os.pathsep}{theirs}" if theirs else ours
    if seed := os.environ.get("PYTHONHASHSEED"):
        result.setdefault("PYTHONHASHSEED", seed)
    return {**result, **plan.to_environ()}


def born(env: Mapping[str, str] | None) -> Born:
    """The next child process of this task, which may join the run if it is Python; see :class:`Born`."""
    node = parent()
    if node is None or not hasattr(os._exit, MARK):
        return Born(env)
    plan = _plan_of_child(node)
    claim = Path(plan.report, f"{plan.lineage.replace('/', '-')}.claim")
    return Born(environment(plan, env), claim)


def _plan_of_child(node: lineage.Node) -> Plan:
    return node.session.plan.for_child(node.child("p").address)
