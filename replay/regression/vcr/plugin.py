"""What ``--replay-vcr`` adds to pytest: it takes the place of pytest-recording or pytest-vcr, and tells what it saw."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from replay.errors import ReplayError
from replay.regression.vcr import options

if TYPE_CHECKING:
    from replay.regression.vcr.served import Served
    from replay.regression.vcr.telling import Told, Words

RECORDING = ("recording", "pytest_recording.plugin")
OLDER = ("vcr", "pytest_vcr")
"""How the plugins are called: by their entry point, and as a module."""

NAME = "replay-vcr"


class Hooks:
    """The hook that pytest-recording adds."""

    @pytest.hookspec
    def pytest_recording_configure(self, config: pytest.Config, vcr: Any) -> None:
        """A suite registers its matchers, serializers and persisters on ``vcr``."""


def take_over(config: pytest.Config, parser: pytest.Parser) -> None:
    """Before any ``conftest.py`` is read: the other plugins go, and their flags, hooks and fixtures are ours."""
    plugins = config.pluginmanager
    found = {name: _removed(plugins, name) for name in (*RECORDING, *OLDER)}
    if not any(found[name] for name in RECORDING):
        options.add(parser, options.RECORDING)
    if not hasattr(plugins.hook, "pytest_recording_configure"):
        plugins.add_hookspecs(Hooks)
    is_older = any(found[name] for name in OLDER)
    plugins.register(Plugin(config.rootpath, "--vcr-record" if is_older else "--record-mode"), NAME)
    if not is_older:
        options.add(parser, options.OLDER)
    plugins.register(import_module(f"{__package__}.{'older_' if is_older else ''}fixtures"), f"{NAME}-fixtures")


def _removed(plugins: pytest.PytestPluginManager, name: str) -> bool:
    """Whether it was there; blocking it takes it out."""
    is_there = plugins.has_plugin(name)
    plugins.set_blocked(name)
    return is_there


def player(request: pytest.FixtureRequest) -> Plugin:
    """The plugin of this process."""
    found: Any = request.config.pluginmanager.get_plugin(NAME)
    assert isinstance(found, Plugin)
    return found


def marks_of(marks: Sequence[pytest.Mark]) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    return [(mark.args, dict(mark.kwargs)) for mark in marks]


@contextmanager
def failing() -> Iterator[None]:
    """Our errors as a failure of the test."""
    try:
        yield
    except ReplayError as error:
        pytest.fail(f"replay: {error.message}" + (f"\nhint: {error.hint}" if error.hint else ""), pytrace=False)


class Plugin:
    """Hears the tests of this process, and of its workers. ``flag``: with which the other plugin would record."""

    def __init__(self, project: Path, flag: str) -> None:
        self.project = project
        self.flag = flag
        self.tests: dict[str, Told] = {}
        self.heard: dict[str, dict[str, Any]] = {}

    @cached_property
    def words(self) -> Words:
        from replay.regression.vcr.telling import Words

        return Words(self.project, self.flag)

    @contextmanager
    def playing(self, node: str, cassette: Served, mode: str) -> Iterator[None]:
        """While it lasts, the requests of the test ``node`` are answered from ``cassette``."""
        from replay.regression.vcr.playing import playing
        from replay.regression.vcr.telling import Told

        with failing():
            self.tests[node] = Told(node, cassette, mode, self.words)
            with playing(cassette):
                yield

    def pytest_configure(self, config: pytest.Config) -> None:
        for mark in (
            "vcr(*cassettes, **options): answer the test's requests from its cassette (--replay-vcr)",
            "default_cassette(name): the cassette of the test",
            "block_network(allowed_hosts=[...]): refuse connections",
            "allowed_hosts(hosts): regular expressions of hosts that are reached although the network is blocked",
        ):
            config.addinivalue_line("markers", mark)
        try:
            options.refuse_recording(config)
        except ReplayError as error:
            raise pytest.UsageError(f"replay: {error.message}\nhint: {error.hint}") from None

    def pytest_report_header(self) -> str:
        return "replay: tests marked vcr are played by replay, from their own files"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, Any]:
        report = yield
        told = self.tests.get(item.nodeid)
        if told is None:
            return report
        if report.failed:
            report.sections += [(f"replay: {title}", "\n".join(lines)) for title, lines in told.sections()]
        if report.when == "call":
            told.passed = report.passed
        elif report.when == "teardown":
            report.replay_vcr = self.tests.pop(item.nodeid).to_dict()
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if hasattr(report, "replay_vcr"):
            self.heard[report.nodeid] = report.replay_vcr

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if not self.heard:
            return
        from replay.regression.vcr import telling

        for line in telling.summary(list(self.heard.values())):
            terminalreporter.write_line(line)
