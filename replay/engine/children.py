"""Child processes of the program: each gets the next address, and joins the same run.

A child Python process finds its plan in its environment and starts its own session (:mod:`replay.engine.process`). A
forked one goes on in a session of its own, under its own address. The workers of a pool are numbered apart (``pw``):
how many there are, and which of them does what, is chance (:mod:`replay.engine.items`).
"""

from __future__ import annotations

import atexit
import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from replay.engine import idle, kin, lineage, threads
from replay.engine.lineage import Node, parent
from replay.engine.plan import Plan
from replay.engine.session import Session
from replay.taps.outside import Born
from replay.taps.patch import MARK, wrap

WORKER = "pw"

_forking: list[tuple[Session, Plan]] = []
"""For a child that is being forked: its plan in each open session."""


class _Here(threading.local):
    kind = "p"
    executes = False


_here = _Here()
"""``kind``: of the processes that this thread starts. ``executes``: a fork that only executes another program."""


def attach() -> None:
    """Patch the places where processes are created and where they end at once. Idempotent."""
    if hasattr(os._exit, MARK):
        return
    wrap(subprocess.Popen, "_execute_child", _execute_child)
    wrap(os, "_exit", _exit)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


@contextmanager
def workers() -> Iterator[None]:
    """While it lasts, this thread starts workers of a pool."""
    before, _here.kind = _here.kind, WORKER
    try:
        yield
    finally:
        _here.kind = before


def creator() -> Node | None:
    """The node whose child process is being started here, or None when that is not the program's."""
    return lineage.current() if _here.kind == WORKER else parent()


def next_child(session: Session, node: Node | None) -> Plan:
    """The plan of the next child process of ``node``; a pool's worker is one of the whole session."""
    if _here.kind == WORKER or node is None or node.session is not session:
        node = session.root
    return kin.plan_of_child(session, node.child(_here.kind).address)


def _before_fork() -> None:
    node = lineage.current()
    _forking[:] = [] if _here.executes else [(session, next_child(session, node)) for session in lineage.sessions()]


def _after_fork() -> None:
    if not _forking:
        return
    kin.forget()
    idle.orders.clear()
    threads.after_fork()
    for session, plan in _forking:
        is_part = not session.plan.report
        session.become_child(plan)
        lineage.rebind(session.root)
        if is_part:  # a whole process's session has registered itself when it began
            atexit.register(session.close)


def _exit(original: Callable[..., Any]) -> Callable[..., Any]:
    """Forked children (``multiprocessing``) end this way, past ``atexit``."""

    def exit_now(status: int) -> None:
        try:
            for session in lineage.sessions():
                session.close()
        finally:  # whatever happens: a forked child must not go on as if it were its parent
            original(status)

    return exit_now


def _execute_child(original: Callable[..., Any]) -> Callable[..., Any]:
    """``_execute_child(self, args, executable, preexec_fn, close_fds, pass_fds, cwd, env, …)``: ``env`` is the 7th.

    Only the session of a whole process takes children in: to a part of a program they are the world.
    """

    def execute_child(self: Any, *args: Any) -> Any:
        node = parent()
        _here.executes = True
        try:
            if node is None or not node.session.plan.report:
                return original(self, *args)
            return original(self, *args[:6], environment(_plan_of(node), args[6]), *args[7:])
        finally:
            _here.executes = False

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


def follows(rule: str) -> bool:
    """Whether the session here goes by ``rule``: one that its recording has among its behaviour flags."""
    node = parent()
    source = node.session.source if node is not None else None
    return source is None or source.header.behaviour.get(rule, 0) > 0


def born(env: Mapping[str, str] | None) -> Born:
    """The next child process of this task, which may join the run if it is Python; see :class:`Born`."""
    node = parent()
    if node is None or not node.session.plan.report:
        return Born(env)
    plan = _plan_of(node)
    claim = Path(plan.report, f"{plan.lineage.replace('/', '-')}.claim")
    return Born(environment(plan, env), claim)


def _plan_of(node: Node) -> Plan:
    return node.session.plan.for_child(node.child("p").address)
