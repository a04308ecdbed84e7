"""Swaps as the command line writes them: ``KIND[:NAME][@WHERE]=VALUE``; ``@FILE`` as the value means its contents.

``@@`` at the start of a value stands for ``@``. A name that holds ``=`` or ``@`` is put into double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from replay.dialects import lenient
from replay.engine.swaps import selector
from replay.engine.swaps.swap import Kind, Swap
from replay.errors import UsageError

KINDS = get_args(Kind)
MAX_FILE = 16 << 20
"""Bytes of a value's file."""

_HEAD = re.compile(r"([a-z]+)(?::|(?=[@=])|$)")
_QUOTED = re.compile(r'"([^"]*)"')
_REGEX = re.compile(r"/(?:[^/\\]|\\.)+/i?(?=[@=]|$)")
_URL_END = re.compile(r"=(?=@|https?://|[\[{\"]|$)")
_MESSAGE = re.compile(r"[a-z]*(?:\[-?\d+\])?")
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_<][\w.<>]*")
_EXAMPLES = "model=gpt-5-mini, prompt:system=@prompt.md, tool:lookup=@value.json, param:temperature=0"


def parse(text: str) -> Swap:
    """The swap that ``text`` is, the contents of its file included. Raises :class:`UsageError`."""
    return _read(text, _contents)


def parse_all(texts: Sequence[str]) -> tuple[Swap, ...]:
    return tuple([parse(text) for text in texts])


def parse_stored(text: str) -> Swap | None:
    """A swap from a fork's header, where it is as ``str(swap)`` gives it; None for what makes no sense.

    No file is read because a cassette names it.
    """
    try:
        return _read(text, lambda value: value.removeprefix("@") if value.startswith("@@") else value)
    except UsageError:
        return None


def _read(text: str, contents: Callable[[str], str]) -> Swap:
    head = _HEAD.match(text)
    if head is None or head[1] not in KINDS:
        raise UsageError(f"{text} is no swap", hint=f"swaps are {', '.join(KINDS)}: {_EXAMPLES}")
    kind: Kind = head[1]  # type: ignore[assignment]
    name, where, value = _split(kind, text[head.end() :])
    if kind == "response":
        name, where = "", ",".join(filter(None, [name, where]))
    swap = Swap(kind, name, contents(value), selector.parse(where))
    check(swap, text)
    return swap


def check(swap: Swap, text: str) -> None:
    """Raise :class:`UsageError` for what no kind of swap could mean. ``text``: what the user wrote."""
    if swap.kind == "response" and not swap.where:
        raise UsageError(f"{text} names no step", hint="response:14=@answer.json")
    if swap.kind == "model" and (swap.name or not swap.value):
        raise UsageError(f"{text} names no model", hint="model=gpt-5-mini, model=anthropic:claude-haiku-4-5")
    if swap.kind in ("param", "tooldef", "tool", "http") and not swap.name:
        raise UsageError(f"{text} says not which {swap.kind}", hint=_EXAMPLES)
    if swap.kind == "http" and " " not in swap.name:
        raise UsageError(f"{text} names no method", hint='http:"GET https://host/*"=@response.json')
    if swap.kind in ("prompt", "insert", "drop"):
        _check_message(swap, text)
    if swap.kind in ("tool", "tooldef") and swap.function is None:
        _check_value(swap, text)


def _check_value(swap: Swap, text: str) -> None:
    if (swap.kind == "tooldef" and not swap.value) or (swap.kind == "tool" and is_run(swap.value)):
        return
    value = lenient.parse(swap.value)
    if value is None and swap.value.strip() != "null":
        hint = "values are JSON (a text in quotes); a tool may also be pkg.mod:function, or a URL to POST to"
        raise UsageError(f"the value of {text} is no JSON", hint=hint)
    if swap.kind == "tooldef" and not isinstance(value, dict):
        raise UsageError(
            f"the value of {text} is no definition", hint='{"description": …, "parameters": {…}}, or a schema'
        )


def is_run(value: str) -> bool:
    """Whether a tool's value is something to run or to ask, and not the value itself."""
    return bool(_FUNCTION.fullmatch(value)) or value.startswith(("http://", "https://"))


def _check_message(swap: Swap, text: str) -> None:
    if swap.name.startswith("/"):
        try:
            pattern(swap.name)
        except re.error as error:
            raise UsageError(f"{text}: {error} in the pattern", hint="patterns are those of Python's re") from None
        if swap.kind == "prompt":
            return
    if not _MESSAGE.fullmatch(swap.name) or (swap.kind != "prompt" and not swap.name):
        hint = "system, user, user[0], assistant[-1], [2], or prompt:/pattern/="
        raise UsageError(f"{text}: {swap.name or 'nothing'} is no message", hint=hint)


def pattern(name: str) -> re.Pattern[str]:
    """``/words/`` or ``/words/i`` as a regular expression."""
    words, _, flags = name[1:].rpartition("/")
    return re.compile(words, re.IGNORECASE if flags else 0)


def _split(kind: Kind, rest: str) -> tuple[str, str, str]:
    """Name, selector and value of what follows ``KIND:``."""
    name = ""
    special = (_QUOTED.match(rest) if rest.startswith('"') else None) or (
        _REGEX.match(rest) if kind == "prompt" else None
    )
    if special is not None:
        name, rest = special[1] if special.re is _QUOTED else special[0], rest[special.end() :]
    elif kind == "http":
        end = _URL_END.search(rest)
        at = end.start() if end else len(rest)
        return rest[:at], "", rest[at + 1 :]
    before, _, value = rest.partition("=")
    plain, _, where = before.partition("@")
    return name + plain, where, value


def _contents(value: str) -> str:
    if value.startswith("@@"):
        return value[1:]
    if not value.startswith("@"):
        return value
    path = Path(value[1:])
    try:
        if path.stat().st_size > MAX_FILE:
            raise UsageError(f"{path} is larger than {MAX_FILE >> 20} MB", hint="is it the right file?")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise UsageError(f"{path} cannot be read: {reason}", hint="write @@ for a value that begins with @") from None
