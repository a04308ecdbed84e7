"""The extra that the proxy needs."""

from __future__ import annotations

from importlib.util import find_spec

from replay.errors import UsageError


def require_proxy() -> None:
    """Raises :class:`UsageError` when httpx or uvicorn is not installed."""
    missing = [name for name in ("httpx", "uvicorn") if find_spec(name) is None]
    if missing:
        raise UsageError(f"the proxy needs {' and '.join(missing)}", hint="pip install 'replay-debugger[proxy]'")
