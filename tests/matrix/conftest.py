from __future__ import annotations

from tests.sdk.conftest import shop, world

__all__ = ["shop", "world"]
