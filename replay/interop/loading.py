"""YAML and JSON files of recorders, loaded safely: no tag makes anything but text, bytes, lists and mappings.

vcrpy's own loader is safe only since version 9, so the tags that its files have held over the years are read here.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from replay.canon.weight import is_heavy
from replay.dialects.body import MAX_DECODED, decoded
from replay.errors import CassetteError

MAX_FILE = 256 << 20
"""Bytes of a foreign file."""

MAX_DEPTH = 1_000
"""The parser in C recurses, and a file of brackets would exhaust its stack."""

_OPENING = re.compile(rb"[\[{]|[-?] +(?=[-?] )")
_SHALLOW = 4_000
"""Below this many openings no file is too deep."""

_PYTHON = "tag:yaml.org,2002:python/"
_REQUEST = re.compile(
    r"!!python/object(?:/new|/apply)?:(?:vcr\.request\.\w+|__builtin__\.frozenset|builtins\.frozenset)"
)
"""Tags of vcrpy before 1.0, whose values are read without them."""


def read_bytes(path: Path) -> bytes:
    """What the file holds, without gzip. Raises :class:`CassetteError` if that cannot be had, or is too large."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise CassetteError(f"{path} has {size} bytes, more than {MAX_FILE}", hint="split it")
        data = path.read_bytes()
    except OSError as error:
        raise CassetteError(f"{path} cannot be read: {error.strerror}", hint="is the path right?") from error
    return _unpacked(path, data) if data.startswith(b"\x1f\x8b") else data


def _unpacked(path: Path, data: bytes) -> bytes:
    unpacked = decoded(data, "gzip")
    if unpacked.problem or len(unpacked.data) >= MAX_DECODED:
        why = unpacked.problem or f"it unpacks to {MAX_DECODED} bytes or more"
        raise CassetteError(f"{path} cannot be unpacked: {why}", hint="is it whole?")
    return unpacked.data


def suffix(path: Path) -> str:
    """``.yaml`` of ``a.YAML`` and of ``a.yaml.gz``."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def load_yaml(data: bytes) -> Any:
    """The value of one YAML document. Raises :class:`CassetteError`."""
    import yaml

    if b"!!python/object" in data:
        data = _REQUEST.sub("", data.decode("utf-8", "replace")).encode()
    try:
        _check_depth(data)
        return yaml.load(data, _loader())
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise CassetteError(
            f"it is no YAML that can be read: {_first_line(error)}", hint="is it a recording?"
        ) from None


def load_json(data: bytes) -> Any:
    """The value of a JSON file. Raises :class:`CassetteError`."""
    import json

    if is_heavy(data):
        raise CassetteError("its JSON would take too much memory", hint="split it")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CassetteError(f"it is no JSON: {_first_line(error)}", hint="is it a recording?") from None


def _first_line(error: Exception) -> str:
    place = getattr(error, "problem_mark", None)
    text = str(getattr(error, "problem", None) or error).splitlines()[0][:200]
    return f"{text} (line {place.line + 1})" if place is not None else text


def _check_depth(data: bytes) -> None:
    import yaml

    if sum(1 for _ in _OPENING.finditer(data)) < _SHALLOW:
        return
    depth = 0
    for event in yaml.parse(data, _loader()):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"it nests deeper than {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


@cache
def _loader() -> Any:
    """The safe loader, in C if it is there, which leaves dates as the text that they are."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    loader: Any = type("Loader", (base,), {"yaml_implicit_resolvers": _without_dates(base)})
    for name in ("str", "unicode"):
        loader.add_constructor(f"{_PYTHON}{name}", lambda self, node: self.construct_scalar(node))
    loader.add_constructor(f"{_PYTHON}bytes", lambda self, node: self.construct_yaml_binary(node))
    loader.add_constructor(f"{_PYTHON}tuple", lambda self, node: self.construct_sequence(node, deep=True))
    loader.add_constructor(f"{_PYTHON}object/new:_io.BytesIO", _bytes_io)
    loader.add_constructor(f"{_PYTHON}object/apply:builtins.iter", _iterator)
    return loader


def _without_dates(base: Any) -> dict[str, Any]:
    return {
        letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for letter, resolvers in base.yaml_implicit_resolvers.items()
    }


def _bytes_io(loader: Any, node: Any) -> Any:
    """The contents of a request body that was a file."""
    state = loader.construct_mapping(node, deep=True).get("state") or (b"",)
    return state[0] or b""


def _iterator(loader: Any, node: Any) -> Any:
    """The pieces of a request body that was an iterator."""
    arguments: Any = loader.construct_mapping(node, deep=True).get("args") or ([],)
    return list(arguments[0])
