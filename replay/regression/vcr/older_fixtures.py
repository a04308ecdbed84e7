"""The fixtures of pytest-vcr, by its names: under ``--replay-vcr`` they stand in its place where it is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from replay.regression.vcr.plugin import failing, marks_of, player

if TYPE_CHECKING:
    from replay.regression.vcr.served import Served


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    """Override it to give options of vcrpy to the tests of a module or a package."""
    return {}


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    """``cassettes`` beside the test's file."""
    return str(request.path.parent / "cassettes")


@pytest.fixture
def vcr_cassette_name(request: pytest.FixtureRequest) -> str:
    """The test's own name."""
    name = request.node.name
    return f"{request.cls.__name__}.{name}" if request.cls else name


@pytest.fixture(scope="module")
def vcr(request: pytest.FixtureRequest, vcr_config: dict[str, Any], vcr_cassette_dir: str) -> Any:
    """The ``VCR`` object, on which a suite registers what it has of its own."""
    from vcr import VCR

    options = {
        "cassette_library_dir": os.fspath(vcr_cassette_dir),
        "path_transformer": VCR.ensure_suffix(".yaml"),
        **vcr_config,
    }
    return VCR(**options)


@pytest.fixture
def vcr_cassette(request: pytest.FixtureRequest, vcr: Any, vcr_cassette_name: str) -> Iterator[Served]:
    """The cassette of a test marked ``vcr``, from which its requests are answered."""
    from replay.regression.vcr import opening

    mark = request.node.get_closest_marker("vcr")
    with failing():
        options = opening.merged({}, marks_of([mark] if mark else []))
        mode = str(options.pop("record_mode", vcr.record_mode.value))
        cassette = opening.of(vcr, vcr_cassette_name, {"persister": opening.Files(), **options})
    with player(request).playing(request.node.nodeid, cassette, mode):
        yield cassette


@pytest.fixture(autouse=True)
def _vcr_marker(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("vcr"):
        request.getfixturevalue("vcr_cassette")
