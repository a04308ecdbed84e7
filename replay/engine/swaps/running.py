"""What a tool swap runs in place of the program's tool: a function by name, or a POST to another endpoint."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any

import orjson

from replay.errors import UsageError
from replay.events import Request
from replay.taps.boundary import Instead
from replay.taps.resend import resent


@lru_cache(maxsize=256)
def named(name: str) -> Callable[..., Any]:
    """The function ``pkg.mod:function``, from the program's path or the working directory.

    Only for names that the user gave: a cassette's are never imported. Raises :class:`UsageError`.
    """
    module, _, path = name.partition(":")
    sys.path.append(os.getcwd())
    try:
        found: Any = import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{name} cannot be used: {error}", hint="is it on the program's path?") from error
    finally:
        sys.path.remove(os.getcwd())
    if not callable(found):
        raise UsageError(f"{name} is no function", hint="write pkg.mod:function")
    function: Callable[..., Any] = found
    return function


def endpoint(url: str, arguments: bytes) -> Callable[..., Any]:
    """Asks ``url`` in place of running the tool: its arguments go as a JSON object, the value comes back as JSON."""

    def ask(*_: Any, **__: Any) -> Any:
        fields = (("content-type", "application/json"), ("accept", "application/json"))
        answer = resent(Instead(Request("http", "POST", url, fields, arguments)))
        if answer.head is None or answer.head.status >= 400:
            why = answer.failure.message if answer.failure else f"HTTP {answer.head.status if answer.head else 0}"
            raise RuntimeError(f"{url} gave no value: {why}")
        return orjson.loads(answer.body)

    return ask
