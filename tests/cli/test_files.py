"""What can be done with a cassette's file: packed, repaired, signed, encrypted, shown by git."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from replay.cassette import Reader
from replay.cassette.file import File
from replay.cassette.frame import Frame
from replay.cassette.scan import walk
from tests.cassette.runs import HEADER, chat, write_event, write_run
from tests.cli import rig

EVENTS = [chat(id, turns=id + 2, tick=id * 10) for id in range(4)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "run.cassette"
    write_run(path, EVENTS)
    return path


def frames(path: Path) -> list[Frame]:
    return [frame for frame in walk(File(str(path))) if isinstance(frame, Frame)]


def test_a_packed_copy_is_read_by_every_command_and_unpacks_to_the_byte(run: Path):
    whole = run.read_bytes()
    shown = rig.replay("show", "run.cassette", cwd=run.parent).stdout
    assert rig.replay("pack", "run.cassette", cwd=run.parent).returncode == 0
    packed = run.with_name("run.cassette.zst")
    assert packed.stat().st_size < len(whole) / 2
    run.unlink()
    assert rig.replay("show", packed.name, "2", cwd=run.parent).returncode == 0
    assert rig.replay("show", packed.name, cwd=run.parent).stdout.splitlines()[1:] == shown.splitlines()[1:]
    rows = json.loads(rig.replay("ls", "--json", cwd=run.parent).stdout)["cassettes"]
    assert [row["steps"] for row in rows] == [4]
    assert rig.replay("verify", "--no-run", packed.name, cwd=run.parent).returncode == 0
    assert rig.replay("unpack", packed.name, cwd=run.parent).returncode == 0
    assert run.read_bytes() == whole
    again = rig.replay("unpack", packed.name, cwd=run.parent)
    assert again.returncode == 2
    assert "run.cassette exists" in again.stderr


def test_zstd_itself_unpacks_a_packed_cassette(run: Path):
    import zstandard

    rig.replay("pack", "run.cassette", cwd=run.parent)
    packed = run.with_name("run.cassette.zst").read_bytes()
    reader = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
    assert reader.read() == run.read_bytes()


def test_a_killed_run_is_sealed_by_repair_and_the_old_file_kept(run: Path):
    whole = run.read_bytes()
    cut = next(frame for frame in reversed(frames(run)) if frame.name == "parts").offset + 40
    run.write_bytes(whole[:cut])
    done = rig.replay("repair", "run.cassette", cwd=run.parent)
    assert done.returncode == 0, done.stderr
    assert "repaired run.cassette: 4 events" in done.stderr
    reader = Reader(str(run))
    assert reader.verify() == []
    assert list(reader.events)[:3] == EVENTS[:3]
    assert reader.event(3).answer is None
    assert [note.kind for note in reader.notes] == ["gap", "gap"]
    assert run.with_name("run.cassette.damaged").read_bytes() == whole[:cut]
    assert "is whole" in rig.replay("repair", "run.cassette", cwd=run.parent).stderr


def test_repair_says_what_is_lost_and_leaves_the_file_alone_with_o(run: Path):
    data = bytearray(run.read_bytes())
    victim = [frame for frame in frames(run) if frame.name == "issue"][1]
    data[victim.offset + 60] ^= 1
    run.write_bytes(data)
    done = rig.replay("repair", "run.cassette", "-o", "whole.cassette", cwd=run.parent)
    assert f"lost: frame 3 (issue) at byte {victim.offset}: the checksum is wrong" in done.stderr
    assert run.read_bytes() == data
    assert Reader(str(run.with_name("whole.cassette"))).verify() == []


def test_what_was_signed_verifies_until_a_byte_changes(run: Path):
    assert rig.replay("keygen", "audit.key", cwd=run.parent).returncode == 0
    assert (run.parent / "audit.key").stat().st_mode & 0o777 == 0o600
    signed = rig.replay("sign", "--sign-key", "audit.key", "run.cassette", cwd=run.parent)
    name = signed.stderr.split()[-1]
    assert name.startswith("ed25519:")
    for signer in ("audit.key.pub", name, "command:cat audit.key.pub"):
        verified = rig.replay("verify", "--no-run", "--signed-by", signer, "run.cassette", cwd=run.parent)
        assert verified.returncode == 0, verified.stderr
        assert f"signed by {name}" in verified.stdout
    assert list(Reader(str(run)).events) == EVENTS
    rig.replay("keygen", "other.key", cwd=run.parent)
    other = rig.replay("verify", "--no-run", "--signed-by", "other.key.pub", "run.cassette", cwd=run.parent)
    assert other.returncode == 3
    assert "not signed by that key" in other.stderr


def test_a_forger_who_mends_every_checksum_does_not_pass(run: Path):
    from replay.cassette.cipher import Cipher  # noqa: F401
    from replay.cassette.header import header_json
    from replay.cassette.rewrite import pieces_of, rewritten

    rig.replay("keygen", "audit.key", cwd=run.parent)
    rig.replay("sign", "--sign-key", "audit.key", "run.cassette", cwd=run.parent)
    signature = run.read_bytes()[-sum(frame.size for frame in File(str(run)).signatures) :]
    file = File(str(run))
    header = header_json(file).replace(b"agent.py", b"Agent.py")
    run.write_bytes(b"".join(rewritten(header, pieces_of(file))) + signature)
    assert list(Reader(str(run)).events) == EVENTS
    found = rig.replay("verify", "--no-run", "run.cassette", cwd=run.parent)
    assert found.returncode == 3
    assert "changed after it was made" in found.stderr


def test_an_encrypted_cassette_needs_its_key_and_an_auditor_does_not(run: Path):
    rig.replay("keygen", "--encrypt", "data.key", cwd=run.parent)
    key = {"REPLAY_KEY": "file:data.key"}
    assert "no key is named" in rig.replay("encrypt", "run.cassette", cwd=run.parent).stderr
    assert rig.replay("encrypt", "run.cassette", cwd=run.parent, **key).returncode == 0
    assert b"gpt" not in run.read_bytes()
    assert list(run.parent.glob("*.part-*")) == []
    without = rig.replay("show", "run.cassette", cwd=run.parent)
    assert without.returncode == 3
    assert "hint: REPLAY_KEY=file:PATH" in without.stderr
    assert rig.replay("show", "run.cassette", cwd=run.parent, **key).returncode == 0
    rig.replay("keygen", "audit.key", cwd=run.parent)
    assert rig.replay("sign", "--sign-key", "audit.key", "run.cassette", cwd=run.parent).returncode == 3
    rig.replay("sign", "--sign-key", "audit.key", "run.cassette", cwd=run.parent, **key)
    audit = rig.replay("verify", "--no-run", "--signed-by", "audit.key.pub", "run.cassette", cwd=run.parent)
    assert audit.returncode == 0
    assert "contents not read" in audit.stdout
    rig.replay("pack", "run.cassette", cwd=run.parent)
    assert rig.replay("show", "run.cassette.zst", cwd=run.parent, **key).returncode == 0
    plain = rig.replay("decrypt", "run.cassette", "-o", "plain.cassette", cwd=run.parent, **key)
    assert "signatures are gone" in plain.stderr
    reader = Reader(str(run.parent / "plain.cassette"))
    assert (reader.header, list(reader.events), reader.verify()) == (HEADER, EVENTS, [])


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, env=rig.environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_git_shows_what_changed_and_nothing_else(run: Path):
    folder = run.parent
    git(folder, "init", "-q")
    (folder / ".gitattributes").write_text("*.png binary")
    for _ in range(2):
        assert rig.replay("git-setup", cwd=folder).returncode == 0
    lines = (folder / ".gitattributes").read_text().splitlines()
    assert lines[0] == "*.png binary"
    assert len(lines) == len(set(lines)) == 3
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "one")
    later = [chat(id, turns=id + 2, tick=id * 17) for id in range(4)]
    write_run(run, later)
    assert git(folder, "status", "--short") != ""
    assert "@@" not in git(folder, "diff")
    from dataclasses import replace

    changed = replace(later[2].request, body=later[2].request.body.replace(b"message 3", b"another word"))
    write_run(run, [*later[:2], replace(later[2], request=changed), later[3]])
    shown = git(folder, "diff")
    assert "+another word word" in shown
    assert shown.count("\n+") < 8
    data = run.read_bytes()
    for broken in (data[:-200], data[:9], data[:400] + b"\xff" + data[401:], b""):
        run.write_bytes(broken)
        assert "diff --git" in git(folder, "diff")


def test_git_setup_outside_a_repository_says_so(tmp_path: Path):
    done = rig.replay("git-setup", cwd=tmp_path, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert done.returncode == 2
    assert "inside a git repository" in done.stderr


def test_stable_text_cannot_steer_a_terminal(tmp_path: Path):
    from dataclasses import replace

    from replay.cassette import Writer

    event = chat(0)
    event = replace(event, request=replace(event.request, body=b'{"x": "\\u001b]0;owned\\u0007 \\u202e"}'))
    writer = Writer.create(str(tmp_path / "a.cassette"), HEADER)
    writer.next_id()
    write_event(writer, event)
    writer.close()
    shown = rig.replay("show", "--stable", "a.cassette", cwd=tmp_path).stdout
    assert "owned" in shown
    assert not set(shown) & set("\x1b\x07\u202e")


def test_keys_come_from_a_file_a_variable_or_a_command(run: Path):
    rig.replay("keygen", "--encrypt", "data.key", cwd=run.parent)
    rig.replay("encrypt", "run.cassette", cwd=run.parent, REPLAY_KEY="data.key")
    text = (run.parent / "data.key").read_text().strip()
    for place in ("file:data.key", "data.key", "env:DATA", "command:cat data.key"):
        done = rig.replay("show", "run.cassette", cwd=run.parent, REPLAY_KEY=place, DATA=text)
        assert done.returncode == 0, done.stderr
    for place, why in (
        ("file:none", "No such file"),
        ("env:NONE", "NONE is not set"),
        ("command:false", "exit code 1"),
        (f"command:{shutil.which('echo')} short", "has 32 bytes"),
        ("command:", "no key could be read"),
    ):
        done = rig.replay("show", "run.cassette", cwd=run.parent, REPLAY_KEY=place)
        assert done.returncode == 3
        assert why in done.stderr, (place, done.stderr)


def test_without_the_library_it_is_named(run: Path):
    code = "import sys; sys.modules['cryptography'] = None; from replay.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "sign", "--sign-key", "x", "run.cassette"],
        cwd=run.parent, env=rig.environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "replay-debugger[crypto]" in done.stderr
