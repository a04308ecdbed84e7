from __future__ import annotations

import httpx
import pytest


def test_an_order_is_the_same_at_every_asking_but_for_the_time(tools):
    one, two = (httpx.get(f"{tools.url}/orders/7").json() for _ in range(2))
    assert {**one, "checked_at": ""} == {**two, "checked_at": ""}
    assert one["order_id"] == 7


@pytest.mark.parametrize("number", ["0", "1000", "seven"])
def test_an_order_that_does_not_exist_is_a_404(tools, number):
    answer = httpx.get(f"{tools.url}/orders/{number}")
    assert answer.status_code == 404
    assert number in answer.json()["error"]


def test_refunds_are_effects_that_can_be_counted(tools):
    for amount in (5, 7.5):
        assert httpx.post(f"{tools.url}/refunds", json={"order_id": 7, "amount": amount}).status_code == 201
    assert [refund["amount"] for refund in tools.refunds()] == [5, 7.5]
    assert httpx.get(f"{tools.url}/refunds").json() == tools.refunds()
    assert tools.calls == 3


@pytest.mark.parametrize("body", [{}, {"order_id": 7, "amount": "much"}, {"order_id": 7, "amount": -1}])
def test_a_refund_that_makes_no_sense_has_no_effect(tools, body):
    assert httpx.post(f"{tools.url}/refunds", json=body).status_code == 400
    assert tools.refunds() == []


def test_the_weather_names_the_city_and_changes(tools):
    seen = [httpx.get(f"{tools.url}/weather", params={"city": "Porto"}).json() for _ in range(12)]
    assert {weather["city"] for weather in seen} == {"Porto"}
    assert len({(weather["sky"], weather["celsius"]) for weather in seen}) > 1
