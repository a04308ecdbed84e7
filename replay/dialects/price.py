"""What LLM calls cost at list price, by the optional package ``genai-prices`` (extra ``prices``); offline."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from replay.dialects.model import Usage
from replay.dialects.reading import LlmReading
from replay.dialects.steps import Step
from replay.dialects.table import spoken_at
from replay.events import Request

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SENT_TO = "replay-sent-to"
"""Header field of a recorded request that a swap sent elsewhere, in another wire format: the URL."""


def cost(steps: Iterable[Step], created: int) -> float | None:
    """The list price in USD of all LLM calls among ``steps``, of a run that began ``created`` ns after the epoch.

    None when it is not certain: the package is absent, a model has no known price, or an answer came without usage.
    What is free (:func:`is_free`) costs nothing. The provider is told by the URL; behind a proxy or at a host that
    the package does not know, it is the one whose wire format is spoken.
    """
    if _package() is None:
        return None
    total = 0.0
    for step in steps:
        if is_free(step):
            continue
        price = _step_cost(step, created)
        if price is None:
            return None
        total += price
    return total


def is_free(step: Step) -> bool:
    """Whether ``step`` costs nothing: no call to a model, one that failed without usage, or one that is not billed."""
    if step.kind != "llm":
        return True
    billed = not isinstance(step.reading, LlmReading) or step.reading.dialect.billed
    return step.usage is None and (step.status == "error" or not billed)


def _package() -> Any:
    try:
        return importlib.import_module("genai_prices")
    except ImportError:
        return None


def of_call(usage: Usage, model: str, request: Request, when: int) -> float | None:
    """The list price in USD of one call at ``when`` (ns since the epoch), or None when it is not certain."""
    prices = _package()
    if prices is None:
        return None
    counted = prices.Usage(
        input_tokens=usage.input,
        cache_read_tokens=usage.cached,
        cache_write_tokens=usage.cache_written,
        output_tokens=usage.output,
    )
    try:
        moment = _EPOCH + timedelta(microseconds=when // 1000)
        url = request.header(SENT_TO) or request.target
        provider = _provider(prices, url) or _speaks(url)
        priced = prices.calc_price(counted, model, provider_id=provider, genai_request_timestamp=moment)
    except (LookupError, ValueError, OverflowError):
        return None
    return float(priced.total_price)


def _step_cost(step: Step, created: int) -> float | None:
    usage, source = step.usage, step.source
    if usage is None or source is None:
        return None
    answered = step.answer.model if step.answer else ""
    prices = (of_call(usage, model, source.request, created + step.at) for model in (answered, step.model) if model)
    return next((price for price in prices if price is not None), None)


def _speaks(url: str) -> str | None:
    """The provider whose wire format is spoken at ``url``."""
    return next((dialect.provider for dialect in spoken_at(url.partition("?")[0])), None)


def _provider(prices: Any, url: str) -> str | None:
    """Who is at ``url``, or None when nobody that the package knows is."""
    try:
        return str(prices.data_snapshot.get_snapshot().find_provider(None, None, url).id)
    except LookupError:
        return None
