from __future__ import annotations

from pathlib import Path

import pytest

from replay.diff.unordered import unordered_lines

LETS_OUT = [
    "for x in {1, 2}: pass",
    "list({1, 2})",
    "', '.join(set(words))",
    "[x for x in set(words)]",
    "f'{set(words)}'",
    "next(iter(frozenset(words)))",
    "many = set(words); print(*many)",
    "many: set = set(words); many.pop()",
    "list(set(words) | other)",
    "list(set(words).union(other))",
    "words.extend({x for x in words})",
]
KEEPS_IN = [
    "sorted({1, 2})",
    "', '.join(sorted(set(words)))",
    "sorted(x for x in set(words))",
    "len(set(words)), max(set(words)), 3 in {1, 2}",
    "for x in [1, 2]: pass",
    "words.pop()",
    "def broken(:",
]


@pytest.mark.parametrize("source", LETS_OUT)
def test_a_line_that_puts_a_set_in_some_order_is_found(source: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(f"words = []\n{source}\n")
    assert unordered_lines(str(tmp_path / "program.py")) == [2]


@pytest.mark.parametrize("source", KEEPS_IN)
def test_a_line_that_does_not_is_not(source: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(f"words = []\n{source}\n")
    assert unordered_lines(str(tmp_path / "program.py")) == []


def test_a_function_knows_its_own_sets_and_the_modules(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "words = {'a'}\ndef f():\n    own = set()\n    list(own)\n    list(words)\ndef g(own):\n    list(own)\n"
    )
    assert unordered_lines(str(tmp_path / "program.py")) == [4, 5]
