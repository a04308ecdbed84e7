"""A tool function with what is needed to make a request of its call and a value of its answer."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

from replay.canon import values
from replay.canon.values import Unkept
from replay.events import UNKEPT, Chunk, Effect, End, Failure, Request
from replay.taps.boundary import Call


class Tool:
    """See the module."""

    def __init__(self, function: Callable[..., Any], name: str, effect: Effect | None) -> None:
        self.function = function
        self.name = name
        self.effect = effect
        self.signature = inspect.signature(function)

    def request(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments = {key: kept_argument(value) for key, value in bound.arguments.items() if key not in ("self", "cls")}
        return Request("tool", "call", self.name, body=values.dump(arguments), effect=self.effect)

    @functools.cached_property
    def kind(self) -> Any:
        """The annotated return type, or None."""
        try:
            return get_type_hints(self.function).get("return")
        except (NameError, TypeError):  # an annotation that only a type checker can read
            return None

    def load(self, chunk: Chunk) -> Any:
        return values.load(chunk.data, kind=self.kind)

    def load_item(self, chunk: Chunk) -> Any:
        """One item of a generator: the annotation is ``Iterator[Item]`` or alike."""
        item = getattr(self.kind, "__args__", (None,))[0]
        return values.load(chunk.data, kind=item)


def performed_by(tool: Tool, call: Call) -> Callable[..., Any]:
    """What runs when ``call`` is not served: the tool's function, or the one that a swap put in its place."""
    instead = call.instead
    return tool.function if instead is None or instead.function is None else instead.function


def kept_chunk(value: Any) -> Chunk | End:
    """``value`` encoded, or how a recording says that it could not be kept."""
    try:
        return Chunk(values.dump(value))
    except Unkept as error:
        return End("failed", Failure(UNKEPT, str(error)))


def kept_argument(value: Any) -> Any:
    """An argument that is no data (a connection, a client) is named by its type."""
    try:
        values.dump(value)
    except Unkept:
        return f"<{type(value).__module__}.{type(value).__qualname__}>"
    return value
