"""Whether a value is like a pattern, as one writes it in a test.

=========================  =============================================================================
``...``                    anything
a compiled ``re.Pattern``  text in which it is found
a function                 what it says yes to
a dict                     a dict that has these keys, with values that are like these, and perhaps others
a list                     a list of the same length, item by item
anything else              an equal value
=========================  =============================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any


def is_like(pattern: Any, value: Any) -> bool:
    """Whether ``value`` is like ``pattern``."""
    return next(differences(pattern, value, ""), None) is None


def differences(pattern: Any, value: Any, path: str) -> Iterator[str]:
    """Where ``value`` is not like ``pattern``, one line each; paths begin with ``path``."""
    if pattern is ...:
        return
    if isinstance(pattern, dict) and isinstance(value, dict):
        for key, wanted in pattern.items():
            if key not in value:
                yield f"{path}.{key}: expected {_shown(wanted)}, there is none"
            else:
                yield from differences(wanted, value[key], f"{path}.{key}")
    elif isinstance(pattern, list | tuple) and isinstance(value, list | tuple) and len(pattern) == len(value):
        for at, (wanted, found) in enumerate(zip(pattern, value, strict=True)):
            yield from differences(wanted, found, f"{path}[{at}]")
    elif not _holds(pattern, value):
        yield f"{path}: expected {_shown(pattern)}, got {value!r}"


def _holds(pattern: Any, value: Any) -> bool:
    if isinstance(pattern, re.Pattern):
        return isinstance(value, str) and pattern.search(value) is not None
    if callable(pattern) and not isinstance(pattern, type):
        return bool(pattern(value))
    return bool(pattern == value)


def _shown(pattern: Any) -> str:
    if isinstance(pattern, re.Pattern):
        return f"text that matches {pattern.pattern!r}"
    if callable(pattern) and not isinstance(pattern, type):
        return f"what {getattr(pattern, '__name__', 'the function')} says yes to"
    return "anything" if pattern is ... else repr(pattern)
