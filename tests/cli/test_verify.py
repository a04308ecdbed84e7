from __future__ import annotations

import json
from xml.etree import ElementTree

from tests.cli import rig


def test_an_unchanged_program_verifies_without_its_output(recorded):
    done = rig.replay("verify", "run.cassette", "--junit", "out.xml", cwd=recorded.folder)
    assert done.returncode == 0
    assert done.stdout == "= run.cassette  identical: 3 served, 0 live\n"
    assert done.stderr == ""
    suite = ElementTree.parse(recorded.folder / "out.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "0", "0")


def test_a_changed_program_is_a_failure_with_its_cause(recorded):
    agent = recorded.folder / "agent.py"
    agent.write_text(agent.read_text().replace("hello", "hallo"))
    done = rig.replay("verify", "run.cassette", "--json", "--junit", "out.xml", cwd=recorded.folder)
    assert done.returncode == 4
    data = json.loads(done.stdout)
    assert data["schema"] == "replay.verify/1"
    (verdict,) = data["verdicts"]
    assert (verdict["cassette"], verdict["code"], verdict["verdict"]) == ("run.cassette", 4, "diverged")
    assert "differs in request.messages[0].content" in verdict["details"][1]
    (failure,) = ElementTree.parse(recorded.folder / "out.xml").getroot().iter("failure")
    assert "step 1 is not in the cassette" in failure.get("message")


def test_one_flipped_byte_is_damage_and_the_others_are_still_checked(recorded):
    data = bytearray(recorded.cassette.read_bytes())
    data[len(data) // 2] ^= 1
    (recorded.folder / "damaged.cassette").write_bytes(data)
    done = rig.replay("verify", "damaged.cassette", "run.cassette", cwd=recorded.folder)
    assert done.returncode == 3
    assert [line.split("  ")[1].split(":")[0] for line in done.stdout.splitlines()] == ["damaged", "identical"]


def test_what_cannot_be_run_is_an_error_and_no_pass(recorded):
    (recorded.folder / "agent.py").unlink()
    done = rig.replay("verify", "run.cassette", cwd=recorded.folder)
    assert done.returncode == 1
    assert "3 recorded events never asked for" in done.stderr
    assert "No such file" in done.stderr
