"""A recording that could not wait until the program had settled says so, and so does every verdict on it."""

from __future__ import annotations

import json

from tests.cli import rig

SPINNING = """
import threading
import httpx
answers = []
def spin():
    while not answers:
        pass
thread = threading.Thread(target=spin)
thread.start()
answers.append(httpx.post("http://127.0.0.1:$port/ask", json={"q": 1}).json()["answer"])
thread.join()
"""


def test_an_order_that_is_not_certain_is_told_by_the_recording_and_by_each_verdict(tmp_path):
    with rig.server() as port:
        (tmp_path / "agent.py").write_text(rig.agent(SPINNING, port))
        done = rig.replay("record", "-o", "run.cassette", "--", "python", "agent.py", cwd=tmp_path)
    assert "replay: the order is not certain: " in done.stderr
    played = rig.replay("play", "run.cassette", cwd=tmp_path)
    assert "the recording's order is not certain (" in played.stderr
    verified = json.loads(rig.replay("verify", "run.cassette", "--json", cwd=tmp_path).stdout)
    assert "the recording's order is not certain (" in verified["verdicts"][0]["counts"]


def test_an_order_that_is_certain_needs_no_word(recorded):
    assert "certain" not in rig.replay("play", "run.cassette", cwd=recorded.folder).stderr
