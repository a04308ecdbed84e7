"""The proof that the agents prove something: without one of the engine's parts, named agents no longer come again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from replay.engine.lineage import Node
from replay.engine.order import Order
from replay.engine.session import Session
from tests.determinism.harness import flaws, record
from tests.determinism.server import random_server

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning",
    "ignore::RuntimeWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore::pytest.PytestUnhandledThreadExceptionWarning",
)


def without_order(patch: pytest.MonkeyPatch) -> None:
    """Everything is handed over as soon as it is there."""

    async def await_turn(self: Order, recorded: int | None = None) -> bool:
        return True

    def call_in_turn(self: Order, loop: Any, callback: Callable[[], None], recorded: int | None, **others: Any) -> None:
        loop.call_soon(callback, context=others["context"])

    patch.setattr(Order, "wait", lambda self, recorded=None, **others: True)
    patch.setattr(Order, "await_turn", await_turn)
    patch.setattr(Order, "call_in_turn", call_in_turn)


def without_reads(*sources: str) -> Callable[[pytest.MonkeyPatch], None]:
    """What these sources read is the real thing of the moment."""

    def switch(patch: pytest.MonkeyPatch) -> None:
        read = Session.read

        def real_read(self: Session, source: str, real: Callable[[], Any]) -> Any:
            return real() if source.startswith(sources) else read(self, source, real)

        patch.setattr(Session, "read", real_read)

    return switch


def without_lineage(patch: pytest.MonkeyPatch) -> None:
    """All tasks and threads are one."""
    patch.setattr(Node, "child", lambda self, kind: self)


SWITCHES = {
    "order": (without_order, ["race_with_losers", "as_completed", "sleeps_versus_calls", "shared_list"]),
    "clock": (without_reads("time."), ["times_of_day", "clocks_imported_by_name", "elapsed_in_prompts"]),
    "dice": (without_reads("random.", "os.", "numpy.", "uuid"), ["dice", "secrets_and_ids", "shuffled_plan"]),
    "lineage": (without_lineage, ["gather_equal", "queue_workers", "dice_in_threads"]),
}


@pytest.mark.parametrize(("part", "name"), [(part, name) for part, (_, names) in SWITCHES.items() for name in names])
def test_without_a_part_of_the_engine_an_agent_does_not_come_again(part: str, name: str, tmp_path: Path) -> None:
    with random_server() as url:
        recording = record(name, url, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        SWITCHES[part][0](patch)
        assert flaws(recording) != []
    assert flaws(recording) == []
