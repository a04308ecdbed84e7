from __future__ import annotations

from tests.sdk.conftest import world

__all__ = ["world"]
