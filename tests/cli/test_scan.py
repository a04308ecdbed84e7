"""``replay scan``: a gate for CI."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from tests.cli import rig
from tests.secrets.planting import KINDS, Seeds

KEY = "sk-" + "proj-" + "aB3d" * 9


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.json", '{"a": 1}\n{"password": "tr0ub4dor"}', "line 2: password"),
        ("a.md", f"# A run\n\nuse `{KEY}`", "line 3: openai-key"),
        ("a.py", 'import os\n\nTOKEN = os.environ["A"]\napi_key = "' + "q1w2e3r4t5" + '"', "line 4: api-key"),
        ("a.html", "<p>{&quot;a&quot;:\n 1, &quot;api_key&quot;: &quot;q1w2e3r4t5&quot;}", "line 2: api-key"),
        ("a.log", f"-----BEGIN {'PRIVATE'} KEY-----\n{'Ab3d' * 16}\n-----END {'PRIVATE'} KEY-----", "private-key"),
        ("a.txt", f"GET https://h/?key=1&sig={'aB3d' * 9} HTTP/1.1", "line 1: sig"),
    ],
)  # fmt: skip
def test_a_secret_is_told_with_its_place_and_kind_and_without_its_value(name, content, found, tmp_path):
    (tmp_path / name).write_text(content)
    done = rig.replay("scan", name, cwd=tmp_path)
    assert done.returncode == 5
    assert f"{name}: " in done.stdout
    assert found in done.stdout
    assert not [value for value in (KEY, "tr0ub4dor", "q1w2e3r4t5", "aB3d" * 9) if value in done.stdout + done.stderr]


@pytest.mark.parametrize("kind", KINDS, ids=lambda make: make(Seeds(1)).kind)
def test_every_kind_of_secret_is_found_in_plain_text(kind, tmp_path):
    from replay.canon.rules import Rules
    from replay.cli.scanned import Scanner

    (tmp_path / "a.txt").write_text(f"first\nuse {kind(Seeds(3)).text} now\nlast\n")
    assert list(Scanner({}, Rules()).scan(tmp_path / "a.txt"))


def test_text_and_code_without_a_secret_pass(tmp_path):
    (tmp_path / "agent.py").write_text('password = getpass()\nclient = OpenAI(api_key=os.environ["OPENAI_API_KEY"])\n')
    (tmp_path / "notes.md").write_text("The password: ask for it. Set `API_KEY=<your key>`; a token is a token.\n")
    done = rig.replay("scan", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "replay: no secret in 2 files\n"


def test_a_cassette_is_looked_into(recorded):
    assert rig.replay("scan", "run.cassette", cwd=recorded.folder).returncode == 0
    done = rig.replay("scan", "run.cassette", cwd=recorded.folder, MY_SECRET="number 2 hello")
    assert done.returncode == 0
    done = rig.replay("scan", "run.cassette", cwd=recorded.folder, MY_SECRET="hello there")
    assert done.returncode == 5
    assert done.stdout.splitlines()[0] == "run.cassette: step 1, request body: env-my-secret"


def test_a_packed_file_and_a_directory_are_looked_into(recorded):
    with gzip.open(recorded.folder / "log.gz", "wt") as file:
        file.write(f"x\n{KEY}\n")
    shutil.rmtree(recorded.folder / "__pycache__", ignore_errors=True)
    done = rig.replay("scan", "--json", ".", cwd=recorded.folder)
    assert done.returncode == 5
    said = json.loads(done.stdout)
    assert said["schema"] == "replay.scan/1"
    assert said["found"] == [{"file": "log.gz", "place": "line 2", "kind": "openai-key"}]


def test_a_cassette_that_cannot_be_read_is_no_pass(tmp_path):
    (tmp_path / "run.cassette").write_bytes(b"nonsense")
    assert rig.replay("scan", "run.cassette", cwd=tmp_path).returncode == 3
    assert rig.replay("scan", "nowhere", cwd=tmp_path).returncode == 2


def test_a_projects_own_rules_hold(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text('[tool.replay.redact.patterns]\nemployee = "EMP-[0-9]{6}"\n')
    (tmp_path / "a.txt").write_text("ask EMP-123456 about it")
    done = rig.replay("scan", "a.txt", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (5, "a.txt: line 1: employee\n")
