"""Loopback model and tool servers, for our tests and for yours.

::

    with replay.testing.model_server() as server:
        client = openai.OpenAI(base_url=server.openai, api_key="any")
        server.script([Reply(status=429, headers={"retry-after-ms": "1"})])  # refuse one, then answer
        ...
        assert server.calls == 2
"""

from __future__ import annotations

from replay.testing.local import DEFAULT_PORT, default_server
from replay.testing.reply import Reply
from replay.testing.server import ModelServer, ToolServer, model_server, tool_server

__all__ = ["DEFAULT_PORT", "ModelServer", "Reply", "ToolServer", "default_server", "model_server", "tool_server"]
