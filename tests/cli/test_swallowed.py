"""A program that swallows whatever it can does not hide a divergence from the command line: exit code 4."""

from __future__ import annotations

from pathlib import Path

import pytest

from replay.testing import model_server
from tests.cli import rig

QUESTION = "Hello, my kettle leaks."

BARE = """
import os
import httpx
for question in ("$question", "second"):
    try:
        httpx.post(os.environ["OPENAI_BASE_URL"] + "/responses", json={"model": "m", "input": question})
    except Exception:
        pass
"""

RETRYING = """
import openai
try:
    client = openai.OpenAI(max_retries=5)
    client.responses.create(model="m", input="$question")
except Exception:
    print("the model is busy")
"""

LANGGRAPH = """
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import RetryPolicy
model = ChatOpenAI(model="m", max_retries=5)
def ask(state):
    return {"messages": [model.with_retry().with_fallbacks([model]).invoke("$question")]}
graph = StateGraph(MessagesState)
graph.add_node("ask", ask, retry_policy=RetryPolicy(max_attempts=3, retry_on=Exception))
graph.add_edge(START, "ask")
graph.add_edge("ask", END)
try:
    graph.compile().invoke({"messages": []})
except Exception:
    print("the graph failed")
"""

ON_A_POOL = """
import os
from concurrent.futures import ThreadPoolExecutor
import httpx
def ask(question):
    httpx.post(os.environ["OPENAI_BASE_URL"] + "/responses", json={"model": "m", "input": question})
with ThreadPoolExecutor(2) as pool:
    futures = [pool.submit(ask, "$question") for _ in range(2)]
print([type(future.exception()).__name__ for future in futures])
"""


@pytest.mark.parametrize("text", [BARE, RETRYING, LANGGRAPH, ON_A_POOL], ids=["bare", "openai", "langgraph", "pool"])
def test_a_swallowed_divergence_exits_4(text: str, tmp_path: Path) -> None:
    agent = tmp_path / "agent.py"
    with model_server(latency=(0.0, 0.0)) as models:
        agent.write_text(text.replace("$question", QUESTION))
        done = rig.replay("record", "-o", "run.cassette", "--", "python", "agent.py", cwd=tmp_path, **models.env())
        assert done.returncode == 0, done.stderr
        environ = models.env()
    agent.write_text(text.replace("$question", QUESTION.replace("kettle", "toaster")))
    done = rig.replay("play", "run.cassette", cwd=tmp_path, **environ)
    assert done.returncode == 4, done.stderr
    assert "called at agent.py:" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("hint: ")
