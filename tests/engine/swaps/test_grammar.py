"""Swaps as they are written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import replay
from replay.engine.swaps.grammar import MAX_FILE, parse, parse_stored
from replay.engine.swaps.selector import Place, Selector
from replay.engine.swaps.swap import Swap
from replay.errors import UsageError


@pytest.mark.parametrize(
    ("text", "swap"),
    [
        ("model=gpt-5-mini", Swap("model", "", "gpt-5-mini")),
        ("model@3-=anthropic:c@http://h:1/x", Swap("model", "", "anthropic:c@http://h:1/x", Selector(first=3))),
        ("prompt:system=You = @ease", Swap("prompt", "system", "You = @ease")),
        ("prompt:/a=b@c/i=x=y", Swap("prompt", "/a=b@c/i", "x=y")),
        (r"prompt:/a\/b/@4-6=z", Swap("prompt", r"/a\/b/", "z", Selector(4, 6))),
        ("http:GET https://h/*?a=b={}", Swap("http", "GET https://h/*?a=b", "{}")),
        ('http:"GET https://h/x?a=b"@4=plain', Swap("http", "GET https://h/x?a=b", "plain", Selector(4, 4))),
        ('tool:look@span:pl*,4-={"x":1}', Swap("tool", "look", '{"x":1}', Selector(first=4, span="pl*"))),
        ("tool:look=shop.fakes:look", Swap("tool", "look", "shop.fakes:look")),
        ("response:14=hello", Swap("response", "", "hello", Selector(14, 14))),
        ("response@tool:look=1", Swap("response", "", "1", Selector(tool="look"))),
        ("param:reasoning.effort=low", Swap("param", "reasoning.effort", "low")),
        ("drop:user[0]", Swap("drop", "user[0]")),
        ("drop:tool@5", Swap("drop", "tool", "", Selector(5, 5))),
        ("tooldef:+search={}", Swap("tooldef", "+search", "{}")),
        ("insert:user[-1]=hi", Swap("insert", "user[-1]", "hi")),
        ("prompt:system=@@home", Swap("prompt", "system", "@home")),
    ],
)
def test_what_is_written_is_what_is_meant_and_can_be_written_again(text, swap):
    assert parse(text) == swap
    assert parse(str(swap)) == swap
    assert parse_stored(str(swap)) == swap


@pytest.mark.parametrize(
    "text",
    [
        "", "colour=1", "model", "model=", "model:x=y", "model@x=1", "response=1", "tool:=1", "tool:look=maybe",
        "http:GET=1", "prompt:sys tem=1", "prompt:/(/=1", "insert:=hi", "drop", "param:=1", "tooldef:look=[1]",
        "tool:look@0x1=1",
    ],
)  # fmt: skip
def test_what_makes_no_sense_comes_with_a_hint(text):
    with pytest.raises(UsageError) as told:
        parse(text)
    assert told.value.hint


@given(st.text(max_size=60))
def test_nothing_that_is_written_raises_anything_else(text):
    for kind in ("", "model", "prompt:", "http:", "tool:x", "response:"):
        parse_stored(kind + text)
        if not text.startswith("@") and "=@" not in text:
            try:
                parse(kind + text)
            except UsageError:
                continue


@given(value=st.text(max_size=80), name=st.sampled_from(["system", "user[1]", "/a b/"]))
def test_any_words_survive_being_kept_in_a_fork(value, name):
    swap = replay.swap.prompt(name, value, at="3-")
    assert parse_stored(str(swap)) == swap


def test_a_file_is_its_contents(tmp_path):
    (tmp_path / "prompt.md").write_text("Be brüf.\n@home")
    assert parse(f"prompt:system=@{tmp_path}/prompt.md").value == "Be brüf.\n@home"


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"x" * (MAX_FILE + 1)])
def test_a_file_that_is_none_is_told(tmp_path, content):
    if content is not None:
        (tmp_path / "prompt.md").write_bytes(content)
    with pytest.raises(UsageError, match=r"prompt\.md"):
        parse(f"prompt:system=@{tmp_path}/prompt.md")


def test_no_file_is_read_because_a_cassette_names_it(tmp_path):
    (tmp_path / "secret").write_text("the contents")
    assert parse_stored(f"prompt:system=@{tmp_path}/secret").value == f"@{tmp_path}/secret"


@pytest.mark.parametrize(
    ("where", "matches"),
    [
        ("", True), ("4", True), ("5", False), ("4-", True), ("5-", False), ("2-4", True), ("1-3", False),
        ("model:gpt*", True), ("model:claude*", False), ("tool:look", True), ("tool:lo", False), ("span:plan*", True),
        ("span:outer", True), ("span:other", False), ("4,model:gpt-5", True), ("4,model:gpt-4", False),
    ],
)  # fmt: skip
def test_where_a_swap_applies(where, matches):
    place = Place(4, "gpt-5", ("look", "find"), ("planner", "outer"))
    assert parse(f"model@{where}=x" if where else "model=x").where.matches(place) is matches


def test_python_and_the_command_line_mean_the_same():
    swap = replay.swap
    assert swap.model("m", at=3) == parse("model@3=m")
    assert swap.param("stop", ["a"]) == parse('param:stop=["a"]')
    assert swap.param("stop", None) == parse("param:stop=")
    assert swap.insert("user", "hi", before=-1) == parse("insert:user[-1]=hi")
    assert swap.tooldef("look", None) == parse("tooldef:look=")
    assert swap.tool("look", {"a": 1}).value == json.dumps({"a": 1}, separators=(",", ":"))
    assert swap.response(3, {"text": "x"}) == parse('response:3={"text":"x"}')
    assert swap.http("GET https://h/*", "https://other/") == parse("http:GET https://h/*=https://other/")
