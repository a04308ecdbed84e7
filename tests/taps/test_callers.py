from __future__ import annotations

import sys
import types

import pytest

from replay.taps import callers


@pytest.mark.parametrize(
    ("module", "verdict"),
    [
        ("__main__", "program"),
        ("agent.logging", "program"),
        ("openai._base_client", "program"),
        ("pydantic.fields", "program"),
        ("loggings", "program"),
        ("logging", "plumbing"),
        ("asyncio.base_events", "plumbing"),
        ("httpcore._sync.http11", "plumbing"),
        ("http.client", "plumbing"),
        ("http.cookiejar", "program"),
        ("replay.engine.session", "plumbing"),
        ("uuid", "through"),
        ("uuid_utils.compat", "through"),
        (None, "program"),
    ],
)
def test_the_longest_rule_for_a_modules_name_decides(module, verdict):
    assert callers.verdict_on(module) == verdict


def _frames(*modules: str):
    """The frame of the last of a chain of modules, each calling the next."""
    call = sys._getframe
    for name in reversed(modules):
        module = types.ModuleType(name)
        vars(module)["call"] = call
        exec("def step(*args): return call(*args)", vars(module))
        call = vars(module)["step"]
    return call()


def test_code_that_reads_on_behalf_of_its_caller_is_looked_through():
    assert not callers.is_plumbing(_frames("asyncio.events", "agent", "random"))
    assert callers.is_plumbing(_frames("agent", "tempfile", "random"))
    assert callers.is_plumbing(_frames("agent", "ssl"))
    assert not callers.is_plumbing(_frames("agent", "uuid", "random"))
