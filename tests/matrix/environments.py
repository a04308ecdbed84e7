"""The environments that the rows of the matrix need, because not all of their libraries agree on one."""

from __future__ import annotations

HERE = "REPLAY_MATRIX_ENVIRONMENT"
"""The variable that tells a test run in which of them it is; unset: the one of ``make test``."""
