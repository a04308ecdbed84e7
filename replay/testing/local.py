"""The server that an example falls back on, so that it runs on any machine with nothing set up."""

from __future__ import annotations

import atexit
import http.client
import json
import os

from replay.engine import lineage
from replay.engine.plan import from_environ
from replay.errors import UsageError
from replay.taps.boundary import inside
from replay.testing import server

DEFAULT_PORT = 8765
PORT_VARIABLE = "REPLAY_TESTING_PORT"
_PROVIDERS = (
    ("OPENAI_API_KEY", "OPENAI_BASE_URL"),
    ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
    ("GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL"),
    ("TOOLS_URL",),
)


def default_server() -> None:
    """Give this process a local model and local tools for each provider whose variables are not set.

    The address is fixed (127.0.0.1:8765, or ``REPLAY_TESTING_PORT``), because it is part of what a recording holds. A
    replay that may not go live gets the same address, and nothing is started or contacted. A server of ours that
    listens there already is used; else one is started, and ends with this process. Raises :class:`UsageError` when
    something else listens there.
    """
    port = _port()
    lacking = _lacking(server.ModelServer(port).env())
    os.environ.update(lacking)
    if lacking and not _only_replays() and not _is_ours(port):
        process, _ = server.start(None, (0.0, 0.02), port)
        atexit.register(server.stop, process)


def _port() -> int:
    text = os.environ.get(PORT_VARIABLE, str(DEFAULT_PORT))
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise UsageError(f"{PORT_VARIABLE} is no port: {text}", hint=f"leave it unset for {DEFAULT_PORT}")
    return int(text)


def _lacking(local: dict[str, str]) -> dict[str, str]:
    """The local values of those providers that the environment says nothing about, neither key nor address."""
    return {
        name: local[name]
        for provider in _PROVIDERS
        if not any(os.environ.get(name) for name in provider)
        for name in provider
    }


def _only_replays() -> bool:
    node = lineage.current()
    plan = node.session.plan if node is not None else from_environ()
    return plan is not None and plan.mode == "play" and plan.policy == "raise"


def _is_ours(port: int) -> bool:
    """Whether a server of ours listens on ``port``; False when nothing does."""
    with inside():
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            link.request("GET", "/control")
            ours = json.loads(link.getresponse().read())["server"] == "replay.testing"
        except ConnectionRefusedError:
            return False
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            ours = False
        finally:
            link.close()
    if not ours:
        raise UsageError(f"port {port} is used by something else", hint=f"set {PORT_VARIABLE} to a free port")
    return True
