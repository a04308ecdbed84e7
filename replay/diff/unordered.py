"""Where a program's source lets the order of a set out: hash order, which is another one under every hash seed.

A reading of the source, not of the run: a name counts as a set when the function (or module) assigns it one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

_MAKES = ("set", "frozenset")
_LISTS = ("list", "tuple", "enumerate", "iter", "str", "repr", "map", "zip", "next", "dict")
"""Functions that hand on the order in which they find things."""
_ORDERLESS = ("all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum")
_SETLIKE = ("union", "intersection", "difference", "symmetric_difference", "copy")
_LARGEST = 2**20
"""Bytes of a source file that is read."""


def unordered_lines(path: str) -> list[int]:
    """The lines of the file at ``path`` that put a set in some order; empty when it cannot be read or parsed."""
    try:
        file = Path(path)
        if file.stat().st_size > _LARGEST:
            return []
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return []
    return sorted({line for scope in _scopes(tree) for line in _lines(scope, tree)})


def _scopes(tree: ast.Module) -> Iterator[ast.AST]:
    yield tree
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """What lies in ``scope`` and in no function within it."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _own(node)


def _lines(scope: ast.AST, module: ast.Module) -> Iterator[int]:
    names = _sets(scope, frozenset()) | _sets(module, frozenset())
    sorted_out = {id(each) for node in _own(scope) for each in _orderless(node)}
    for node in _own(scope):
        if id(node) in sorted_out:
            continue
        yield from (each.lineno for each in _ordered(node) if _is_set(each, names))


def _sets(scope: ast.AST, known: frozenset[str]) -> frozenset[str]:
    """The names that ``scope`` assigns a set to."""
    found = {
        target.id
        for node in _own(scope)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and _is_set(node.value, known)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    return frozenset(found) | known


def _is_set(node: ast.expr, names: frozenset[str]) -> bool:
    if isinstance(node, ast.Set | ast.SetComp):
        return True
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
        return _is_set(node.left, names) or _is_set(node.right, names)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in _MAKES
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SETLIKE:
        return _is_set(node.func.value, names)
    return False


def _orderless(node: ast.AST) -> list[ast.expr]:
    """What ``node`` goes through whose order it does not hand on."""
    called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    return node.args if isinstance(node, ast.Call) and called in _ORDERLESS else []


def _ordered(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions that ``node`` goes through in the order they have."""
    if isinstance(node, ast.For | ast.AsyncFor):
        yield node.iter
    elif isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
        yield from (part.iter for part in node.generators)
    elif isinstance(node, ast.FormattedValue | ast.Starred):
        yield node.value
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in _LISTS or method in ("join", "extend", "pop"):
            yield from node.args
        if method == "pop" and isinstance(node.func, ast.Attribute) and not node.args:
            yield node.func.value
