from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from replay.canon.values import Unkept, dump, load
from replay.errors import CassetteError

hashable = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(), max_size=6)
    | st.binary(max_size=6)
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.complex_numbers(allow_nan=False)
    | st.datetimes()
    | st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(minutes=-90)), ZoneInfo("Europe/Paris")]))
    | st.dates()
    | st.times()
    | st.timedeltas()
)
keys = (
    st.text(max_size=4)
    | st.sampled_from(["$tuple", "$$", "$", "$x", "\udc80"])
    | st.integers()
    | st.tuples(st.booleans())
)
anything = st.recursive(
    hashable | st.frozensets(hashable, max_size=4) | st.sets(hashable, max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(keys, inner, max_size=4)
        | st.dictionaries(st.sampled_from(["$tuple", "$$tuple", "$dict", "$nothing"]), inner, max_size=1)
    ),
    max_leaves=8,
)


def typed(value: Any) -> Any:
    """The value with every type spelled out, since ``1 == 1.0 == True``, and ``-0.0 == 0.0``."""
    if isinstance(value, dict):
        return dict, [(typed(key), typed(item)) for key, item in value.items()]
    if isinstance(value, set | frozenset):
        return type(value), sorted(str(typed(item)) for item in value)
    if isinstance(value, list | tuple):
        return type(value), [typed(item) for item in value]
    return type(value), repr(value)


@given(anything)
def test_every_value_comes_back_with_its_type(value):
    assert typed(load(dump(value))) == typed(value)


@given(st.sets(hashable, max_size=6))
def test_equal_sets_are_equal_bytes(value):
    turned = set()
    for item in sorted(value, key=repr):
        turned.add(item)
    assert dump(value) == dump(turned)


def test_plain_data_is_plain_json():
    value = {"a": [1, 2.5, "x", None, True], "b": {"c": -1}}
    assert orjson.loads(dump(value)) == value


@dataclass(frozen=True, slots=True)
class Line:
    sku: str
    count: int = 1


@dataclass
class Order:
    lines: list[Line]
    placed: datetime
    total: Decimal = field(init=False)

    def __post_init__(self) -> None:
        self.total = Decimal("1.50")


@dataclass
class Rush(Order):
    hours: int = 2


class Colour(enum.Enum):
    RED = (1, 2)


class Item(BaseModel):
    sku: str = Field(alias="itemSku")
    tags: set[str] = set()
    child: Item | None = None


ORDER = Order([Line("a"), Line("b", 2)], datetime(2026, 1, 2))
ITEM = Item(itemSku="a", tags={"x", "y"}, child=Item(itemSku="b"))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (ORDER, Order),
        ([ORDER], list[Order]),
        (None, Order | None),
        ({"k": ORDER}, dict[str, Order]),
        (Rush([], datetime(2026, 1, 2)), Order),
        (ITEM, Item),
        ([ITEM, ITEM], list[Item]),
        ({"k": ITEM}, dict[str, Item] | None),
        (Colour.RED, Colour),
    ],
)
def test_objects_are_rebuilt_from_the_classes_that_the_caller_names(value, kind):
    assert load(dump(value), kind) == value
    assert type(load(dump(value), kind)) is type(value)


def test_without_their_class_objects_are_plain_data():
    assert load(dump(ORDER)) == {
        "lines": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}],
        "placed": datetime(2026, 1, 2),
        "total": Decimal("1.50"),
    }
    assert load(dump(Colour.RED)) == (1, 2)
    assert load(dump(ITEM), Order)["sku"] == "a"


def test_a_class_that_changed_since_is_said_so():
    data = dump(ORDER).replace(b'"placed"', b'"ordered"')
    with pytest.raises(CassetteError, match="fields of Order changed"):
        load(data, Order)


def itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize("value", [object(), lambda: 1, itself(), {"a": {1: open}}, range(3), type("L", (list,), {})()])
def test_what_cannot_be_kept_says_so(value):
    with pytest.raises(Unkept):
        dump(value)


HOSTILE = [
    b"",
    b"{",
    b'{"$nothing":1}',
    b'{"$uuid":5}',
    b'{"$set":[[]]}',
    b'{"$dict":[[1]]}',
    b'{"$dict":5}',
    b'{"$object":["os.system"]}',
    b'{"$object":["os.system",5]}',
    b'{"$object":[[],{}]}',
    b'{"$datetime":["x",0,"../../etc/passwd"]}',
    b'{"$datetime":["2026-01-01T00:00:00",0,"../../etc/passwd"]}',
    b'{"$timedelta":[1e300]}',
    b'{"$timedelta":[9999999999999,0,0]}',
    b'{"$complex":[1]}',
    b'{"$bytes":"?"}',
    b'{"$int":"zz"}',
    b'{"$enum":[]}',
    b'{"$text":"/w=="}',
    b"[" * 1000 + b"]" * 1000,
    b'{"$tuple":' * 400 + b"1" + b"}" * 400,
]


@pytest.mark.parametrize("data", HOSTILE, ids=lambda data: repr(data[:30]))
def test_hostile_data_is_an_error_and_nothing_else(data):
    with pytest.raises(CassetteError):
        load(data, Order)


def test_a_class_named_by_the_file_alone_is_never_touched():
    assert load(b'{"$object":["os.system",{"command":"x"}]}') == {"command": "x"}
    assert load(b'{"$object":["builtins.dict",{"x":1}]}', dict) == {"x": 1}


def test_kinds_of_time():
    for value in (date(2026, 1, 2), time(1, 2, 3, fold=1), timedelta(-1, 5, 7), datetime(2026, 10, 25, 2, 30, fold=1)):
        assert load(dump(value)) == value
        assert getattr(load(dump(value)), "fold", 0) == getattr(value, "fold", 0)
    assert load(dump(UUID(int=5))) == UUID(int=5)
