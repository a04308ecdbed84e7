"""The address of the logical task that code runs in, independent of scheduling.

A :class:`Node` is one logical task. Its children are numbered where they are created: in the parent's own order, so
that the address does not depend on who ran first. Finding the node of the code that runs now takes four looks,
most specific first:

1. the asyncio task that runs (a weak table: a task keeps its node wherever it is resumed);
2. a context variable, for callbacks and eagerly started tasks, valid only on the thread of the node that set it
   (LangGraph submits ``copy_context().run`` to pools: the copied variable must not follow);
3. the thread, or the work item that a pool's thread runs;
4. the root of the only open session: threads that were there before it, and those of C libraries. With several
   sessions open such code belongs to none.
"""

from __future__ import annotations

import threading
from asyncio import Task
from asyncio.events import _get_running_loop
from asyncio.tasks import current_task
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from replay.engine import loops
from replay.taps import boundary

if TYPE_CHECKING:
    from replay.engine.session import Session


class Node:
    """One logical task of a session: its address, what it has issued, and the call it is inside of.

    ``counted`` is False in the body of a tool call: on replay the body does not run, so what it does takes no place in
    the schedule.
    """

    __slots__ = ("address", "children", "counted", "hashed", "issued", "parent", "session", "timers")

    def __init__(self, session: Session, address: str, parent: int | None = None, *, counted: bool = True) -> None:
        self.session = session
        self.address = address
        self.parent = parent
        self.counted = counted
        self.issued = 0
        self.timers = 0
        self.hashed = 0
        self.children: dict[str, int] = {}

    def child(self, kind: str) -> Node:
        """The next child of ``kind``: ``a`` asyncio task, ``t`` thread, ``w`` work item, ``p`` process."""
        number = self.children[kind] = self.children.get(kind, 0) + 1
        return Node(self.session, f"{self.address}/{kind}{number}", self.parent, counted=self.counted)

    def next_number(self) -> int:
        """The number of the next request."""
        number = self.issued
        self.issued = number + 1
        return number

    def next_timer(self) -> int:
        """The number of the next timer."""
        number = self.timers
        self.timers = number + 1
        return number


class _Thread(threading.local):
    node: Node | None = None
    counting = True


_tasks: WeakKeyDictionary[Task[Any], Node] = WeakKeyDictionary()
_context: ContextVar[tuple[int, Node] | None] = ContextVar("replay_node", default=None)
_thread = _Thread()
_roots: list[Node] = []


def current() -> Node | None:
    """The node of the code that runs now, or None outside every open session."""
    loop = _get_running_loop()
    task = current_task(loop) if loop is not None else None
    node = _tasks.get(task) if task is not None else None
    if node is None:
        node = _outside_task()
    return node if node is not None and node.session.is_open else None


def session() -> Session | None:
    """The session that the code which runs now belongs to, or None."""
    node = current()
    return node.session if node is not None else None


def _outside_task() -> Node | None:
    if (entry := _context.get()) is not None and entry[0] == threading.get_ident():
        return entry[1]
    if _thread.node is not None:
        return _thread.node
    return _roots[0] if len(_roots) == 1 else None


def parent() -> Node | None:
    """The node whose child, timer or turn is being made here, or None when that is not the program's."""
    if boundary.is_inside() or not _thread.counting:
        return None
    return current()


def parent_in(session: Session) -> Node | None:
    """:func:`parent` for what is known to be ``session``'s: its root, where the code here is of another one or none."""
    if boundary.is_inside() or not _thread.counting:
        return None
    node = current()
    return node if node is not None and node.session is session else session.root


@contextmanager
def not_counting() -> Iterator[None]:
    """What this thread creates meanwhile is no child of the program's tasks."""
    _thread.counting = False
    try:
        yield
    finally:
        _thread.counting = True


def adopt(task: Task[Any], node: Node) -> None:
    """``task`` is ``node`` from now on."""
    _tasks[task] = node


def mark_context(node: Node) -> None:
    """Code that runs in this context, on this thread, is ``node`` unless its task says otherwise."""
    _context.set((threading.get_ident(), node))


@contextmanager
def bound(node: Node | None) -> Iterator[None]:
    """While it lasts, this task (or this thread, outside a task) is ``node``."""
    loop = _get_running_loop()
    task = current_task(loop) if loop is not None else None
    if task is None:
        with _bound_context(node) if loops.running() is not None else _bound_thread(node):
            yield
        return
    before = _tasks.get(task)
    _set_task(task, node)
    try:
        with _bound_context(node):
            yield
    finally:
        _set_task(task, before)


@contextmanager
def _bound_thread(node: Node | None) -> Iterator[None]:
    before = _thread.node
    _thread.node = node
    try:
        with _bound_context(node):
            yield
    finally:
        _thread.node = before


@contextmanager
def _bound_context(node: Node | None) -> Iterator[None]:
    token = _context.set((threading.get_ident(), node) if node is not None else None)
    try:
        yield
    finally:
        with suppress(ValueError):  # a fixture may leave in another context than it entered
            _context.reset(token)


def _set_task(task: Task[Any], node: Node | None) -> None:
    if node is None:
        _tasks.pop(task, None)
    else:
        _tasks[task] = node


def sessions() -> list[Session]:
    """The open sessions of this process."""
    return [node.session for node in _roots]


def rebind(node: Node) -> None:
    """This thread, whatever it was, is ``node`` from now on."""
    _tasks.clear()
    _context.set((threading.get_ident(), node))
    _thread.node = node


def open_root(node: Node) -> None:
    """``node`` is the root of a session that opens now."""
    _roots.append(node)


def close_root(node: Node) -> None:
    if node in _roots:
        _roots.remove(node)
