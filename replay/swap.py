"""What ``replay.play(…, swaps=[…])`` may replace.

::

    replay.play("run.cassette", on_divergence="live", swaps=[
        replay.swap.model("gpt-5-mini", at="3-"),
        replay.swap.prompt("system", Path("prompt.md").read_text()),
        replay.swap.tool("lookup_order", lambda order_id: {"status": "lost"}),
    ])

``forecast(path, swaps)`` says beforehand what would be served, what would run live, and what that costs. Each other
function makes the swap that the command line writes as ``--swap KIND:NAME@WHERE=VALUE``. ``at`` says where it
applies: a step number, ``"3-"``, ``"3-8"``, ``"model:gpt-5*"``, ``"tool:lookup_order"``, ``"span:planner"``, several of
them joined by commas; by default everywhere. They raise :class:`replay.errors.UsageError` for what makes no sense.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from replay.engine.swaps import grammar, selector
from replay.engine.swaps.forecast import Forecast
from replay.engine.swaps.forecast import forecast_of as forecast
from replay.engine.swaps.swap import Kind, Swap

__all__ = [
    "Forecast",
    "Swap",
    "drop",
    "forecast",
    "http",
    "insert",
    "model",
    "param",
    "parse",
    "prompt",
    "response",
    "tool",
    "tooldef",
]

At = int | str

parse = grammar.parse
"""The swap that the command line's words are: ``parse("model=gpt-5-mini")``."""


def model(name: str, *, at: At = "") -> Swap:
    """Ask another model: ``NAME`` or ``PROVIDER:NAME`` (``openai`` or ``anthropic``), each perhaps followed
    by ``@BASE_URL``. Another provider is spoken to in its own wire format, with its key from the environment."""
    return _swap("model", "", name, at)


def prompt(which: str, text: str, *, at: At = "") -> Swap:
    """Other words for a message: ``system``, ``user[0]``, ``assistant[-1]``, ``[2]``; or for what a regular expression
    finds (``/refunds?/i``), where ``text`` is a replacement as :func:`re.sub` has it."""
    return _swap("prompt", which, text, at)


def insert(role: str, text: str, *, before: int | None = None, at: At = "") -> Swap:
    """A message more, at the end or in front of message number ``before`` (from 0; negative from the end)."""
    return _swap("insert", role if before is None else f"{role}[{before}]", text, at)


def drop(which: str, *, at: At = "") -> Swap:
    """Messages fewer: ``user[0]``, ``[2]``, or all of a role (``tool``)."""
    return _swap("drop", which, "", at)


def param(name: str, value: Any, *, at: At = "") -> Swap:
    """Another value for a parameter of LLM calls (``temperature``, ``reasoning.effort``); None takes it out."""
    return _swap("param", name, "" if value is None else orjson.dumps(value).decode(), at)


def tooldef(name: str, definition: Mapping[str, Any] | None, *, add: bool = False, at: At = "") -> Swap:
    """Another definition of an offered tool: any of ``name``, ``description`` and ``parameters``, or a JSON schema for
    the parameters. None takes the tool out; ``add`` offers one more."""
    value = "" if definition is None else orjson.dumps(dict(definition)).decode()
    return _swap("tooldef", f"+{name}" if add else name, value, at)


def tool(name: str, replacement: Any, *, at: At = "") -> Swap:
    """Another tool in the place of ``name`` (a shell pattern): a function is called with its arguments, a text that is
    a URL gets them by POST, and anything else, which must be JSON-like data, is the value."""
    if callable(replacement):
        where = f"{getattr(replacement, '__module__', '')}:{getattr(replacement, '__qualname__', 'function')}"
        return _swap("tool", name, where, at, replacement)
    if isinstance(replacement, str) and replacement.startswith(("http://", "https://")):
        return _swap("tool", name, replacement, at)
    return _swap("tool", name, orjson.dumps(replacement).decode(), at)


def http(request: str, replacement: Any, *, at: At = "") -> Swap:
    """Another answer for requests like ``GET https://host/*`` (a shell pattern over method and URL): a body, as text or
    data; an object of ``status``, ``headers`` and ``body``; or the URL of another endpoint to ask."""
    return _swap("http", request, _text(replacement), at)


def response(step: At, answer: Any) -> Swap:
    """Another answer at one step: a tool's value, a body, or what a model says (its provider's JSON, plain words, or
    ``{"text": …, "tool_calls": [{"name": …, "arguments": {…}}]}``)."""
    return _swap("response", "", _text(answer), step)


def _swap(kind: Kind, name: str, value: str, at: At, function: Callable[..., Any] | None = None) -> Swap:
    swap = Swap(kind, name, value, selector.parse(str(at).removeprefix("@")), function)
    grammar.check(swap, str(swap))
    return swap


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
