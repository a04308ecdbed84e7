"""Files of cassettes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.regression.names import LONGEST, folder_of, fork_of, name_of, named


@pytest.mark.parametrize(
    ("node", "name"),
    [
        ("tests/test_a.py::test_one", "test_one"),
        ("tests/test_a.py::TestB::test_one[x-1]", "TestB.test_one[x-1]"),
        ("test_a.py::TestB::TestC::test_one", "TestB.TestC.test_one"),
    ],
)
def test_a_name_is_the_tests_own(node, name):
    assert name_of(node) == name


@given(st.text(max_size=300), st.text(max_size=300))
def test_two_tests_never_share_a_name_and_every_name_is_a_file_name(one, other):
    names = [name_of(f"test_a.py::test[{text}]") for text in (one, other)]
    assert (names[0] == names[1]) == (one == other)
    for name in names:
        assert len(name) <= LONGEST and name.isascii() and "/" not in name and "\\" not in name and name.isprintable()


@pytest.mark.parametrize(
    ("module", "folder"),
    [
        ("tests/test_a.py", "test_a"),
        ("tests/billing/test_a.py", "billing/test_a"),
        ("test_a.py", "test_a"),
        ("src/app/tests/test_a.py", "src/app/tests/test_a"),
        ("tests.py", "tests"),
    ],
)
def test_a_folder_leaves_out_the_directory_of_all_tests(module, folder):
    assert folder_of(module, ["tests", "test"]).as_posix() == folder


def test_a_named_cassette_lies_beside_the_others_or_from_the_root():
    folder, root = Path("/p/cassettes/test_a"), Path("/p")
    assert named("refund", folder, root) == folder / "refund.cassette"
    assert named("refund.cassette", folder, root) == folder / "refund.cassette"
    assert named("golden/refund.cassette", folder, root) == root / "golden/refund.cassette"


def test_a_fork_never_lies_where_its_base_does():
    own = Path("cassettes/test_a/test_one.cassette")
    assert fork_of(own, Path("cassettes/test_a/base.cassette")) == own
    assert fork_of(own, own).name == "test_one.fork.cassette"
