import sys
import types
from decimal import Decimal

import pytest

from replay.cassette.writer import Writer
from replay.dialects.cassette import Cassette, open_cassette
from replay.dialects.model import Usage
from replay.errors import CassetteError
from replay.events import Header, Note
from tests.dialects.exchanges import CHAT, answer, chat, chat_call, event, post, result, tool
from tests.dialects.formats import SAMPLES

ASK = {"role": "user", "content": "go"}
CALL = chat_call(("c1", "lookup", {}))


class InMemory:
    """The file's part of a cassette, without a file."""

    def __init__(self, events=(), notes=()):
        self.header = Header(run="r", created=1_750_000_000 * 10**9)
        self.events, self.notes, self.cut = list(events), list(notes), "cut short after event 3"

    def event(self, id):
        return self.events[id]

    def verify(self):
        return ["seal missing"]


def billed(id, model="gpt-5-mini", usage=(1000, 100), url=CHAT, **rest):
    told = {"prompt_tokens": usage[0], "completion_tokens": usage[1]} if usage else None
    reply = answer({"model": model, "choices": [{"message": {"content": "ok"}}], "usage": told}, **rest)
    return event(id, post(url, {"model": model, "messages": [ASK]}), reply)


def opened(*events, notes=()):
    return Cassette("runs/fix.cassette", InMemory(events, notes))


@pytest.fixture
def prices(monkeypatch):
    """The price package's interface with one known model of one provider at one known address."""

    class Snapshot:
        def find_provider(self, model, provider, url):
            if "api.openai.com" in url:
                return types.SimpleNamespace(id="openai")
            if "other.example" in url:
                return types.SimpleNamespace(id="other")
            raise LookupError(url)

    def calc_price(usage, model, *, provider_id, genai_request_timestamp):
        if (provider_id, model) != ("openai", "gpt-5-mini"):
            raise LookupError(model)
        assert genai_request_timestamp.year == 2025
        tokens = usage.input_tokens - usage.cache_read_tokens + 10 * usage.output_tokens
        return types.SimpleNamespace(total_price=Decimal(tokens) / 1_000_000)

    package = types.SimpleNamespace(
        Usage=lambda **counts: types.SimpleNamespace(**counts),
        calc_price=calc_price,
        data_snapshot=types.SimpleNamespace(get_snapshot=Snapshot),
    )
    monkeypatch.setitem(sys.modules, "genai_prices", package)


def test_the_file_is_handed_through():
    cassette = opened(tool(0, "a", {}, 1))
    assert cassette.path.name == "fix.cassette"
    assert cassette.header.run == "r"
    assert cassette.event(0) is cassette.events[0]
    assert cassette.cut == "cut short after event 3"
    assert cassette.verify() == ["seal missing"]


def test_tools_are_named_in_order_with_the_inferred_ones():
    second = chat(1, [ASK, CALL, result("c1", "x")], chat_call(text="done"))
    cassette = opened(chat(0, [ASK], CALL), second, tool(2, "refund", {}, 1))
    assert cassette.tools == ["lookup", "refund"]
    assert cassette.steps is cassette.steps


def test_usage_is_the_sum_of_all_llm_calls():
    assert opened(billed(0), billed(1, usage=(5, 6)), billed(2, usage=None)).usage == Usage(1005, 106)


def test_output_is_the_last_one_noted():
    notes = [Note("output", 1), Note("gap", "x"), Note("output", {"a": 2})]
    assert opened(notes=notes).output == {"a": 2}
    assert opened().output is None


def test_cost_is_the_list_price_of_all_calls(prices):
    assert opened(billed(0), billed(1), tool(2, "a", {}, 1)).cost == pytest.approx(0.004)


def test_cost_behind_an_unknown_host_is_that_of_the_wire_formats_provider(prices):
    assert opened(billed(0, url="http://127.0.0.1:1/v1/chat/completions")).cost == pytest.approx(0.002)


def test_a_failed_call_without_usage_costs_nothing(prices):
    assert opened(billed(0), billed(1, usage=None, status=500)).cost == pytest.approx(0.002)


@pytest.mark.parametrize(
    "unsure",
    [
        billed(1, model="llama-at-home"),
        billed(1, usage=None),
        billed(1, url="https://other.example/v1/chat/completions"),
    ],
)
def test_cost_is_none_when_one_call_is_not_certain(prices, unsure):
    assert opened(billed(0), unsure).cost is None


def test_a_model_that_answers_under_an_unknown_name_costs_what_the_one_that_was_asked_costs(prices):
    reply = {"model": "gpt-5-mini-48k", "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}
    asked = post(CHAT, {"model": "gpt-5-mini", "messages": [ASK]})
    assert opened(event(0, asked, answer(reply))).cost == pytest.approx(0.002)


def test_calls_to_bedrock_and_embeddings_have_the_prices_of_the_package():
    converse = SAMPLES["converse"]
    url = (
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-3-7-sonnet-20250219-v1%3A0/converse"
    )
    said = {"data": [{"embedding": [0.5]}], "usage": {"prompt_tokens": 1000, "total_tokens": 1000}}
    vectors = post("https://api.openai.com/v1/embeddings", {"model": "text-embedding-3-small", "input": "x"})
    for each in (event(0, post(url, converse.asked), answer(converse.plain)), event(0, vectors, answer(said))):
        assert opened(each).cost > 0


def test_cost_is_none_without_the_price_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    assert opened(billed(0)).cost is None


def written(path, *events):
    """A real file that holds ``events``."""
    writer = Writer.create(str(path), Header(run="r", created=1))
    for each in events:
        writer.issue(each)
        for part in (each.answer.head, *each.answer.chunks, each.answer.end):
            writer.parts(each.id, [part], each.answer.end_at, 0)
    writer.note(Note("output", {"order": "sent"}))
    writer.close()


def test_a_file_on_disk_opens_and_tells_its_steps(tmp_path):
    second = chat(1, [ASK, CALL, result("c1", "x")], chat_call(text="done"))
    written(tmp_path / "a.cassette", chat(0, [ASK], CALL), second)
    cassette = open_cassette(tmp_path / "a.cassette")
    assert [step.name for step in cassette.steps] == ["lookup", "lookup", "answer"]
    assert (cassette.tools, cassette.output, cassette.verify(), cassette.cut) == (
        ["lookup"],
        {"order": "sent"},
        [],
        None,
    )


def test_a_path_without_a_cassette_is_an_error(tmp_path):
    with pytest.raises(CassetteError):
        open_cassette(tmp_path / "none.cassette")
