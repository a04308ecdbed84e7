"""The plugin's flags, each with its twin in the ini file (``--replay-min-pass``: ``replay_min_pass``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from replay.errors import UsageError

Mode = Literal["none", "once", "new_episodes", "all", "rewrite"]
MODES: tuple[Mode, ...] = ("none", "once", "new_episodes", "all", "rewrite")

FLAWS = ("moved", "volatile", "reordered", "shortened", "unused", "output", "other")
"""What a test may tolerate (:mod:`replay.regression.verdict`)."""


@dataclass(frozen=True, slots=True)
class Option:
    """One flag. ``kind``: ``choice``, ``flag``, ``text``, ``words`` or ``share`` (a number above 0, at most 1)."""

    name: str
    kind: Literal["choice", "flag", "text", "words", "share"]
    help: str
    default: Any = None
    choices: tuple[str, ...] = ()
    metavar: str = ""

    @property
    def flag(self) -> str:
        return f"--replay-{self.name.replace('_', '-')}"

    @property
    def key(self) -> str:
        """In the ini file, and where the parser keeps it."""
        return f"replay_{self.name}"


OPTIONS = (
    Option(
        "mode",
        "choice",
        "none: only replay (default). once: record what has no cassette. new_episodes: also what a cassette lacks. "
        "all: record anew, keep it when the test passes. rewrite: record anew, whatever comes of it",
        "none",
        MODES,
        "MODE",
    ),
    Option(
        "update",
        "flag",
        "accept what changed: what a cassette lacks runs live, and the new run replaces it if the test passes",
    ),
    Option(
        "dir",
        "text",
        "the directory of all cassettes, from the project's root (default: cassettes)",
        "cassettes",
        (),
        "DIR",
    ),
    Option("block_network", "flag", "refuse connections to tests marked replay (default: when the mode is none)"),
    Option(
        "allowed_hosts",
        "words",
        "hosts that are reached for real and are no part of a run: localhost,*.internal",
        (),
        (),
        "HOSTS",
    ),
    Option("report", "text", "write an HTML report of all cassettes' verdicts to this file", None, (), "FILE"),
    Option("ui", "flag", "open the terminal UI at the first test that does not replay"),
    Option(
        "min_pass",
        "share",
        "of the cases of an each=… test, fail when certainly fewer than this share pass",
        None,
        (),
        "SHARE",
    ),
    Option("no_regression", "flag", "of the cases of an each=… test, fail when certainly fewer pass than before"),
    Option(
        "baseline", "text", "what passed before (default: baseline.json among the cassettes; --replay-update writes it)"
    ),
    Option(
        "tolerate",
        "words",
        f"differences that do not fail a test, of {', '.join(FLAWS)} (default: moved, volatile)",
        ("moved", "volatile"),
        metavar="WORDS",
    ),
    Option(
        "vcr",
        "flag",
        "play tests marked vcr, of pytest-recording or pytest-vcr, from their YAML; tell which bodies changed",
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds in this session. ``project``: the root directory, which relative paths are meant from."""

    project: Path
    mode: Mode = "none"
    update: bool = False
    directory: Path = Path("cassettes")
    block_network: bool = True
    allowed_hosts: tuple[str, ...] = ()
    report: Path | None = None
    ui: bool = False
    min_pass: float | None = None
    no_regression: bool = False
    baseline: Path = Path("cassettes/baseline.json")
    tolerate: frozenset[str] = frozenset({"moved", "volatile"})

    @property
    def records(self) -> bool:
        """Whether tests may reach the world."""
        return self.update or self.mode != "none"


def settings(project: Path, on_line: Callable[[str], Any], in_file: Callable[[str], Any]) -> Settings:
    """The settings, from the flags' values (None where not given) and the ini file's (None or empty where not set).

    Raises :class:`UsageError` on values that are none, and on flags that contradict each other.
    """
    values = {option.name: _value(option, on_line(option.key), in_file(option.key)) for option in OPTIONS}
    _refuse_contradictions(values, on_line)
    directory = project / values["dir"]
    recording = values["update"] or values["mode"] != "none"
    return Settings(
        project,
        values["mode"],
        bool(values["update"]),
        directory,
        not recording and values["block_network"] is not False,
        values["allowed_hosts"] or (),
        project / values["report"] if values["report"] else None,
        bool(values["ui"]),
        values["min_pass"],
        bool(values["no_regression"]),
        project / values["baseline"] if values["baseline"] else directory / "baseline.json",
        frozenset(values["tolerate"]),
    )


def _value(option: Option, given: Any, ini: Any) -> Any:
    value, source = (given, option.flag) if given is not None else (ini, option.key)
    if value is None or value == "" or value == []:
        return option.default
    return _READ[option.kind](option, value, source)


def _choice(option: Option, value: Any, source: str) -> Any:
    return _among((value,), option.choices, source)[0]


def _words(option: Option, value: Any, source: str) -> tuple[str, ...]:
    words = value if isinstance(value, list | tuple) else str(value).replace(",", " ").split()
    found = tuple(word for each in words for word in str(each).replace(",", " ").split())
    return _among(found, FLAWS, source) if option.name == "tolerate" else found


def _among(words: tuple[str, ...], known: tuple[str, ...], source: str) -> tuple[str, ...]:
    for word in words:
        if word not in known:
            raise UsageError(f"{source} does not know {word!r}", hint=f"one of {', '.join(known)}")
    return words


def _share(option: Option, value: Any, source: str) -> float:
    try:
        share = float(value)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise UsageError(f"{source} is no share of cases: {value!r}", hint="a number above 0, at most 1: 0.95")
    return share


_READ: dict[str, Callable[[Option, Any, str], Any]] = {
    "choice": _choice,
    "flag": lambda option, value, source: bool(value),
    "text": lambda option, value, source: str(value),
    "words": _words,
    "share": _share,
}


def _refuse_contradictions(values: dict[str, Any], on_line: Callable[[str], Any]) -> None:
    recording = "--replay-update" if values["update"] else f"--replay-mode {values['mode']}"
    if on_line("replay_block_network") and (values["update"] or values["mode"] != "none"):
        raise UsageError(
            f"--replay-block-network and {recording} contradict each other: a recording reaches the network",
            hint="leave one of them out",
        )
    if values["update"] and values["mode"] not in ("none", "once"):
        raise UsageError(
            f"--replay-update and --replay-mode {values['mode']} are two ways to record", hint="leave one of them out"
        )
