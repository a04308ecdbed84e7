"""Which recorded steps a swap could be meant for; one that is meant for none is an error that says what there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from replay.dialects.steps import Step
from replay.engine.swaps.applying import apply, chosen
from replay.engine.swaps.draft import Draft
from replay.engine.swaps.grammar import pattern
from replay.engine.swaps.selector import Place
from replay.engine.swaps.swap import Swap
from replay.errors import UsageError
from replay.events import Event, Request

MOST_NAMED = 8


def place_of(step: Step, by_number: dict[int, Step]) -> Place:
    """Where ``step`` stands."""
    request = step.request
    tools = tuple([tool.name for tool in request.tools]) if request else ((step.name,) if step.kind == "tool" else ())
    return Place(step.number, step.model, tools, tuple(_spans(step, by_number)))


def _spans(step: Step, by_number: dict[int, Step]) -> Iterator[str]:
    parent = step.parent
    while parent is not None:
        around = by_number[parent]
        if around.kind == "span":
            yield around.name
        parent = around.parent


def concerns(swap: Swap, request: Request, place: Callable[[], Place]) -> bool:
    """Whether ``swap`` is meant for ``request``, even if that is as the swap would have it. Runs nothing."""
    if swap.where and not swap.where.matches(place()):
        return False
    if swap.kind == "tool":
        return request.kind == "tool" and fnmatchcase(request.target, swap.name)
    if swap.kind == "http":
        return request.kind == "http" and fnmatchcase(f"{request.action} {request.target}", swap.name)
    if swap.kind == "response":
        return request.kind in ("http", "tool")
    draft = Draft(request)
    return draft.can_be_edited and _OF_MODEL[swap.kind](swap, draft)


def _any(_swap: Swap, _draft: Draft) -> bool:
    return True


def _has_message(swap: Swap, draft: Draft) -> bool:
    if swap.name.startswith("/"):
        regex = pattern(swap.name)
        return any(regex.search(message.text) for message in draft.messages)
    return bool(chosen(draft.messages, swap.name or "system"))


def _has_tool(swap: Swap, draft: Draft) -> bool:
    offered = [tool.name for tool in draft.read.tools]
    return bool(offered or swap.where) if swap.name.startswith("+") else swap.name in offered


def _has_param(swap: Swap, draft: Draft) -> bool:
    """A parameter may be set anywhere, but only be taken out where it is."""
    return bool(swap.value) or apply([(0, swap)], draft.original, lambda _: Place(0)) is not None


_OF_MODEL: dict[str, Callable[[Swap, Draft], bool]] = {
    "model": _any,
    "insert": _any,
    "prompt": _has_message,
    "drop": _has_message,
    "tooldef": _has_tool,
    "param": _has_param,
}


def check(swaps: Iterable[Swap], steps: Sequence[Step]) -> None:
    """Raise :class:`UsageError` for the first swap that concerns none of the recorded ``steps``."""
    by_number = {step.number: step for step in steps}
    made = [(step, step.source) for step in steps if step.source is not None]
    for swap in swaps:
        if not any(concerns_step(swap, step, event, by_number) for step, event in made):
            raise UsageError(f"the swap {swap.short} matches nothing in the cassette", hint=_possible(swap, steps))


def concerns_step(swap: Swap, step: Step, event: Event, by_number: dict[int, Step]) -> bool:
    return concerns(swap, event.request, lambda: place_of(step, by_number))


def _possible(swap: Swap, steps: Sequence[Step]) -> str:
    """What the swap could have matched, in one line."""
    return _POSSIBLE[swap.kind](swap, steps)


def _llm_steps(swap: Swap, steps: Sequence[Step]) -> str:
    found = [f"{step.number} {step.model}".rstrip() for step in steps if step.kind == "llm"]
    return f"LLM steps: {_some(found)}" if found else "the cassette has no LLM call that can be read"


def _messages(swap: Swap, steps: Sequence[Step]) -> str:
    found: list[str] = []
    for step in steps:
        messages = step.request.messages if step.request else ()
        roles = dict.fromkeys("system" if message.role == "developer" else message.role for message in messages)
        found += [f"{role}[0..{count - 1}]" if (count := len(chosen(messages, role))) > 1 else role for role in roles]
    if swap.name.startswith("/"):
        return f"no message of {_llm_steps(swap, steps)} has words that fit"
    return f"messages: {_some(found)}; {_llm_steps(swap, steps)}" if found else _llm_steps(swap, steps)


def _definitions(swap: Swap, steps: Sequence[Step]) -> str:
    found = [tool.name for step in steps if step.request for tool in step.request.tools]
    return f"offered tools: {_some(found)}; +NAME adds one" if found else f"{_llm_steps(swap, steps)} offer no tool"


def _tools(swap: Swap, steps: Sequence[Step]) -> str:
    inferred = [step.name for step in steps if step.kind == "tool" and step.inferred]
    if any(fnmatchcase(name, swap.name) for name in inferred):
        return f"{swap.name} was not recorded as a tool: mark it with @replay.tool, or swap the answers it is made from"
    found = [step.name for step in steps if step.kind == "tool" and not step.inferred]
    return f"tools: {_some(found)}" if found else "no tool was called"


def _requests(swap: Swap, steps: Sequence[Step]) -> str:
    asked = (step.source.request for step in steps if step.source and step.source.request.kind == "http")
    found = [f"{request.action} {request.target}" for request in asked]
    return f"requests: {_some(found)}" if found else "no HTTP request was made"


def _steps(swap: Swap, steps: Sequence[Step]) -> str:
    return f"steps: {_some(f'{step.number} {step.name}' for step in steps if step.kind in ('llm', 'http', 'tool'))}"


_POSSIBLE: dict[str, Callable[[Swap, Sequence[Step]], str]] = {
    "model": _llm_steps,
    "param": _llm_steps,
    "prompt": _messages,
    "insert": _messages,
    "drop": _messages,
    "tooldef": _definitions,
    "tool": _tools,
    "http": _requests,
    "response": _steps,
}


def _some(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    return ", ".join([*found[:MOST_NAMED], *(["…"] if len(found) > MOST_NAMED else [])])
