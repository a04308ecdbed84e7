from __future__ import annotations

import sys
import sysconfig
import types

import pytest

from replay.taps import byname


class Function:  # kept in no module's namespace, or it would be replaced here too
    def real() -> None: ...

    def stand_in() -> None: ...


PAIRS = [(Function.real, Function.stand_in)]


@pytest.fixture
def module_at(monkeypatch):
    def made(path: str) -> types.ModuleType:
        module = types.ModuleType("some_module")
        module.__file__ = path
        monkeypatch.setitem(sys.modules, "some_module", module)
        return module

    yield made
    byname.put_back(PAIRS)


@pytest.fixture(params=["a library's", "the program's own"])
def module(request, module_at) -> types.ModuleType:
    return module_at(f"{sysconfig.get_path('purelib')}/some.py" if request.param == "a library's" else "/srv/some.py")


def exchanged(module: types.ModuleType) -> list[object]:
    """What the module knows while the function is replaced, and after."""
    byname.replace(PAIRS)
    known = [vars(module).get("kept")]
    byname.put_back(PAIRS)
    return [*known, vars(module).get("kept")]


def test_a_name_is_replaced_and_put_back_each_time(module):
    module.kept = Function.real
    assert [exchanged(module) for _ in range(3)] == [[Function.stand_in, Function.real]] * 3


def test_a_name_that_comes_between_two_times_is_replaced(module):
    assert exchanged(module) == [None, None]
    module.kept = Function.real
    assert exchanged(module) == [Function.stand_in, Function.real]


def test_a_name_that_comes_while_replaced_is_put_back(module):
    byname.replace(PAIRS)
    module.kept = Function.stand_in
    byname.put_back(PAIRS)
    assert module.kept is Function.real


def test_a_module_of_the_same_name_is_another(module, module_at):
    exchanged(module)
    other = module_at(module.__file__)
    del other.__spec__
    other.kept = Function.real
    assert len(vars(other)) == len(vars(module))
    assert exchanged(other) == [Function.stand_in, Function.real]


def test_in_the_programs_own_module_a_name_that_gets_another_value_is_replaced(module_at):
    module = module_at("/srv/some.py")
    module.kept = None
    assert exchanged(module) == [None, None]
    module.kept = Function.real
    assert exchanged(module) == [Function.stand_in, Function.real]


def test_not_every_fake_that_ever_stood_for_a_function_is_remembered(module):
    for _ in range(3 * byname.MOST):
        pairs = [(lambda: 1, lambda: 2)]
        byname.replace(pairs)
        byname.put_back(pairs)
    assert len(byname._barren) <= byname.MOST
    module.kept = Function.real
    assert exchanged(module) == [Function.stand_in, Function.real]
