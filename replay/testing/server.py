"""A loopback server in a process of its own, as a test holds it: started, scripted, asked what it saw, stopped."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from replay.engine.plan import VARIABLE
from replay.errors import UsageError
from replay.taps.boundary import inside
from replay.testing.extra import require_server
from replay.testing.reply import Reply, from_dict

_WAIT = 10.0


class Server:
    """A running server: where it is, and the controls. What it is told goes past every recording."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    @property
    def calls(self) -> int:
        """Requests received since the start or the last :meth:`reset`; those of these controls do not count."""
        count: int = self._control("GET", "")["calls"]
        return count

    @property
    def scripted(self) -> int:
        """Scripted replies that no request has taken yet."""
        count: int = self._control("GET", "")["scripted"]
        return count

    def requests(self) -> list[dict[str, Any]]:
        """``{method, path, body}`` of each request, oldest first; the newest 10,000 are kept."""
        log: list[dict[str, Any]] = self._control("GET", "/requests")
        return log

    def refunds(self) -> list[dict[str, Any]]:
        """The effects: every refund that was made for real."""
        made: list[dict[str, Any]] = self._control("GET", "/refunds")
        return made

    def script(self, replies: Iterable[Reply | Mapping[str, Any]]) -> None:
        """Queue ``replies`` for the next requests, one each. Raises :class:`UsageError` for a wrong one."""
        known = [reply if isinstance(reply, Reply) else from_dict(reply) for reply in replies]
        self._control("POST", "/script", [reply.to_dict() for reply in known])

    def reset(self) -> None:
        """Forget calls, script and refunds; a seeded server starts its dice again."""
        self._control("POST", "/reset")

    def _control(self, method: str, path: str, data: Any = None) -> Any:
        with inside():
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_WAIT)
            try:
                link.request(method, f"/control{path}", body=json.dumps(data))
                answer = link.getresponse()
                text = json.loads(answer.read())
            finally:
                link.close()
        if answer.status != 200:
            raise UsageError(str(text.get("error")), hint=str(text.get("hint", "")))
        return text


class ToolServer(Server):
    def env(self) -> dict[str, str]:
        """The variable by which the examples find their tools."""
        return {"TOOLS_URL": self.url}


class ModelServer(Server):
    """The base URLs that each SDK wants, by provider. It serves the tools too."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.openai = f"{self.url}/v1"
        self.anthropic = self.url
        self.gemini = self.url
        self.mistral = self.url
        self.bedrock = self.url
        self.ollama = self.url

    def env(self) -> dict[str, str]:
        """Base URLs and keys, by the variables that the SDKs read, and ``TOOLS_URL``."""
        return {
            "OPENAI_BASE_URL": self.openai,
            "OPENAI_API_KEY": "sk-local",
            "ANTHROPIC_BASE_URL": self.anthropic,
            "ANTHROPIC_API_KEY": "sk-ant-local",
            "GOOGLE_GEMINI_BASE_URL": self.gemini,
            "GEMINI_API_KEY": "local",
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.bedrock,
            "OLLAMA_HOST": self.ollama,
            "TOOLS_URL": self.url,
        }


@contextmanager
def model_server(
    seed: int | None = None, latency: tuple[float, float] = (0.0, 0.02), port: int = 0
) -> Iterator[ModelServer]:
    """A model server for as long as the block lasts.

    ``seed`` makes phrasing and ids the same at every start; ``latency`` is in seconds, from and to; ``port`` 0 picks a
    free one. Raises :class:`UsageError` when the port is taken or the extra ``testing`` is not installed.
    """
    process, chosen = start(seed, latency, port)
    try:
        yield ModelServer(chosen)
    finally:
        stop(process)


@contextmanager
def tool_server(
    seed: int | None = None, latency: tuple[float, float] = (0.0, 0.02), port: int = 0
) -> Iterator[ToolServer]:
    """A tool service (:mod:`replay.testing.shop`) with counts and a script of its own; else as :func:`model_server`."""
    process, chosen = start(seed, latency, port)
    try:
        yield ToolServer(chosen)
    finally:
        stop(process)


def start(seed: int | None, latency: tuple[float, float], port: int) -> tuple[subprocess.Popen[str], int]:
    """The process and its port, once it listens. It ends with this process at the latest."""
    require_server()
    command = [sys.executable, "-m", "replay.testing", "serve", "--until-eof", "--port", str(port)]
    command += ["--latency", *map(str, latency), *(["--seed", str(seed)] if seed is not None else [])]
    with inside(), tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={name: value for name, value in os.environ.items() if name != VARIABLE},
        )
        line = process.stdout.readline() if process.stdout else ""
        if not line.strip():
            process.communicate()
            errors.seek(0)
            said = errors.read().partition("\nhint: ")[0].removeprefix("replay: error: ").strip()
            raise UsageError(f"the loopback server did not start: {said}", hint="choose another port")
    return process, int(line)


def stop(process: subprocess.Popen[str]) -> None:
    """Close its stdin, which ends it, and wait; kill it if it will not go."""
    with inside():
        try:
            process.communicate(timeout=_WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
