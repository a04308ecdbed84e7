"""Whose read is it? The program's reads of clock and dice are recorded; those of plumbing are left alone.

A recorded read has to happen again on replay. Below the taps nothing runs on replay (no pool, no TLS, no HTTP/2), and
timers, log records and progress bars read as often as real time makes them: recording those would only shift the
values that the program's own decisions depend on. What is no plumbing is the program, third-party libraries included:
an id that a framework makes, or a date that an SDK puts into a request, is seen by the program.

The verdict hangs on the module of the calling frame, and is looked up by name: about 0.1 µs.
"""

from __future__ import annotations

from types import FrameType
from typing import Literal

Verdict = Literal["program", "plumbing", "through"]
"""``through``: code that reads on behalf of its own caller (``uuid.uuid4`` calls ``os.urandom``): look one frame up."""

_PLUMBING = """
    asyncio concurrent multiprocessing queue sched select selectors signal subprocess tempfile threading importlib
    http socket socketserver ssl aiohappyeyeballs aiohttp anyio grpc h11 h2 httpcore httpcore2 tornado trio
    urllib3 urllib3_future uvicorn uvloop websockets wsproto zmq
    logging loguru structlog rich tqdm
    agents.tracing.processors langsmith opentelemetry posthog sentry_sdk
    _pytest coverage debugpy hypothesis ipykernel pluggy pydevd pytest xdist
    replay
"""

_EXCEPTIONS: dict[str, Verdict] = {
    "fastuuid": "through",
    "http.cookiejar": "program",  # runs above the taps, also on replay, where recorded cookies must not have expired
    "httpx._client": "plumbing",  # times each response: its tap tells those times
    "httpx2._client": "plumbing",
    "langsmith._internal._uuid": "through",  # langchain's run ids
    "langsmith.uuid": "through",
    "numpy.random": "through",
    "random": "through",
    "replay.engine.spawn": "program",  # calls what the program handed to a thread or a pool
    "secrets": "through",
    "uuid": "through",
    "uuid_utils": "through",
}

_CALLS_THE_PROGRAM = {
    "anyio._backends._asyncio": ("run",),
    "anyio._backends._trio": ("wrapper",),
    "asyncio.events": ("_run",),
    "concurrent.futures.thread": ("run",),
    "threading": ("run",),
    "trio._threads": ("worker_fn", "unprotected_fn"),
}
"""Functions of plumbing that call what the program handed them: ``pool.submit(time.time)`` is the program's read."""

_rules: dict[str, Verdict] = {**dict.fromkeys(_PLUMBING.split(), "plumbing"), **_EXCEPTIONS}
_verdicts: dict[str | None, Verdict] = {}


def is_plumbing(frame: FrameType | None) -> bool:
    """Whether a read by ``frame``, the caller of the function that reads, is left real."""
    while frame is not None:
        module = frame.f_globals.get("__name__")
        verdict = _verdicts.get(module) or verdict_on(module)
        if verdict == "program":
            return False
        if verdict == "plumbing":
            return frame.f_code.co_name not in _CALLS_THE_PROGRAM.get(str(module), ())
        frame = frame.f_back
    return False


def verdict_on(module: str | None) -> Verdict:
    """The verdict on the module named ``module``: the rule for the longest prefix of its dotted name."""
    verdict = _verdicts[module] = _longest_rule(str(module))
    return verdict


def _longest_rule(module: str) -> Verdict:
    while module:
        if module in _rules:
            return _rules[module]
        module = module.rpartition(".")[0]
    return "program"
