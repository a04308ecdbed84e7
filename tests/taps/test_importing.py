from __future__ import annotations

import importlib
import sys
import uuid

import numpy as np
import pytest

from replay.taps.importing import importing
from tests.taps.fake_reads import session

SOURCE = """
import random, uuid
import numpy as np
from replay.taps.importing import importing
drawn = [uuid.uuid4(), random.random(), np.random.rand()]
importing_now = importing()
"""


@pytest.fixture
def late_module(tmp_path, monkeypatch):
    (tmp_path / "late_module.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield "late_module"
    sys.modules.pop("late_module", None)


def _program(name: str) -> list[object]:
    before = [uuid.uuid4(), np.random.rand()]
    importlib.import_module(name)
    return [*before, uuid.uuid4(), np.random.rand()]


def test_the_innermost_module_being_imported_is_known(late_module):
    assert importing() == ""
    assert importlib.import_module(late_module).importing_now == late_module
    assert importing() == ""


def test_what_an_import_draws_shifts_nothing_where_the_module_is_loaded_already(late_module):
    with session() as recorded:
        first = _program(late_module)
    with session(recorded.kept) as replayed:
        assert _program(late_module) == first
    assert not replayed.beyond


def test_what_an_import_draws_comes_again_where_the_module_is_imported_again(late_module):
    with session() as recorded:
        first = _program(late_module), sys.modules.pop(late_module).drawn
    with session(recorded.kept) as replayed:
        assert (_program(late_module), sys.modules[late_module].drawn) == first
    assert not replayed.beyond and not replayed.unread
