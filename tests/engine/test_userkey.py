from __future__ import annotations

import stat

import pytest

from replay.engine import userkey


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    userkey._key.cache_clear()
    yield tmp_path
    userkey._key.cache_clear()


def test_the_key_is_made_at_first_use_for_its_owner_alone(home):
    first = userkey.digest(b"content")
    key = home / "config" / "replay" / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [file.name for file in key.parent.iterdir()] == ["key"]
    userkey._key.cache_clear()
    assert userkey.digest(b"content") == first
    assert userkey.digest(b"other")["digest"] != first["digest"]


def test_another_key_gives_other_digests_and_says_so(home):
    first = userkey.digest(b"content")
    (home / "config" / "replay" / "key").unlink()
    userkey._key.cache_clear()
    second = userkey.digest(b"content")
    assert (first["key"], first["digest"]) != (second["key"], second["digest"])
    assert first["key"] != second["key"]


def test_a_file_that_is_no_key_is_left_alone(home):
    place = home / "config" / "replay"
    place.mkdir(parents=True)
    (place / "key").write_text("mine")
    assert userkey.digest(b"content") == {}
    assert (place / "key").read_text() == "mine"


def test_a_relative_directory_is_not_heard(home, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "config")
    monkeypatch.setenv("HOME", str(home))
    userkey.digest(b"content")
    assert (home / ".config" / "replay" / "key").exists()
