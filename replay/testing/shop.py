"""The tool service: orders, refunds and weather of a small shop that does not exist.

=============================  ==================================================================
``GET /orders/{id}``           any number from 1 to 999 is an order, the same at every asking
``POST /refunds``              ``{order_id, amount}``; has an effect, and ``GET /refunds`` lists all
``GET /weather?city=``         another answer at every asking, unless the server is seeded
=============================  ==================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

from replay.testing.answer import Answer, of_json
from replay.testing.service import Service
from replay.testing.wire.format import object_of

_ITEMS = ("copper teapot", "reading lamp", "wool blanket", "chess set", "garden chair", "desk fan")
_CITIES = ("Porto", "Lisbon", "Ghent", "Turin", "Bergen")
_STATUSES = ("delivered", "shipped", "delivered", "damaged")
_SKIES = ("clear", "cloudy", "rain", "snow", "fog")


def order(number: str) -> Answer:
    if not number.isdigit() or not 1 <= int(number) <= 999:
        return of_json({"error": f"there is no order {number}"}, 404)
    n = int(number)
    return of_json(
        {
            "order_id": n,
            "item": _ITEMS[n % len(_ITEMS)],
            "status": _STATUSES[n % len(_STATUSES)],
            "city": _CITIES[n % len(_CITIES)],
            "total": round(12.5 + n * 3.75 % 80, 2),
            "currency": "EUR",
            "checked_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
    )


def refund(service: Service, body: bytes, dice: Random) -> Answer:
    data = object_of(body.decode("utf-8", "replace"))
    try:
        wanted = {"order_id": int(data["order_id"]), "amount": float(data["amount"])}
    except (KeyError, TypeError, ValueError):
        return of_json({"error": "a refund needs order_id and amount"}, 400)
    if wanted["amount"] <= 0:
        return of_json({"error": "a refund is more than nothing"}, 400)
    done: dict[str, Any] = {"refund_id": f"rf_{dice.getrandbits(40):010x}", **wanted, "status": "refunded"}
    service.refunds.append(done)
    return of_json(done, 201)


def weather(query: Mapping[str, str], dice: Random) -> Answer:
    if not query.get("city"):
        return of_json({"error": "which city?"}, 400)
    return of_json({"city": query["city"], "sky": dice.choice(_SKIES), "celsius": dice.randint(-4, 31)})
