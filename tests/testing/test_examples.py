"""The examples run as they stand, against a local server, to an answer that quotes their tools."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
AGENTS = ["support_agent.py", "support_agent_anthropic.py", "support_graph.py"]


def run(name: str, *arguments: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_looks_up_two_orders_refunds_one_and_says_so(agent, models):
    answer = run(agent, environment=models.env())
    (refund,) = models.refunds()
    assert (refund["order_id"], refund["amount"]) == (9, 46.25)
    assert refund["refund_id"] in answer
    assert "order 7" in answer.lower()
    assert "estimate" in answer


def test_another_question_gets_another_answer(models):
    answer = run("support_agent.py", "When is the delivery of order 4?", environment=models.env())
    assert answer.startswith("[delivery]")
    assert models.refunds() == []
