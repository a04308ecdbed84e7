"""The fixtures of pytest-recording, by its names, so that what a suite overrides takes effect as ever.

They stand in its place under ``--replay-vcr``, whether it is installed or not.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from replay.regression.vcr import network
from replay.regression.vcr.plugin import failing, marks_of, player

if TYPE_CHECKING:
    from replay.regression.vcr.served import Served

_UNSAFE = re.compile(r"[<>?%*:|\"'/\\]")


@pytest.fixture(scope="session")
def record_mode() -> str:
    """Nothing is recorded."""
    return "none"


@pytest.fixture(scope="session")
def disable_recording() -> bool:
    """Whether tests marked ``vcr`` reach the network; with ``--replay-vcr`` they never do."""
    return False


@pytest.fixture
def vcr_config() -> dict[str, Any]:
    """Override it to give options of vcrpy to the tests of a module or a package."""
    return {}


@pytest.fixture
def vcr_markers(request: pytest.FixtureRequest) -> list[pytest.Mark]:
    """The marks ``vcr`` of the test, the closest first."""
    return list(request.node.iter_markers("vcr"))


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    """``cassettes/test_module`` beside the test's file; ``cassettes``, as pytest-vcr has it, if only that is there."""
    folder = request.path.parent / "cassettes"
    own = folder / request.path.name.partition(".")[0]
    return str(folder if not own.is_dir() and any(folder.glob("*.yaml")) else own)


@pytest.fixture
def default_cassette_name(request: pytest.FixtureRequest) -> str:
    """The mark ``default_cassette``'s, or the test's own name."""
    mark = request.node.get_closest_marker("default_cassette")
    if mark is None:
        name = request.node.name
        return _UNSAFE.sub("-", f"{request.cls.__name__}.{name}" if request.cls else name)
    if not mark.args:
        pytest.fail("replay: the mark default_cassette names no cassette", pytrace=False)
    return str(mark.args[0])


@pytest.fixture
def vcr_cassette_name(default_cassette_name: str) -> str:
    """What pytest-vcr calls it."""
    return default_cassette_name


@pytest.fixture
def allowed_hosts(request: pytest.FixtureRequest) -> list[str]:
    """Regular expressions of hosts that are reached although the network is blocked: the mark's, else the flag's, else
    those of ``vcr_config``."""
    mark = request.node.get_closest_marker("block_network")
    on_line = request.config.getoption("--allowed-hosts")
    found = (mark and mark.kwargs.get("allowed_hosts")) or on_line
    found = found or request.getfixturevalue("vcr_config").get("allowed_hosts") or []
    return found.split(",") if isinstance(found, str) else list(found)


@pytest.fixture(autouse=True)
def block_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Refuses connections to tests marked so, or to all with ``--block-network``."""
    mark = request.node.get_closest_marker("block_network")
    if mark is not None:
        with failing():
            network.check_mark(mark.args, mark.kwargs)
    if mark is None and not request.config.getoption("--block-network"):
        yield
        return
    with network.blocked(request.getfixturevalue("allowed_hosts")):
        yield


@pytest.fixture(autouse=True)
def vcr(request: pytest.FixtureRequest, block_network: None, vcr_markers: list[pytest.Mark]) -> Iterator[Served | None]:
    """The cassette of a test marked ``vcr``, from which its requests are answered."""
    if not vcr_markers:
        yield None
        return
    from replay.regression.vcr import opening

    marks = marks_of(vcr_markers)
    with failing():
        options = opening.merged(request.getfixturevalue("vcr_config"), marks)
        cassette = opening.opened(
            request.getfixturevalue("vcr_cassette_name"),
            os.fspath(request.getfixturevalue("vcr_cassette_dir")),
            marks,
            options,
            lambda made: request.config.hook.pytest_recording_configure(config=request.config, vcr=made),
        )
    with player(request).playing(request.node.nodeid, cassette, str(options.get("record_mode", "none"))):
        yield cassette


@pytest.fixture
def vcr_cassette(vcr: Served | None) -> Served | None:
    """What pytest-vcr calls it."""
    return vcr
