"""Heavy is what would take much memory, not what is long."""

from __future__ import annotations

import orjson
import pytest

from replay.canon.weight import is_heavy, load_json


@pytest.mark.parametrize(
    "value",
    [
        "a, long, text, with [brackets] and {braces}, " * 200_000,
        ['quotes \\" and \\\\, ' * 10] * 50_000,
        [0.123456789] * 1_500_000,  # a thousand embeddings
        [{"role": "user", "content": "word " * 50}] * 100_000,
    ],
)
def test_real_data_is_not(value: object) -> None:
    data = orjson.dumps(value)
    assert len(data) > 1 << 20
    assert not is_heavy(data)
    assert load_json(data) == value


@pytest.mark.parametrize(
    "data", [b"[" + b"[]," * 2_000_000 + b"0]", b"[" + b'{"":0},' * 900_000 + b"0]", b"[" * 4_000_000]
)
def test_a_trap_is(data: bytes) -> None:
    assert is_heavy(data)
    with pytest.raises(ValueError, match="too much memory"):
        load_json(data)
