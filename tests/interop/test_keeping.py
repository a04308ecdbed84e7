"""An imported cassette is a cassette like any other, redacted before anything of it is written."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import httpx
import pytest

import replay
from replay.canon.rules import Rules
from replay.errors import CassetteError
from replay.events import Note
from tests.interop.making import URL, kept, record, vcr_text
from tests.tui import stage

KEY = "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0" * 2


def secretive(secret=KEY):
    return record(
        json.dumps({"echo": secret}),
        method="POST",
        uri=f"{URL}?key={secret}",
        body=json.dumps({"token": secret}),
        asked={"Authorization": [f"Bearer {secret}"], "Content-Type": ["application/json"]},
        headers={
            "Set-Cookie": [f"session={secret}"],
            "X-Own": ["what nobody knows"],
            "Content-Type": ["application/json"],
        },
    )


def test_no_secret_reaches_the_disk_and_each_place_is_counted(tmp_path):
    left = {"kind": "message", "data": {"api_key": KEY}, "url": f"wss://h/?key={KEY}"}
    beside = {**secretive(), "recorded_at": "today", "note": f"Bearer {KEY}"}
    made = kept(tmp_path, vcr_text(beside, left, comment=KEY))
    assert KEY.encode() not in (tmp_path / "made.cassette").read_bytes()
    wanted = {"request header authorization", "response header set-cookie", "response header x-own"}
    assert wanted <= made.redacted.keys()
    assert any(name.startswith("request body, ") for name in made.redacted)
    assert any(name.startswith("request address, ") for name in made.redacted)
    assert any(name.startswith("response body, ") for name in made.redacted)


def test_what_was_redacted_still_matches_what_the_program_asks(tmp_path):
    kept(tmp_path, vcr_text(secretive()))
    with replay.play(tmp_path / "made.cassette") as run:
        answer = httpx.post(f"{URL}?key={KEY}", json={"token": KEY})
    assert answer.json() == {"echo": KEY}
    assert run.result.identical


def test_verbatim_keeps_everything_and_matches_all_the_same(tmp_path):
    made = kept(tmp_path, vcr_text(secretive()), verbatim=True)
    assert not made.redacted
    (event,) = replay.open(made.path).events
    assert dict(event.answer.head.headers)["Set-Cookie"] == f"session={KEY}"
    with replay.play(made.path) as run:
        assert httpx.post(f"{URL}?key={KEY}", json={"token": KEY}).headers["x-own"] == "what nobody knows"
    assert run.result.identical
    assert replay.open(made.path).header.tags["redaction"] == "none"


def test_rules_and_variables_say_what_else_is_secret(tmp_path):
    text = vcr_text(record("own-1234567 and a-quite-long-value"))
    kept(tmp_path, text, environ={"APP_TOKEN": "a-quite-long-value"}, rules=Rules(patterns=(("own", "own-1234567"),)))
    (event,) = replay.open(tmp_path / "made.cassette").events
    assert event.answer.body == b"<secret:own:1> and <secret:env-app-token:1>"


def test_hosts_whose_shape_alone_is_stored_are_kept_so(tmp_path):
    kept(tmp_path, vcr_text(record('{"a": "secret word"}')), rules=Rules(store=(("api.example.com", "shape"),)))
    assert b"secret word" not in (tmp_path / "made.cassette").read_bytes()


def test_the_file_is_the_owners_and_knows_where_it_comes_from(tmp_path):
    made = kept(tmp_path, vcr_text(record(headers={"Date": ["Fri, 15 Aug 2025 17:56:15 GMT"]}), {"kind": "message"}))
    assert stat.S_IMODE((tmp_path / "made.cassette").stat().st_mode) == 0o600
    cassette = replay.open(made.path)
    assert cassette.verify() == []
    assert cassette.header.created == 1_755_280_575_000_000_000
    assert cassette.header.tags == {"imported": "foreign.yaml"}
    assert [note.kind for note in cassette.notes] == ["imported", "unimported"]
    assert cassette.notes[1] == Note(
        "unimported",
        {"place": 1, "reason": "an event of a WebSocket without its address", "record": {"kind": "message"}},
    )


def test_a_place_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path):
    (tmp_path / "made.cassette").mkdir()
    with pytest.raises((CassetteError, OSError)):
        kept(tmp_path, vcr_text(record()))
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["foreign.yaml"]


async def test_it_opens_in_the_terminal_ui_beside_another(tmp_path):
    first = kept(tmp_path, vcr_text(record("a"), {"kind": "message"}, record("b", uri=f"{URL}/2"))).path
    Path(first).rename(tmp_path / "first.cassette")
    kept(tmp_path, vcr_text(record("a"), record("c", uri=f"{URL}/2")))
    runs = [replay.open(tmp_path / name) for name in ("first.cassette", "made.cassette")]
    async with stage.on_stage(*runs) as (app, _):
        assert "api.example.com" in stage.shown(app)
    assert [row.mark for row in replay.diff(*runs).rows] == ["=", "≠"]
