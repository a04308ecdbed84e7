"""Changing a request body in place: the words of a message, a message more or less, a tool's definition.

Bodies are JSON objects of any shape, places are those that the dialects give (``messages[3].content[0]``). A function
that changes nothing says so by returning False.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from replay.dialects.lenient import Document, document, documents, string
from replay.dialects.model import Message, ToolDefinition
from replay.dialects.shapes import Shape, system_value

Words = Callable[[str], str]

_TOKEN = re.compile(r"(\w+)|\[(\d+)\]")
_HOLDERS = ("text", "content", "parts", "output")
"""Keys under which an object holds its words, or the pieces that do."""


def rewrite(body: Document, path: str, words: Words) -> bool:
    """Put ``words(text)`` in the place of every text below ``path``."""
    before = _at(body, path)
    after = _rewritten(before, words)
    if after == before:
        return False
    _put(body, path, after)
    return True


def replace_words(body: Document, path: str, text: str) -> bool:
    """Make ``text`` all the words of what lies at ``path``; media and tool calls beside them stay."""
    before = _at(body, path)
    after = _replaced(before, text)
    if after == before:
        return False
    _put(body, path, after)
    return True


def insert(body: Document, shape: Shape, role: str, text: str, before: Message | None) -> bool:
    """A message of ``role`` in front of ``before``, or at the end."""
    if role in ("system", "developer") and shape.system:
        body[shape.system] = system_value(shape, text)
        return True
    found = body.get(shape.messages)
    if isinstance(found, str):
        found = [shape.message("user", found)]
    place = [*found] if isinstance(found, list) else []
    at = _index(before.path, shape.messages) if before is not None else len(place)
    place.insert(at, shape.message(role, text))
    body[shape.messages] = place
    return True


def drop(body: Document, messages: list[Message]) -> bool:
    """Take ``messages`` out."""
    for message in reversed(messages):
        *above, last = _tokens(message.path)
        holder: Any = _walk(body, above)
        if holder is not None:
            del holder[last]
    return bool(messages)


def tools(body: Document) -> Iterator[tuple[list[Any], Document]]:
    """Each offered tool: the list it lies in, and itself."""
    found = body.get("tools")
    for item in documents(found):
        group = item.get("functionDeclarations", item.get("function_declarations"))
        if isinstance(group, list):
            yield from ((group, tool) for tool in documents(group))
        elif isinstance(found, list):
            yield found, item


def tool_name(tool: Document) -> str:
    return string(tool.get("name")) or string(document(tool.get("function")).get("name"))


def remove_tool(body: Document, name: str) -> bool:
    """Offer the tool ``name`` no longer; a body that offers none has no key for it either."""
    found = [(group, tool) for group, tool in tools(body) if tool_name(tool) == name]
    for group, tool in found:
        group.remove(tool)
    if found:
        left = [item for item in documents(body.get("tools")) if item.get("functionDeclarations") != []]
        if left:
            body["tools"] = left
        else:
            body.pop("tools", None)
            body.pop("tool_choice", None)
    return bool(found)


def change_tool(body: Document, shape: Shape, name: str, change: Document) -> bool:
    """Replace fields of the definition ``name``: ``name``, ``description``, ``parameters``."""
    changed = False
    for _, tool in tools(body):
        if tool_name(tool) == name:
            inner = tool["function"] if isinstance(tool.get("function"), dict) else tool
            for key, value in change.items():
                inner[_schema_key(inner, shape) if key == "parameters" else key] = value
            changed = True
    return changed


def add_tool(body: Document, shape: Shape, tool: ToolDefinition) -> bool:
    found = body.get("tools")
    body["tools"] = [*(found if isinstance(found, list) else []), shape.tool(tool)]
    return True


def set_field(body: Document, path: str, value: Any) -> bool:
    """Set the value at ``path`` (``reasoning.effort``), making objects on the way; None takes it out."""
    *above, last = path.split(".")
    holder = body
    for name in above:
        if not isinstance(holder.get(name), dict):
            holder[name] = {}
        holder = holder[name]
    if value is None:
        return holder.pop(last, None) is not None
    changed = last not in holder or holder[last] != value
    holder[last] = value
    return changed


def _schema_key(tool: Document, shape: Shape) -> str:
    return "parametersJsonSchema" if "parametersJsonSchema" in tool else shape.schema


def _rewritten(node: Any, words: Words, *, nested: bool = False) -> Any:
    if isinstance(node, str):
        return words(node)
    if isinstance(node, list):
        return [_rewritten(item, words, nested=True) for item in node]
    if not isinstance(node, dict) or (nested and _is_result(node)):  # a result is a message of its own
        return node
    return {key: _rewritten(value, words, nested=True) if key in _HOLDERS else value for key, value in node.items()}


def _replaced(node: Any, text: str) -> Any:
    if isinstance(node, list):
        spoken = [at for at, item in enumerate(node) if _has_words(item)]
        first = spoken[0] if spoken else len(node)
        kept = [item for at, item in enumerate(node) if at not in spoken[1:]]
        return [
            *kept[:first],
            _replaced(node[first], text) if spoken else {"type": "text", "text": text},
            *kept[first + 1 :],
        ]
    if not isinstance(node, dict):
        return text
    key = next((key for key in _HOLDERS if key in node), "content")
    return {**node, key: _replaced(node.get(key), text)}


def _has_words(item: Any) -> bool:
    return isinstance(item, str) or (isinstance(item, dict) and isinstance(item.get("text"), str))


def _is_result(node: Document) -> bool:
    return node.get("type") == "tool_result" or "functionResponse" in node


def _tokens(path: str) -> list[str | int]:
    return [int(number) if number else name for name, number in _TOKEN.findall(path)]


def _walk(body: Any, tokens: list[str | int]) -> Any:
    for token in tokens:
        try:
            body = body[token]
        except (KeyError, IndexError, TypeError):
            return None
    return body


def _at(body: Document, path: str) -> Any:
    return _walk(body, _tokens(path))


def _put(body: Document, path: str, value: Any) -> None:
    *above, last = _tokens(path)
    _walk(body, above)[last] = value


def _index(path: str, messages: str) -> int:
    tokens = _tokens(path)
    return tokens[1] if len(tokens) > 1 and tokens[0] == messages and isinstance(tokens[1], int) else 0
