"""The pytest plugin: hooks and fixtures. What they do is in :mod:`replay.regression`, loaded by the first test that is
marked ``replay``.

::

    @pytest.mark.replay                                # cassettes/test_agent/test_refund.cassette
    def test_refund(cassette):
        assert "refunded" in agent("refund order 7")
        cassette.expect.called("lookup_order", "refund_order").cost(at_most=0.01)
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from replay.errors import ReplayError, UsageError
from replay.regression.settings import OPTIONS, Settings, settings

if TYPE_CHECKING:
    from replay.regression.session import Replays
    from replay.regression.telling import Told

MARK = "replay"
SETTINGS = pytest.StashKey[Settings]()
REPLAYS = pytest.StashKey["Replays"]()


@contextmanager
def _usage() -> Iterator[None]:
    """Our errors as pytest's: what is wrong, and what to do."""
    try:
        yield
    except ReplayError as error:
        raise pytest.UsageError(f"replay: {error.message}\nhint: {error.hint}") from None


@contextmanager
def _failing() -> Iterator[None]:
    """Our errors as a failure of the test."""
    try:
        yield
    except ReplayError as error:
        pytest.fail(f"replay: {error.message}" + (f"\nhint: {error.hint}" if error.hint else ""), pytrace=False)


def _replays(config: pytest.Config) -> Replays:
    """What this process knows about its replays; made when the first marked test is met."""
    if REPLAYS not in config.stash:
        from replay.regression.session import Replays

        config.stash[REPLAYS] = Replays(config.stash[SETTINGS], config.getini("testpaths") or ["tests", "test"])
    return config.stash[REPLAYS]


# Settings ------------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("replay", "record and replay of LLM agents")
    for option in OPTIONS:
        action: dict[str, Any] = {"action": "store_true"} if option.kind == "flag" else {"metavar": option.metavar}
        group.addoption(option.flag, dest=option.key, default=None, help=option.help.replace("%", "%%"), **action)
        parser.addini(option.key, option.help, type=_INI.get(option.kind, "string"), default=None)
    group.addoption(
        "--no-replay-block-network",
        dest="replay_block_network",
        action="store_false",
        default=None,
        help="let tests marked replay reach the network also when the mode is none",
    )


_INI: dict[str, Any] = {"flag": "bool", "words": "args"}


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, parser: pytest.Parser) -> None:
    if early_config.known_args_namespace.replay_vcr or early_config.getini("replay_vcr"):
        from replay.regression.vcr.plugin import take_over

        take_over(early_config, parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "replay(*names, swaps, on_divergence, each, scope, tolerate, allow_hosts, ignore_hosts): run the test against "
        "its cassette: no network, no key, no cost",
    )
    with _usage():
        found = settings(Path(config.rootpath), lambda key: config.getoption(key, None), config.getini)
        _refuse_neighbours(config, found)
    config.stash[SETTINGS] = found
    config.pluginmanager.register(Telling(config), "replay-telling")


def _refuse_neighbours(config: pytest.Config, found: Settings) -> None:
    workers = config.getoption("numprocesses", None)
    if found.ui and workers:
        raise UsageError("--replay-ui needs the terminal, which the workers of -n do not have", hint="leave -n out")
    if found.records and workers and config.getoption("dist", "") == "each":
        raise UsageError(
            "with --dist each every worker would write the same cassettes",
            hint="record with --dist loadfile, or without -n",
        )
    for option in ("parallel_threads", "tests_per_worker"):
        if config.getoption(option, None) not in (None, 0, 1, "1"):
            raise UsageError(
                f"--{option.replace('_', '-')} runs tests in threads of one process, whose replays would mix",
                hint="use pytest-xdist: -n",
            )


def pytest_unconfigure(config: pytest.Config) -> None:
    if REPLAYS in config.stash:
        config.stash[REPLAYS].scratch.close()


def pytest_report_header(config: pytest.Config) -> str:
    found = config.stash[SETTINGS]
    mode = "update" if found.update else f"mode {found.mode}"
    network = "network blocked" if found.block_network else "network open"
    folder = found.directory
    shown = folder.relative_to(found.project) if folder.is_relative_to(found.project) else folder
    return f"replay: {mode}, {network}, cassettes in {shown}"


# Collection ----------------------------------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker(MARK) is None:
        return
    with _usage():
        _replays(metafunc.config).check(_arguments(metafunc.definition), _dist(metafunc.config))
    if any("each" in mark.kwargs for mark in metafunc.definition.iter_markers(MARK)):
        with _usage():
            cases = _replays(metafunc.config).cases(_arguments(metafunc.definition))
        metafunc.fixturenames.append("_replay_case")
        metafunc.parametrize("_replay_case", cases, ids=[path.stem for path in cases], indirect=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.get_closest_marker(MARK) is None:
        return
    with _usage():
        if not isinstance(item, pytest.Function):
            raise UsageError(f"{item.nodeid} is no function: it cannot be replayed", hint="mark test functions")
        _replays(item.config).claim(item.nodeid, _arguments(item), [mark.name for mark in item.iter_markers()])
    known = item._fixtureinfo.name2fixturedefs
    # Before the test's own fixtures, so that their calls are part of its run; after those of wider scope: they outlive
    # it.
    wider = [at for at, name in enumerate(item.fixturenames) if name in known and known[name][-1].scope != "function"]
    item.fixturenames.insert(wider[-1] + 1 if wider else 0, "_replay")


def _arguments(item: Any) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    return [(mark.args, mark.kwargs) for mark in item.iter_markers(MARK)]


def _dist(config: pytest.Config) -> str:
    """How xdist gives tests to its workers, of which this is one; empty without workers."""
    return str(getattr(config, "workerinput", {}).get("replay_dist", ""))


# Fixtures ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def replay_config() -> dict[str, Any]:
    """Override it to give the tests of a module or a package defaults for the options of their mark."""
    return {}


@pytest.fixture(scope="module")
def replay_dir(request: pytest.FixtureRequest) -> Path:
    """Override it to say in which directory the cassettes of a module lie."""
    return _replays(request.config).folder(request.node.nodeid)


@pytest.fixture
def _replay_case(request: pytest.FixtureRequest) -> Any:
    """Which cassette of an ``each=…`` test."""
    return getattr(request, "param", None)


@pytest.fixture(scope="class")
def _replay_class(request: pytest.FixtureRequest) -> Iterator[str]:
    with _failing():
        yield from _replays(request.config).shared(request.node.nodeid, "class", request.getfixturevalue)


@pytest.fixture(scope="module")
def _replay_module(request: pytest.FixtureRequest) -> Iterator[str]:
    with _failing():
        yield from _replays(request.config).shared(request.node.nodeid, "module", request.getfixturevalue)


@pytest.fixture
def _replay(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The run of a marked test: while it lasts, what the test asks is recorded or served."""
    replays = _replays(request.config)
    with _failing():
        test = replays.test(request.node.nodeid, request.getfixturevalue)
        test.open()
    yield test
    late = replays.close(request.node.nodeid)
    if late:
        pytest.fail(late[0].text, pytrace=False)


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> Any:
    """What this test's run has done so far (:class:`replay.regression.trajectory.Trajectory`); with several cassettes
    ``with cassette["name"] as run:``."""
    if "_replay" not in request.fixturenames:
        pytest.fail("replay: the fixture cassette needs the mark\nhint: @pytest.mark.replay", pytrace=False)
    return request.getfixturevalue("_replay").seen


# Running -------------------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    if item.get_closest_marker(MARK) is None:
        return (yield)
    error: BaseException | None = None
    try:
        yield
    except BaseException as raised:
        error = raised
    test = _replays(item.config).tests.get(item.nodeid)
    if test is not None and not isinstance(error, pytest.skip.Exception | pytest.xfail.Exception):
        from replay.regression.running import is_ours

        test.ended(whole=error is None)
        if test.early and (error is None or is_ours(error)):
            raise pytest.fail.Exception(test.early[0].headline, pytrace=False)
    if error is not None:
        raise error
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if item.get_closest_marker(MARK) is not None:
        _attach(_replays(item.config), item.nodeid, report)
    return report


def _attach(replays: Replays, node: str, report: Any) -> None:
    """What our reports carry besides: sections, and at the end of a test the verdicts, as data."""
    test = replays.tests.get(node)
    if report.when == "call" and test is not None:
        test.passed = report.passed
        told: list[Any] = list(test.early)
        if report.failed and not told:
            told = [said for case in test.cases if (said := case.departure()) is not None]
        report.sections += [(f"replay: {each.title}", "\n".join(each.lines)) for each in told]
    elif report.when == "teardown":
        replays.tests.pop(node, None)
        report.replay = [outcome.to_dict() for outcome in replays.taken()]
    if replays.marks[node].each:
        _count(replays, node, report)


def _count(replays: Replays, node: str, report: Any) -> None:
    """A case of an ``each=…`` test. Where a gate decides, one that fails is counted and fails nothing by itself."""
    gated = replays.settings.min_pass is not None or replays.settings.no_regression
    test, _, case = node.partition("[")
    if report.failed or (report.when == "call" and report.passed):
        report.replay_cases = [(test, case.removesuffix("]"), report.passed)]
    if gated and report.failed:
        report.outcome, report.wasxfail = "skipped", "counted by the gate"


class Telling:
    """Hears the reports of this process, and of its workers, and tells at the end what they came to."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.settings = config.stash[SETTINGS]
        self.heard: dict[tuple[str, str], dict[str, Any]] = {}
        self.cases: dict[str, dict[str, bool]] = {}
        self.files: dict[str, list[str]] = {}
        self.told: Told | None = None
        self.shown = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for outcome in getattr(report, "replay", ()):
            self.heard[outcome["node"], outcome["cassette"]] = outcome
        for test, case, passed in getattr(report, "replay_cases", ()):
            self.cases.setdefault(test, {})[case] = passed

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """The run of the test has ended, and its file is whole: the UI may look at it."""
        if not self.settings.ui or self.shown:
            return
        failed = next((each for each in self.heard.values() if each["node"] == nodeid and each["step"]), None)
        if failed is not None:
            from replay.regression.looking import look

            self.shown = True
            capture = self.config.pluginmanager.getplugin("capturemanager")
            with capture.global_and_fixture_disabled() if capture else nullcontext():
                look(failed["played"], failed["last"], failed["step"], self.settings.project)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if REPLAYS in self.config.stash:
            replays = self.config.stash[REPLAYS]
            whole = not any("::" in arg for arg in self.config.args)
            self.files = {
                "folders": [str(path) for path in replays.folders] if whole else [],
                "used": [str(path) for path in replays.used],
            }
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["replay"] = self.files
        else:
            self._finish(session)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """A worker is about to start, which is not told how tests are given out."""
        node.workerinput["replay_dist"] = str(self.config.getoption("dist", ""))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker has ended; all of them collect the same tests."""
        self.files = getattr(node, "workeroutput", {}).get("replay") or self.files

    def _finish(self, session: pytest.Session) -> None:
        """Reports, and the gates, which may fail the session."""
        if not self.heard and not self.files:
            return
        from replay.regression.telling import Told

        self.told = Told(self.settings, list(self.heard.values()), self.cases, self.files)
        with _usage():
            if self.told.closed and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
            self.told.write()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.told is not None:
            for text in self.told.lines():
                terminalreporter.write_line(text)
