"""The extra that serving needs."""

from __future__ import annotations

from importlib.util import find_spec

from replay.errors import UsageError


def require_server() -> None:
    """Raises :class:`UsageError` when uvicorn or starlette is not installed."""
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"the loopback server needs {' and '.join(missing)}", hint="pip install 'replay-debugger[testing]'"
        )
