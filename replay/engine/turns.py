"""Turns of threads: one that starts, or that others have woken, goes on when the rest of the program waits.

Who runs first when several threads can run is the system's choice and would differ between two runs. So the threads of
the program run one at a time, in an order that is part of the recording.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from replay.engine import loops
from replay.engine.finalising import is_finalising
from replay.engine.lineage import Node, parent, parent_in
from replay.engine.order import OVERDUE

if TYPE_CHECKING:
    from replay.engine.session import Session


def turn() -> Callable[[], None] | None:
    """What this thread, which is about to wait, is to call before it goes on; None for what is not the program's."""
    loop = loops.here.loop
    if loop is not None and loop.is_hosted():  # how often news of the world wakes the host is chance
        return None
    node = None if is_finalising() else parent()  # a collection may come upon a pool and join its threads
    return turn_of(node) if node is not None else None


def turn_of(node: Node) -> Callable[[], None] | None:
    """The next turn of ``node``: to be taken when it starts, or goes on."""
    if not node.counted:
        return None
    session, number = node.session, node.next_timer()

    def take() -> None:
        recorded = session.timer_tick(node, number)
        session.order.wait(recorded, blocks_loop=True)  # the program blocks it here, if it is in one
        session.timer_fired(node, number, None if recorded == OVERDUE else recorded)

    return take


def wake(loop: Any, session: Session) -> None:
    """Event loop ``loop``, to which another thread of ``session``'s program has handed work, goes on in turn.

    Its turns have a numbering of their own (address ``l``), one for each loop that other threads call at all.
    """
    above = parent_in(session)
    if above is None or not above.counted or not session.is_open:
        return
    nodes: dict[Session, Node] = loop.__dict__.setdefault("_replay_nodes", {})
    if session not in nodes:
        for ended in [one for one in nodes if not one.is_open]:
            del nodes[ended]
        nodes[session] = above.child("l")
    node = nodes[session]
    number = node.next_timer()
    recorded = session.timer_tick(node, number)
    if recorded == OVERDUE and session.sink is None:  # recorded before loops took turns, or in another order
        return
    if recorded != OVERDUE:
        session.order.wait(recorded, blocks_loop=True)
    session.timer_fired(node, number, None if recorded == OVERDUE else recorded)
