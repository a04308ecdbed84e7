"""What each kind of swap does to a request."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

import orjson

from replay.dialects import editing, lenient
from replay.dialects.lenient import Document, document, string
from replay.dialects.model import Message, ToolDefinition
from replay.dialects.translate.table import PROVIDERS
from replay.engine.swaps import answering, running
from replay.engine.swaps.draft import Draft, Outcome, Provider
from replay.engine.swaps.grammar import is_run, pattern
from replay.engine.swaps.selector import Place
from replay.engine.swaps.swap import Swap
from replay.events import Answer, Request

_MESSAGE = re.compile(r"([a-z]*)(?:\[(-?\d+)\])?")
_MODEL = re.compile(r"(?:(?P<provider>[a-z]+):)?(?P<name>.*?)(?:@(?P<base>https?://.+))?")
_SYSTEM = ("system", "developer")
_DEFINITION = frozenset({"name", "description", "parameters"})


def apply(
    swaps: Iterable[tuple[int, Swap]], request: Request, place: Callable[[Draft], Place], recorded: Answer | None = None
) -> Outcome | None:
    """What the numbered ``swaps`` make of ``request``, in turn; None when none of them changes anything.

    ``place`` is asked only for swaps that apply to this kind of request at all. Raises :class:`UsageError`.
    """
    draft = Draft(request, recorded)
    where: Place | None = None
    for number, swap in swaps:
        if request.kind not in _OF_KIND[swap.kind]:
            continue
        if swap.where:
            where = where or place(draft)
            if not swap.where.matches(where):
                continue
        if _APPLY[swap.kind](draft, swap):
            draft.by.append(number)
    return draft.outcome()


def _llm(change: Callable[[Draft, Swap], bool]) -> Callable[[Draft, Swap], bool]:
    """``change``, for LLM calls only."""
    return lambda draft, swap: draft.can_be_edited and change(draft, swap)


def _model(draft: Draft, swap: Swap) -> bool:
    name, provider, base = model_parts(swap.value)
    if provider:
        voice = PROVIDERS[provider]
        base = base or os.environ.get(voice.base_variable) or voice.base
        key = os.environ.get(voice.key_variable, "")
        draft.provider = Provider(voice, name, base.rstrip("/") + voice.path, key)
    elif base:
        draft.target = _rebased(draft, base)
    named = _set_model(draft, name) if name else False
    return named or bool(provider or base)


def model_parts(value: str) -> tuple[str, str, str]:
    """Name, provider and base URL of ``[PROVIDER:]NAME[@BASE_URL]``; a name of its own may hold a colon."""
    found = _MODEL.fullmatch(value)
    assert found is not None
    provider = found["provider"] or ""
    if provider and provider not in PROVIDERS:
        return f"{provider}:{found['name']}", "", found["base"] or ""
    return found["name"], provider, found["base"] or ""


def _set_model(draft: Draft, name: str) -> bool:
    if draft.shape.model_in_url:
        before = draft.target
        draft.target = re.sub(r"(/models/)[^/:?]+", lambda found: found[1] + name, before)
        return draft.target != before
    return editing.set_field(draft.body, "model", name)


def _rebased(draft: Draft, base: str) -> str:
    """The URL at another base: what the API itself adds to a base URL stays."""
    url, mark, query = draft.target.partition("?")
    end = draft.shape.endpoint.search(url)
    return base.rstrip("/") + (end[0] if end else "") + mark + query


def _prompt(draft: Draft, swap: Swap) -> bool:
    if swap.name.startswith("/"):
        regex = pattern(swap.name)
        changed = [
            editing.rewrite(draft.body, message.path, lambda text: regex.sub(swap.value, text))
            for message in draft.messages
        ]
        return any(changed)
    messages = lenient.parse(swap.value) if not swap.name else None
    if isinstance(messages, list):
        return editing.set_field(draft.body, draft.shape.messages, messages)
    found = chosen(draft.messages, swap.name or "system")
    return bool(found) and editing.replace_words(draft.body, found[0].path, swap.value)


def chosen(messages: tuple[Message, ...], name: str) -> list[Message]:
    """The messages that ``user``, ``user[0]`` or ``[2]`` names; without a number all of that role, the first first."""
    role, index = _parts(name)
    of_role = [message for message in messages if not role or _is_of(message, role)]
    if index is None:
        return of_role
    return of_role[index:][:1] if -len(of_role) <= index < len(of_role) else []


def _parts(name: str) -> tuple[str, int | None]:
    found = _MESSAGE.fullmatch(name)
    assert found is not None
    return found[1], int(found[2]) if found[2] else None


def _is_of(message: Message, role: str) -> bool:
    return message.role in _SYSTEM if role == "system" else message.role == role


def _insert(draft: Draft, swap: Swap) -> bool:
    role, index = _parts(swap.name)
    messages = draft.messages
    before = messages[index] if index is not None and -len(messages) <= index < len(messages) else None
    return editing.insert(draft.body, draft.shape, role or "user", swap.value, before)


def _drop(draft: Draft, swap: Swap) -> bool:
    return editing.drop(draft.body, chosen(draft.messages, swap.name))


def _param(draft: Draft, swap: Swap) -> bool:
    name = f"{draft.shape.settings}.{swap.name}" if draft.shape.settings else swap.name
    return editing.set_field(draft.body, name, param_value(swap.value))


def param_value(text: str) -> Any:
    """JSON, or the word itself; nothing is None."""
    try:
        return orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return text


def _tooldef(draft: Draft, swap: Swap) -> bool:
    name = swap.name.removeprefix("+")
    if not swap.value:
        return editing.remove_tool(draft.body, name)
    given = document(lenient.parse(swap.value))
    change = _definition(given)
    if name == swap.name:
        return editing.change_tool(draft.body, draft.shape, name, change)
    if not draft.body.get("tools") and not swap.where:  # an agent's calls for other ends stay as they are
        return False
    tool = ToolDefinition(name, string(change.get("description")), change.get("parameters"))
    return editing.add_tool(draft.body, draft.shape, tool)


def _definition(given: Document) -> Document:
    """A definition as it is, in any provider's shape; a JSON schema alone as its parameters."""
    given = document(given.get("function")) or given
    if "input_schema" in given:
        given = {**given, "parameters": given["input_schema"]}
    if _DEFINITION & set(given):
        return {key: value for key, value in given.items() if key in _DEFINITION}
    return {"parameters": given}


def _tool(draft: Draft, swap: Swap) -> bool:
    if not fnmatchcase(draft.original.target, swap.name):
        return False
    if swap.function is not None:
        draft.function = swap.function
    elif swap.value.startswith(("http://", "https://")):
        draft.function, draft.asks_world = running.endpoint(swap.value, draft.original.body), True
    elif is_run(swap.value):
        draft.function = running.named(swap.value)
    else:
        draft.answer = answering.of_tool(swap.value, draft.recorded)
    return True


def _http(draft: Draft, swap: Swap) -> bool:
    asked = draft.original
    if not fnmatchcase(f"{asked.action} {asked.target}", swap.name):
        return False
    if swap.value.startswith(("http://", "https://")):
        draft.target = _moved(asked.target, swap.name.partition(" ")[2], swap.value)
    else:
        draft.answer = answering.of_http(swap.value)
    return True


def _moved(target: str, wanted: str, to: str) -> str:
    """``target`` at another address; what the last ``*`` of the pattern stood for is carried over."""
    if not wanted.endswith("*"):
        return to
    fixed = re.split(r"[*?\[]", wanted, maxsplit=1)[0]
    return to.removesuffix("*") + target[len(fixed) :]


def _response(draft: Draft, swap: Swap) -> bool:
    if draft.original.kind == "tool":
        draft.answer = answering.of_tool(_as_json(swap.value), draft.recorded)
    elif draft.dialect is not None and draft.dialect.does == "answer":
        draft.answer = answering.of_model(swap.value, draft.dialect, draft.body, draft.read)
    else:
        draft.answer = answering.of_http(swap.value)
    return True


def _as_json(text: str) -> str:
    return text if lenient.parse(text) is not None else orjson.dumps(text).decode()


_APPLY: dict[str, Callable[[Draft, Swap], bool]] = {
    "model": _llm(_model),
    "prompt": _llm(_prompt),
    "insert": _llm(_insert),
    "drop": _llm(_drop),
    "param": _llm(_param),
    "tooldef": _llm(_tooldef),
    "tool": _tool,
    "http": _http,
    "response": _response,
}
_OF_KIND = dict.fromkeys(_APPLY, ("http",)) | {"tool": ("tool",), "response": ("http", "tool")}
