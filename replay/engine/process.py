"""The session of a whole process: what ``replay record`` and ``replay play`` start inside the program.

The program's interpreter imports our ``sitecustomize`` (:mod:`replay.inject`), which calls :func:`start` before any of
the program's own code runs. The session ends after the program's ``atexit`` functions and threads.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import Any

from replay.engine import seccomp, sources, world
from replay.engine.plan import Plan, from_environ
from replay.engine.run import open_session
from replay.engine.session import Session
from replay.errors import ReplayError, StopReplay


def start() -> Session | None:
    """Start the session that the environment plans for this process, if it plans one."""
    plan = from_environ()
    if plan is None:
        return None
    unguarded = seccomp.refuse() if _reaches_nothing(plan) else ""
    try:
        session = open_session(plan)
    except ReplayError as error:
        sys.stderr.write(f"replay: error: {error}\nhint: {error.hint}\n")
        os._exit(error.exit_code)
    session.result.unguarded = unguarded
    world.attach(session)
    if plan.sources:
        sources.attach(plan.report)
    _silence_stops()
    # Registered before the program can register anything, so it runs after all of that.
    atexit.register(session.close)
    return session


def _reaches_nothing(plan: Plan) -> bool:
    return plan.mode == "play" and plan.policy == "raise" and not plan.allow_hosts


def _silence_stops() -> None:
    """The command line reports a divergence; a traceback of how it unwound the program would bury the report."""
    report = sys.excepthook
    thread_report = threading.excepthook

    def excepthook(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        if not issubclass(kind, StopReplay):
            report(kind, error, trace)

    def thread_excepthook(args: threading.ExceptHookArgs) -> None:
        if not issubclass(args.exc_type, StopReplay):
            thread_report(args)

    sys.excepthook = excepthook
    threading.excepthook = thread_excepthook
