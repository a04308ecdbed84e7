"""Two runs compared, and a divergence explained. The module is what ``replay.diff`` is, so calling it compares runs."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from replay.diff.model import Diff


class _Callable(ModuleType):
    """Python sets ``replay.diff`` to this package as soon as anything in it is imported; so the package is callable."""

    def __call__(self, *args: Any, **kwargs: Any) -> Diff:
        """:func:`replay.diff.compare.diff`."""
        from replay.diff.compare import diff

        return diff(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
