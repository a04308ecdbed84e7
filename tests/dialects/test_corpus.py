"""Real exchanges that other projects recorded; read where they lie, at REPLAY_CORPUS (default ``../shared/corpus``).

A sample, or all of them under REPLAY_PROVE. The table of all is ``make traffic``.
"""

from __future__ import annotations

import json
import os

import pytest

from replay.dialects.steps import steps
from tests.dialects import traffic

STEP = 1 if os.environ.get("REPLAY_PROVE") else 12
GENERAL = ("openai.chat", "openai.responses", "anthropic", "gemini")


@pytest.fixture(scope="module")
def runs():
    """The exchanges of some recordings, by path."""
    paths = traffic.recordings()[::STEP]
    if not paths:
        pytest.skip(f"no recordings at {traffic.CORPUS}; set REPLAY_CORPUS")
    return {path: traffic.exchanges(path) for path in paths}


def test_calls_to_models_are_recognised_and_their_usage_is_read(runs):
    report = traffic.Report()
    for path, events in runs.items():
        for event in events:
            report.add(event, f"{path.name} #{event.id}")
    assert len(report.tallies) > 8
    assert report.passes, traffic.printed(report)
    assert not report.extra, traffic.printed(report)


def test_answers_of_the_general_formats_are_read_in_full(runs):
    seen = set()
    for path, events in runs.items():
        for step in steps(events):
            if step.kind == "llm" and step.reading.dialect.name in GENERAL:
                seen.add(step.reading.dialect.name)
                check(step, path)
    assert seen == set(GENERAL)


def check(step, path):
    """An answer is an error, or has an end, a message, whole tool calls, and usage unless a chat stream sent none."""
    assert step.request.messages, path
    assert step.answer.note == "", path
    if step.status == "error":
        return
    assert step.answer.finish_reason, path
    assert step.answer.messages, path
    if step.answer.finish_reason not in ("length", "max_tokens", "max_output_tokens"):
        assert all(isinstance(json.loads(call.arguments), dict) for call in step.answer.tool_calls), path
    assert step.usage or (step.reading.dialect.name == "openai.chat" and step.request.stream), path
