from __future__ import annotations

import json
import subprocess
import sys

import pytest

from replay.cli import main
from replay.cli.main import VERBS
from tests.cli import rig


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_each_verb_starts_with_two_examples(verb, tmp_path):
    lines = [line.strip() for line in rig.replay(verb, "--help", cwd=tmp_path).stdout.splitlines()]
    at = lines.index("Examples:")
    assert at == 2
    assert all(f"replay {verb}" in line for line in lines[at + 1 : at + 3])


def test_the_list_of_verbs_loads_no_engine(tmp_path):
    loaded = "import sys; from replay.cli.main import main\ntry: main(['--help'])\nfinally: print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loaded], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    for heavy in ("replay.cassette", "replay.engine.session", "deepdiff", "textual", "rich", "msgpack"):
        assert f"'{heavy}'" not in done.stdout


def test_a_wrong_option_is_told_in_our_manner(tmp_path):
    done = rig.replay("play", "--no-such", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith("replay: error: No such option")
    assert done.stderr.splitlines()[-1] == "hint: replay play --help"


def test_a_bug_of_ours_is_reported_without_a_value(monkeypatch, capsys):
    def broken(*args, **options):
        secret = "sk-secret"
        raise RuntimeError(secret)

    monkeypatch.setattr(main.group, "main", broken)
    with pytest.raises(SystemExit) as ended:
        main.main([])
    assert ended.value.code == 70
    said = capsys.readouterr().err
    assert "sk-secret" not in said
    path = said.splitlines()[-1].removeprefix("hint: send us ")
    with open(path, encoding="utf-8") as file:
        report = file.read()
    assert "builtins.RuntimeError" in report
    assert "test_main.py" in report
    assert "sk-secret" not in report


def test_doctor_says_which_setting_won_and_what_is_tapped(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.replay]\nsort = "size"\nexit-code = "program"\nodd = 1\n')
    done = rig.replay("doctor", "--json", cwd=tmp_path, REPLAY_SORT="cost")
    data = json.loads(done.stdout)
    assert data["schema"] == "replay.doctor/1"
    won = {setting["name"]: (setting["value"], setting["from"]) for setting in data["settings"]}
    assert won["sort"] == ("cost", "REPLAY_SORT")
    assert won["exit-code"] == ("program", str(tmp_path / "pyproject.toml"))
    assert won["on-divergence"] == ("raise", "default")
    assert data["unknown_keys"] == ["odd"]
    taps = {library["name"]: library["tap"] for library in data["libraries"]}
    assert taps["httpx"] == "replay.taps.httpx"
    assert taps["websockets.sync.client"] == "replay.taps.websockets_sync"
    assert taps["websockets.legacy.client"] is None
    assert data["interpreters"][0]["recordable"] is True


def test_doctor_prints_the_same_for_people(tmp_path):
    done = rig.replay("doctor", cwd=tmp_path)
    assert "can be recorded" in done.stdout
    assert "replay.taps.httpx" in done.stdout


@pytest.mark.parametrize(
    ("words", "environ", "coloured"),
    [
        (["--color", "always"], {}, True),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ([], {}, False),
    ],
)
def test_colour_is_as_asked(words, environ, coloured, tmp_path):
    done = rig.replay("ls", *words, cwd=tmp_path, **environ)
    assert ("\x1b[" in done.stderr) == coloured
