"""Real recordings that other projects made, read where they lie: a sample of them, or all under REPLAY_PROVE."""

from __future__ import annotations

import os

import pytest

from tests.interop import proof

STEP = 1 if os.environ.get("REPLAY_PROVE") else 67


def test_real_recordings_are_imported_served_to_four_clients_and_exported_as_they_were():
    paths = proof.recordings()[::STEP]
    if not paths:
        pytest.skip(f"no recordings at {proof.CORPUS}; set REPLAY_CORPUS")
    report = proof.proof(paths)
    assert report.counts["interactions"] > 20
    assert report.passes, proof.printed(report)
