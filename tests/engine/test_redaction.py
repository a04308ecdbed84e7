"""A user's own rules: in pyproject.toml, from the caller, by a function; and how much is kept by host."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

import replay
from replay.errors import DivergenceError, UsageError
from replay.events import Event
from tests.secrets.searching import everything
from tests.taps.server import answer, chunk, head, serving

JSON = "Content-Type: application/json"
PATIENT = {"name": "Ada Lovelace", "visits": [3, 4], "ok": True, "note": None}


def recorded(path: Path, body: object, said: object, **options: object) -> tuple[str, list[Event]]:
    with serving() as server:
        server.on("/patients/4711-0815?name=Ada", answer(json.dumps(said).encode(), JSON))
        with replay.record(path, **options):
            httpx.post(f"{server.url}/patients/4711-0815?name=Ada", json=body)
    return server.url, list(replay.open(path).events)


def bodies(event: Event) -> tuple[object, object]:
    return json.loads(event.request.body), json.loads(event.answer.body)


def test_a_projects_rules_add_to_the_built_in_ones(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.replay.redact]\nfields = ["iban"]\nheaders = ["user-agent"]\nvariables = ["MY_PIN"]\n'
        '[tool.replay.redact.patterns]\nemployee = "EMP-[0-9]{6}"\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MY_PIN", "grapefruit-42")
    body = {"iban": "DE00 1234", "who": "EMP-123456", "pin": "grapefruit-42", "password": "tr0ub4dor"}
    _, (event,) = recorded(tmp_path / "run.cassette", body, {"iban": 12})
    assert bodies(event) == (
        {
            "iban": "<secret:iban:1>",
            "who": "<secret:employee:1>",
            "pin": "<secret:env-my-pin:1>",
            "password": "<secret:password:1>",
        },
        {"iban": 12},
    )
    assert event.request.header("user-agent").startswith("<secret:")


def test_a_caller_gives_rules_or_a_function_that_finds_secrets(tmp_path):
    def capitals(text: str) -> list[str]:
        return [word for word in text.replace('"', " ").split() if word.isupper() and len(word) > 3]

    _, (event,) = recorded(tmp_path / "a.cassette", {"say": "the word is MELLON"}, ["MELLON", 7], redact=capitals)
    assert bodies(event) == ({"say": "the word is <secret:found:1>"}, ["<secret:found:1>", 7])
    _, (event,) = recorded(tmp_path / "b.cassette", {"word": "mellon!"}, [], redact={"fields": ["word"]})
    assert bodies(event)[0] == {"word": "<secret:word:1>"}


def test_a_replay_redacts_by_the_rules_of_its_recording(tmp_path):
    url, _ = recorded(tmp_path / "run.cassette", {"word": "mellon!"}, ["ok"], redact={"fields": ["word"]})
    with replay.play(tmp_path / "run.cassette") as run:
        assert httpx.post(f"{url}/patients/4711-0815?name=Ada", json={"word": "mellon!"}).json() == ["ok"]
    assert run.result.identical


@pytest.mark.parametrize(
    ("redact", "store", "named"),
    [
        ({"field": ["a"]}, None, "redact.field"),
        ({"fields": "a"}, None, "redact.fields"),
        ({"patterns": {"x": "("}}, None, "redact.patterns.x"),
        ({"patterns": {"x": "a*"}}, None, "redact.patterns.x"),
        ({"patterns": {"X Y": "a"}}, None, "redact.patterns.X Y"),
        ({"function": "no function"}, None, "redact.function"),
        ({"function": "nowhere:nothing"}, None, "nowhere:nothing"),
        ({"function": "json:nothing"}, None, "json:nothing"),
        (None, {"h": "some"}, "store.h"),
    ],
)
def test_a_rule_that_makes_no_sense_is_named(redact, store, named, tmp_path):
    with pytest.raises(UsageError) as caught, replay.record(tmp_path / "run.cassette", redact=redact, store=store):
        pass
    assert named in caught.value.message
    assert caught.value.hint


def test_of_a_host_the_shape_alone_is_kept(tmp_path):
    path = tmp_path / "run.cassette"
    url, (event,) = recorded(path, PATIENT, {"found": [PATIENT]}, store={"127.0.0.*": "shape"})
    shape = {"name": "<text:12>", "visits": [0, 0], "ok": False, "note": None}
    assert bodies(event) == (shape, {"found": [shape]})
    assert event.request.target == f"{url}/patients/<text:9>?name=<text:3>"
    assert event.answer.head.status == 200
    assert not [value for value in (b"Ada", b"Lovelace", b"4711-0815") if value in everything(path)]


def test_of_a_host_nothing_is_kept(tmp_path):
    path = tmp_path / "run.cassette"
    url, (event,) = recorded(path, PATIENT, PATIENT, store={"127.0.0.1": "none"})
    assert (event.request.target, event.request.body, event.request.headers) == (f"{url}/", b"", ())
    assert (event.answer.head.status, event.answer.body) == (200, b"")
    assert not [value for value in (b"Ada", b"patients", b"visits") if value in everything(path)]


@pytest.mark.parametrize("how", ["shape", "none"])
def test_what_was_not_kept_is_not_served(how, tmp_path):
    url, _ = recorded(tmp_path / "run.cassette", PATIENT, PATIENT, store={"127.0.0.1": how})
    with pytest.raises(DivergenceError) as caught, replay.play(tmp_path / "run.cassette"):
        httpx.post(f"{url}/patients/4711-0815?name=Ada", json=PATIENT)
    assert f'(store = "{how}")' in str(caught.value)


def test_the_shape_of_a_stream_is_that_of_its_events(tmp_path):
    path = tmp_path / "run.cassette"
    pieces = [b'data: {"delta": "Ada"}\n\n', b"data: [DONE]\n\n"]
    with serving() as server, replay.record(path, store={"*": "shape"}):
        server.on(
            "/s",
            head("Content-Type: text/event-stream", "Transfer-Encoding: chunked"),
            *map(chunk, pieces),
            b"0\r\n\r\n",
        )
        assert httpx.get(f"{server.url}/s").text == b"".join(pieces).decode()
    (event,) = replay.open(path).events
    assert event.answer.body == b'data: {"delta":"<text:3>"}'


def test_other_hosts_are_kept_in_full(tmp_path):
    _, (event,) = recorded(tmp_path / "run.cassette", PATIENT, PATIENT, store={"example.com": "none"})
    assert bodies(event) == (PATIENT, PATIENT)
