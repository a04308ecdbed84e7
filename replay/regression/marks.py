"""What a test says about its replay: the arguments of its marks, over those of the ``replay_config`` fixture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from replay.errors import UsageError
from replay.regression.settings import FLAWS

Scope = Literal["function", "class", "module"]


@dataclass(frozen=True, slots=True)
class Mark:
    """``@pytest.mark.replay(*names, …)``.

    * ``names``: of cassettes; none for the test's own. With several the test opens each itself (``cassette["a"]``).
    * ``swaps``, ``on_divergence``: as for :func:`replay.play`; such a test departs from its cassette on purpose, and
      what it did is kept in a fork of its own.
    * ``each``: a glob pattern from the project's root; the test runs once for each cassette that it finds.
    * ``scope``: ``class`` or ``module``: their tests share one cassette.
    * ``tolerate``: differences that do not fail this test; None for the session's.
    * ``allow_hosts``, ``ignore_hosts``: as for :func:`replay.play`.
    """

    names: tuple[str, ...] = ()
    swaps: tuple[Any, ...] = ()
    on_divergence: Any = None
    each: str = ""
    scope: Scope = "function"
    tolerate: frozenset[str] | None = None
    allow_hosts: tuple[str, ...] = ()
    ignore_hosts: tuple[str, ...] = ()

    @property
    def departs(self) -> bool:
        """Whether the test departs from its cassette on purpose."""
        return bool(self.swaps) or self.on_divergence not in (None, "raise")


_KEYS = tuple(field.name for field in fields(Mark) if field.name != "names")
_LISTS = ("swaps", "allow_hosts", "ignore_hosts")


def mark_of(marks: Iterable[tuple[tuple[Any, ...], Mapping[str, Any]]]) -> Mark:
    """The mark of a test: of all its marks, innermost first, the first that says something about each thing.

    ``marks``: their arguments, positional and by name. Raises :class:`UsageError` on what is not to be understood.
    """
    mark = Mark()
    for names, options in reversed(list(marks)):
        given: dict[str, Any] = {"names": _names(names)} if names else {}
        mark = replace(mark, **_checked(options), **given)
    if mark.each and (mark.names or mark.scope != "function"):
        raise UsageError(
            "a mark with each=… names its cassettes by that pattern, one for each run of the test",
            hint='@pytest.mark.replay(each="cassettes/golden/*.cassette")',
        )
    if len(mark.names) > 1 and mark.scope != "function":
        raise UsageError("tests that share a cassette share one", hint="give each of the cassettes a test of its own")
    return mark


def configured(mark: Mark, config: Mapping[str, Any]) -> Mark:
    """``mark`` over the defaults that the fixture ``replay_config`` gives."""
    checked, own = _checked(config), Mark()
    return replace(mark, **{key: value for key, value in checked.items() if getattr(mark, key) == getattr(own, key)})


def _names(names: tuple[Any, ...]) -> tuple[str, ...]:
    for name in names:
        if not isinstance(name, str) or not name:
            raise UsageError(
                f"the mark replay takes names of cassettes, not {name!r}", hint='pytest.mark.replay("refund")'
            )
    if len(set(names)) < len(names):
        raise UsageError("the mark replay names a cassette twice", hint="once is enough")
    return names


def _checked(options: Mapping[str, Any]) -> dict[str, Any]:
    checked = dict(options)
    for key, value in options.items():
        if key not in _KEYS:
            raise UsageError(f"the mark replay has no option {key!r}", hint=f"it has {', '.join(_KEYS)}")
        if key in _LISTS:
            checked[key] = tuple(value) if isinstance(value, list | tuple) else (value,)
    if checked.get("scope", "function") not in ("function", "class", "module"):
        raise UsageError(f"there is no scope {checked['scope']!r}", hint="function, class or module")
    if checked.get("tolerate") is not None:
        checked["tolerate"] = _flaws(checked["tolerate"])
    return checked


def _flaws(words: Any) -> frozenset[str]:
    found = frozenset([words] if isinstance(words, str) else words)
    for word in found - set(FLAWS):
        raise UsageError(f"tolerate does not know {word!r}", hint=f"of {', '.join(FLAWS)}")
    return found
