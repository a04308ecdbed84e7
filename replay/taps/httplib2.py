"""``httplib2``: it stands on ``http.client`` (:mod:`replay.taps.http_client`), but connects by itself beforehand.

That is put off until the request is made for real: a failure belongs to the request, and a replay connects nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from replay.taps import boundary
from replay.taps.patch import wrap


def attach(module: ModuleType) -> None:
    """Tap ``module``, which is ``httplib2``."""
    wrap(module.HTTPConnectionWithTimeout, "connect", _connect)
    wrap(module.HTTPSConnectionWithTimeout, "connect", _connect)


def _connect(original: Callable[..., Any]) -> Callable[..., Any]:
    def connect(connection: Any) -> None:
        if boundary.current() is None:
            original(connection)

    return connect
