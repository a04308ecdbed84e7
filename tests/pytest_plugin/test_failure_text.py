"""What a failing test says, word for word, for six planted regressions."""

from __future__ import annotations

import pytest

from tests.pytest_plugin.suite import section, summary

TEST = """
@pytest.mark.replay
def test_order():
    agent("Where is order 7?", extra_look=False, skip_look=False)
"""

LOOK = (
    " look:    replay ui cassettes/test_agent/test_order.cassette .replay/last/test_agent/test_order.cassette --step "
)
ACCEPT = " accept:  pytest tests/test_agent.py::test_order --replay-update"

PLANTED = {
    "prompt": (
        ("a friendly support", "a formal support", "agent.py"),
        (
            "replay: diverged at step 1 of 4",
            " ≠ 1 llm openai gpt-5-mini /v1/chat/completions, called at agent.py:LINE",
            '     request.messages[0].content: "You are a friendly support agent." → "You are a formal support agent."',
            " cause: your prompt changed (the system message)",
            " 0 calls as recorded, 3 not reached",
            f"{LOOK}1",
            ACCEPT,
        ),
    ),
    "model": (
        ('MODEL = "gpt-5-mini"', 'MODEL = "gpt-5-nano"', "agent.py"),
        (
            "replay: diverged at step 1 of 4",
            " ≠ 1 llm openai gpt-5-nano /v1/chat/completions, called at agent.py:LINE",
            '     request.model: "gpt-5-mini" → "gpt-5-nano"',
            " cause: your code asks another model",
            " 0 calls as recorded, 3 not reached",
            f"{LOOK}1",
            ACCEPT,
        ),
    ),
    "tool schema": (
        ('"parameters": {"type": "object"}', '"parameters": {"type": "object", "required": ["order_id"]}', "agent.py"),
        (
            "replay: diverged at step 1 of 4",
            " ≠ 1 llm openai gpt-5-mini /v1/chat/completions, called at agent.py:LINE",
            '     request.tools[0].function.parameters.required: nothing → ["order_id"]',
            " cause: the tools that your code offers changed",
            " 0 calls as recorded, 3 not reached",
            f"{LOOK}1",
            ACCEPT,
        ),
    ),
    "tool result": (
        ('"left": 3', '"left": 2', "agent.py"),
        (
            "replay: diverged at step 4 of 4",
            " ≠ 4 llm openai gpt-5-mini /v1/chat/completions, called at agent.py:LINE",
            r'     request.messages[4].content: "{\"item\": \"lamp\", \"left\": 3}"'
            r' → "{\"item\": \"lamp\", \"left\": 2}"',
            " cause: the tool stock gave another result: it ran again, for it is not recorded "
            "(mark it with @replay.tool)",
            " 2 calls as recorded, 1 not reached",
            f"{LOOK}4",
            ACCEPT,
        ),
    ),
    "one more call": (
        ("extra_look=False", "extra_look=True", "tests/test_agent.py"),
        (
            "replay: diverged at step 4 of 4",
            " + 4 tool lookup_order, called at agent.py:LINE   (only in this run)",
            " cause: the program asks for it more often than was recorded",
            " 2 calls as recorded, 1 not reached",
            f"{LOOK}4",
            ACCEPT,
        ),
    ),
    "lost call": (
        ("skip_look=False", "skip_look=True", "tests/test_agent.py"),
        (
            "replay: step 3 of 4 was not asked for",
            " - 3 tool lookup_order   (only in the recording)",
            " cause: your code no longer makes this call, and goes on as recorded",
            f"{LOOK}3",
            ACCEPT,
        ),
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_regression_names_the_first_step_and_its_cause(suite, planted):
    (before, after, file), expected = PLANTED[planted]
    suite.write(TEST)
    suite.script()
    suite.record()
    assert summary(suite.run()) == "replay: 1 matched"
    suite.edit(before, after, file)
    done = suite.run()
    done.assert_outcomes(failed=1)
    assert tuple(section(done)) == expected


def test_a_changed_result_of_a_marked_tool_changes_nothing(suite):
    """It is served: the test sees what the tool said when it was recorded."""
    suite.write(TEST)
    suite.script()
    suite.record()
    suite.edit('"status": "delivered"}\n\n\n', '"status": "lost"}\n\n\n')
    suite.run().assert_outcomes(passed=1)


def test_a_test_that_fails_by_itself_keeps_its_own_failure(suite):
    suite.write(TEST.replace("agent(", "assert not agent("))
    suite.script()
    suite.run("--replay-mode", "once")
    done = suite.run()
    done.stdout.fnmatch_lines(["E       AssertionError: *"])
    assert "---- replay:" not in done.stdout.str()
    assert summary(done) == "replay: 1 stopped early"


def test_the_short_summary_says_why(suite):
    suite.write(TEST)
    suite.script()
    suite.record()
    suite.edit("friendly", "formal")
    done = suite.run("-rf", "--tb=line")
    done.stdout.fnmatch_lines(["*replay: diverged at step 1 of 4: your prompt changed (the system message)"])


@pytest.mark.parametrize("swallow", ["except BaseException:", "except Exception:"])
def test_a_divergence_that_is_swallowed_fails_the_test_all_the_same(suite, swallow):
    suite.write(
        f"""
@pytest.mark.replay
def test_order():
    try:
        say("hello")
    {swallow}
        return
"""
    )
    suite.record()
    suite.edit("friendly", "formal")
    done = suite.run()
    done.assert_outcomes(failed=1)
    assert section(done)[0] == "replay: diverged at step 1 of 1"
