"""How many tokens a model can take in, as far as the optional package ``genai-prices`` (extra ``prices``) knows."""

from __future__ import annotations

import importlib

from replay.dialects.reading import LlmReading
from replay.dialects.steps import Step


def context_window(step: Step) -> int | None:
    """Tokens, or None when it is not known."""
    if not isinstance(step.reading, LlmReading):
        return None
    try:
        snapshot = importlib.import_module("genai_prices.data_snapshot").get_snapshot()
        _, model = snapshot.find_provider_model(step.model, None, step.reading.dialect.provider, None)
    except (ImportError, LookupError, ValueError):
        return None
    size = getattr(model, "context_window", None)
    return size if isinstance(size, int) and size > 0 else None
