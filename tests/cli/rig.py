"""What the tests of the command line run: the real console script, tiny agents, and a server that can be stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template

REPLAY = str(Path(sys.executable).parent / "replay")

SERVER = """
import http.server, itertools, sys
number = itertools.count(1)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"answer": "number %d"}' % next(number)
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""

AGENT = """
import random, sys, time
import httpx
with httpx.Client() as client:
    for turn in range(3):
        body = {"messages": [{"role": "user", "content": "hello there"}], "turn": turn}
        print(client.post("http://127.0.0.1:$port/ask", json=body).json()["answer"], time.time(), random.random())
print(hash("text"), sys.argv[1:])
sys.exit(7)
"""

URLLIB_AGENT = """
import json, urllib.request
request = urllib.request.Request("http://127.0.0.1:$port/ask", data=b'{"q": 1}')
print(json.load(urllib.request.urlopen(request))["answer"])
"""


def agent(text: str, port: int) -> str:
    """The source of an agent that talks to the server on ``port``."""
    return Template(text).substitute(port=port)


@contextmanager
def server() -> Iterator[int]:
    """A server on loopback that numbers its answers; yields its port."""
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def environment(**extra: str) -> dict[str, str]:
    """Ours, with our ``python`` first on PATH, and nothing that a session or a user's settings left in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REPLAY_", "PYTHON", "PYTEST"))}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", **extra}


def replay(*words: str, cwd: Path, stdin: str = "", **extra: str) -> subprocess.CompletedProcess[str]:
    """Run ``replay WORDS`` to its end."""
    return subprocess.run(
        [REPLAY, *words], cwd=cwd, env=environment(**extra), input=stdin, capture_output=True, text=True, timeout=60
    )
