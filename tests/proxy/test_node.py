"""A program in JavaScript with the npm package ``openai``, streamed and with tools. `make matrix-node` runs more."""

from __future__ import annotations

import pytest

from tests.node.check import PROGRAMS, check, is_installed


@pytest.mark.skipif(not is_installed(), reason="make matrix-node installs the npm packages")
def test_a_node_program_is_replayed_with_the_model_gone_swapped_and_told_apart(tmp_path):
    row = check(PROGRAMS[0], tmp_path, times=1)
    assert row.is_whole, row
