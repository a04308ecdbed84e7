from __future__ import annotations

import json

import pytest

from replay.canon.redact import Redactor
from replay.events import Chunk, End, Head, Request

SECRET = "sk-" + "proj-" + "aB3d" * 9


def kept(*pieces: bytes) -> list[bytes]:
    redactor = Redactor({})
    parts = [Head(0, "started", "", (("pid", "41"),)), *map(Chunk, pieces), End()]
    return [part.data for given in parts for part in redactor.parts(1, given) if isinstance(part, Chunk)]


@pytest.mark.parametrize("cut", range(len(SECRET) + 1))
def test_a_secret_in_what_a_process_writes_is_replaced_wherever_it_is_cut(cut):
    data = SECRET.encode()
    found = kept(b"o" + data[:cut], b"ewarning\n", b"o" + data[cut:] + b"\n", b"o", b"e", b"x0")
    assert b"".join([piece[1:] for piece in found if piece[:1] == b"o"]) == b"<secret:openai-key:1>\n"
    assert [piece for piece in found if piece[:1] != b"o"] == [b"ewarning\n", b"e", b"x0"]
    assert found.count(b"o") >= 1


def test_what_holds_none_is_kept_piece_for_piece():
    pieces = [b"ohello ", b"oworld\n", b"eok", b"o", b"e", b"x0"]
    assert kept(*pieces) == pieces


def test_a_command_line_loses_what_stands_behind_an_option_for_secrets():
    argv = ["mysql", "--password", "letmein", "-u", "root:letmein-2", "--api-key=q1w2e3r4", "--token", "${TOKEN}", "go"]
    body = json.dumps({"argv": argv, "cwd": "/"}).encode()
    asked = Redactor({}).request(Request("process", "run", "mysql", body=body))
    assert json.loads(asked.body)["argv"] == [
        "mysql",
        "--password",
        "<secret:argument:1>",
        "-u",
        "root:<secret:password:1>",
        "--api-key=<secret:api-key:1>",
        "--token",
        "${TOKEN}",
        "go",
    ]
