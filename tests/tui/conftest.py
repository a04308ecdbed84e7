"""Amounts that do not depend on the price list that happens to be installed."""

from __future__ import annotations

import pytest

from replay.dialects import price
from replay.tui.view import panes


@pytest.fixture(autouse=True)
def _listed_prices(monkeypatch):
    def cost(steps, created):
        usages = [step.usage for step in steps if step.usage]
        return sum(usage.input * 1e-6 + usage.output * 1e-5 for usage in usages) if usages else None

    monkeypatch.setattr(price, "cost", cost)
    monkeypatch.setattr(panes, "context_window", lambda step: 400_000)
