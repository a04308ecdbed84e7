"""Amounts that do not depend on the price list that happens to be installed."""

from __future__ import annotations

import pytest

from replay.dialects import price
from replay.tui.view import panes


@pytest.fixture(autouse=True)
def _listed_prices(monkeypatch):
    def cost(steps, created):
        known = [(step.usage, 0.2 if "mini" in step.model else 1.0) for step in steps if step.usage]
        return sum(part * (usage.input + 8 * usage.output) * 1e-6 for usage, part in known) if known else None

    monkeypatch.setattr(price, "cost", cost)
    monkeypatch.setattr(panes, "context_window", lambda step: 400_000)
