"""One program that reads its world in many ways, recorded once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from replay.cassette import Reader
from tests.cli import rig

PROGRAM = """
import asyncio, gzip, json, mimetypes, os, pathlib, subprocess, sys
import httpx, own

def text(path):
    with open(path, encoding="latin-1") as file:
        return file.read()

text("prompt.md")
pathlib.Path("folder", "data.bin").read_bytes()
gzip.open("packed.gz").read()
os.close(os.open("low.txt", os.O_RDONLY))
asyncio.run(asyncio.to_thread(pathlib.Path("threaded.txt").read_text))
text("/etc/hosts")
pathlib.Path("made.txt").write_text("made by the run")
text("made.txt")
text("run.cassette") if pathlib.Path("run.cassette").exists() else None
text(own.__file__)
text("/proc/self/status")
mimetypes.init(["types.txt"])
with open("large.bin", "rb") as file:
    pass
try:
    text("missing.txt")
except FileNotFoundError:
    pass

copy = {**os.environ, "COPIED": "1"}
{**dict(os.environ), **os.environ.copy()}
[name for name, value in os.environ.items() if value == "none"]
os.environ["MODE"], os.environ.get("TONE"), os.getenv("UNSET"), "PRESENT" in os.environ, os.environ["SHOP_API_KEY"]
os.path.expanduser("~/x")
subprocess.run(["true"])

with httpx.Client() as client:
    client.post("http://127.0.0.1:$port/ask", json={"q": 1})
"""

WORDS = {"MODE": "the mode word", "TONE": "the tone word", "PRESENT": "", "SHOP_API_KEY": "not-a-key-but-secret"}
CONTENTS = {
    "prompt.md": "the prompt word",
    "folder/data.bin": "data",
    "low.txt": "low",
    "threaded.txt": "threaded",
    "own.py": "",
    "types.txt": "",
}


@pytest.fixture(scope="module")
def recording(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "here"
    (folder / "folder").mkdir(parents=True)
    for name, content in CONTENTS.items():
        (folder / name).write_text(content)
    (folder / "packed.gz").write_bytes(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0")
    with open(folder / "large.bin", "wb") as file:
        file.truncate(11 * 2**20)
    with rig.server() as port:
        (folder / "agent.py").write_text(PROGRAM.replace("$port", str(port)))
        done = rig.replay("record", "-o", "run.cassette", "--", "python", "agent.py", cwd=folder, **WORDS)
    assert done.returncode == 0, done.stderr
    return folder


def inputs(recording: Path) -> list[dict]:
    return [note.data for note in Reader(str(recording / "run.cassette")).notes if note.kind == "input"]


def test_the_files_that_the_program_itself_reads_are_noted(recording):
    files = {data["file"]: data for data in inputs(recording) if "file" in data}
    assert sorted(files) == [
        "folder/data.bin",
        "hosts",
        "large.bin",
        "low.txt",
        "packed.gz",
        "prompt.md",
        "threaded.txt",
    ]
    assert files["prompt.md"]["size"] == len("the prompt word")
    assert sorted(files["prompt.md"]) == ["digest", "file", "key", "size"]
    assert files["large.bin"] == {"file": "large.bin", "size": 11 * 2**20}


def test_the_variables_that_the_program_itself_reads_are_noted_and_not_those_it_copies(recording):
    variables = {data["variable"]: data for data in inputs(recording) if "variable" in data}
    assert sorted(variables) == ["MODE", "PRESENT", "SHOP_API_KEY", "TONE", "UNSET"]
    assert variables["UNSET"] == {"variable": "UNSET", "set": False}
    assert sorted(variables["MODE"]) == ["digest", "key", "set", "variable"]


def test_of_a_secret_only_its_presence_is_kept(recording):
    assert {"variable": "SHOP_API_KEY", "set": True} in inputs(recording)


def test_no_content_and_no_place_of_this_machine_is_in_the_notes(recording):
    whole = (recording / "run.cassette").read_bytes() + repr(inputs(recording)).encode()
    for word in ("the mode word", "the tone word", "the prompt word", WORDS["SHOP_API_KEY"], str(recording.parent)):
        assert word.encode() not in whole


def play(recording: Path, folder: Path, edit: dict[str, str] | None = None, **variables: str) -> str:
    """What a replay in a copy, with these files and variables changed, says before its verdict."""
    shutil.copytree(recording, folder)
    for name, content in (edit or {}).items():
        (folder / name).write_text(content)
    done = rig.replay("play", "run.cassette", cwd=folder, **{**WORDS, **variables})
    lines = done.stderr.splitlines()
    assert lines[-1] == "replay: identical: 2 served, 0 live", done.stderr
    return "\n".join(line for line in lines[:-1] if "runs:" not in line)


def test_nothing_is_said_when_nothing_changed(recording, tmp_path):
    assert play(recording, tmp_path / "copy") == ""


def test_what_changed_is_said_of_an_identical_replay_too(recording, tmp_path):
    said = play(recording, tmp_path / "copy", {"prompt.md": "the prompt wort", "large.bin": "small"}, TONE="loud")
    assert said == "replay: prompt.md, large.bin and the variable TONE changed since the recording"


def test_a_key_that_is_not_needed_is_not_missed(recording, tmp_path):
    said = play(recording, tmp_path / "copy", SHOP_API_KEY="another")
    assert said == ""


def test_under_another_users_key_only_what_is_certain_is_said(recording, tmp_path):
    edit = {"prompt.md": "the prompt wort", "low.txt": "longer"}
    said = play(recording, tmp_path / "copy", edit, XDG_CONFIG_HOME=str(tmp_path / "another user"))
    assert said == "replay: low.txt changed since the recording"


def test_without_a_key_there_are_no_digests(recording, tmp_path):
    (tmp_path / "no directory").write_text("")
    said = play(recording, tmp_path / "copy", {"low.txt": "longer"}, XDG_CONFIG_HOME=str(tmp_path / "no directory"))
    assert said == "replay: low.txt changed since the recording"
