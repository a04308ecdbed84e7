"""What the README shows of the plugin works."""

from __future__ import annotations

import re
from pathlib import Path

from replay.regression.expect import Expect
from replay.regression.settings import OPTIONS
from replay.testing import Reply
from tests.pytest_plugin.suite import summary

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## As tests")[2].partition("\n## ")[0]

TOOL = """

@replay.tool(effect="write")
def refund_order(order_id: int) -> str:
    return "refunded"
"""


def test_its_example_is_recorded_and_replays(suite):
    (example,) = re.findall(r"```py\n(.*?)```", SECTION, re.DOTALL)
    (suite.path / "tests").mkdir()
    (suite.path / "tests/test_agent.py").write_text(example, encoding="utf-8")
    suite.edit("\n\ndef stock(item):", TOOL + "\n\ndef stock(item):")
    suite.edit("stock(**arguments)", "refund_order(**arguments)")
    calls = tuple({"name": name, "arguments": {"order_id": 7}} for name in ("lookup_order", "refund_order"))
    suite.script(Reply(calls=calls), Reply(say="Order 7 was refunded."))
    assert summary(suite.record()) == "replay: 1 recorded"
    assert summary(suite.run()) == "replay: 1 matched"
    assert suite.cassettes() == ["cassettes/test_agent/test_refund.cassette"]


def test_the_flags_and_assertions_it_names_exist():
    flags = {option.flag for option in OPTIONS}
    assert set(re.findall(r"--replay-[a-z-]+", SECTION)) <= flags
    named = re.search(r"reads like sentences: (.*?)\.\n", SECTION, re.DOTALL)
    assert named is not None
    assert all(hasattr(Expect, name) for name in re.findall(r"`(\w+)`", named[1]))
