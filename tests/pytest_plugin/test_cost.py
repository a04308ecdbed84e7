"""What the plugin costs where nothing is marked."""

from __future__ import annotations

HEAVY = (
    "replay.engine",
    "replay.taps",
    "replay.dialects",
    "replay.cassette",
    "replay.tui",
    "textual",
    "httpx",
    "openai",
)

SHOW = """
import sys

def pytest_unconfigure(config):
    print("LOADED", *sorted(name for name in sys.modules if name.startswith(HEAVY)))
""".replace("HEAVY", repr(HEAVY))


def test_a_suite_without_marks_loads_nothing_and_is_told_nothing(suite):
    (suite.path / "conftest.py").write_text(SHOW, encoding="utf-8")
    (suite.path / "test_plain.py").write_text("def test_plain():\n    pass\n", encoding="utf-8")
    done = suite.apart("-p", "no:asyncio")
    done.assert_outcomes(passed=1)
    assert "LOADED" in done.outlines
    assert not any(line.startswith("replay: 0") or "matched" in line for line in done.outlines)


def test_collecting_marked_tests_loads_no_tap_and_no_sdk(suite):
    (suite.path / "conftest.py").write_text(SHOW, encoding="utf-8")
    source = "import pytest\n@pytest.mark.replay\ndef test_it():\n    pass\n"
    (suite.path / "test_marked.py").write_text(source, encoding="utf-8")
    done = suite.apart("-p", "no:asyncio", "--collect-only")
    loaded = next(line for line in done.outlines if line.startswith("LOADED")).split()[1:]
    assert not [name for name in loaded if name.startswith(("replay.taps.httpx", "textual", "httpx", "openai"))]
