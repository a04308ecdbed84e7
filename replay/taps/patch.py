"""Replacing an attribute of somebody else's class or module, once, and putting it back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

MARK = "__replay_original__"


def wrap(owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Replace ``owner.name`` by ``make(original)``. Doing it twice changes nothing."""
    original = getattr(owner, name)
    if hasattr(original, MARK):
        return
    wrapper = functools.wraps(original)(make(original))
    setattr(wrapper, MARK, original)
    setattr(owner, name, wrapper)


def original_of(wrapper: Any) -> Any:
    """What :func:`wrap` replaced by ``wrapper``; itself if it is none."""
    return getattr(wrapper, MARK, wrapper)


def unwrap(owner: Any, name: str) -> None:
    """Undo :func:`wrap`, unless somebody else has replaced the attribute since."""
    original = getattr(getattr(owner, name), MARK, None)
    if original is not None:
        setattr(owner, name, original)
