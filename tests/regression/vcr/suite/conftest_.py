"""The suite's ``conftest.py``, as a project with pytest-recording has it."""

import os

import pytest

URL = os.environ["SUITE_URL"]


@pytest.fixture
def url():
    return URL


@pytest.fixture(scope="module")
def vcr_config():
    return {"filter_headers": [("authorization", "none"), "x-amz-date"], "decode_compressed_response": False}


def has_same_case(asked, recorded):
    assert asked.headers.get("x-case") == recorded.headers.get("x-case")


def pytest_recording_configure(config, vcr):
    vcr.register_matcher("case", has_same_case)
