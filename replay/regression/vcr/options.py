"""The flags of pytest-recording and pytest-vcr, for where those are not installed but an ini file may name them."""

from __future__ import annotations

from typing import Any

import pytest

from replay.errors import UsageError

RECORDING: dict[str, dict[str, Any]] = {
    "--record-mode": {"default": None, "help": "pytest-recording's; with --replay-vcr only none"},
    "--block-network": {"action": "store_true", "default": False, "help": "pytest-recording's: refuse connections"},
    "--allowed-hosts": {"default": None, "help": "pytest-recording's: regular expressions of hosts, with commas"},
    "--disable-recording": {"action": "store_true", "default": False, "help": "pytest-recording's"},
}
OLDER: dict[str, dict[str, Any]] = {
    "--vcr-record": {"dest": "vcr_record", "default": None, "help": "pytest-vcr's; with --replay-vcr only none"},
    "--vcr-record-mode": {"dest": "deprecated_vcr_record", "default": None, "help": "pytest-vcr's, deprecated"},
    "--disable-vcr": {"dest": "disable_vcr", "action": "store_true", "help": "pytest-vcr's"},
}

_MODES = ("record_mode", "vcr_record", "deprecated_vcr_record")
_OFF = ("disable_recording", "disable_vcr")


def add(parser: pytest.Parser, options: dict[str, dict[str, Any]]) -> None:
    group = parser.getgroup("replay", "record and replay of LLM agents")
    for flag, settings in options.items():
        group.addoption(flag, **settings)


def refuse_recording(config: pytest.Config) -> None:
    """Raises :class:`UsageError` where a flag asks for what playing is not."""
    for key in _MODES:
        mode = config.getoption(key, None)
        if mode not in (None, "none"):
            flag = next(flag for flag, settings in {**RECORDING, **OLDER}.items() if _key(flag, settings) == key)
            raise UsageError(
                f"--replay-vcr only plays, and {flag}={mode} records",
                hint=f"record the YAML without --replay-vcr: pytest {flag}={mode}",
            )
    for key in _OFF:
        if config.getoption(key, None):
            flag = f"--{key.replace('_', '-')}"
            raise UsageError(f"--replay-vcr and {flag} contradict each other", hint="leave one of them out")


def _key(flag: str, settings: dict[str, Any]) -> str:
    return str(settings.get("dest") or flag.lstrip("-").replace("-", "_"))
