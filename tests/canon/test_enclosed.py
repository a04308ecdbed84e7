from __future__ import annotations

import base64
import json

import pytest

from replay.canon.redact import Redactor

SECRET = "sk-" + "proj-" + "aB3d" * 9
TEXT = f"some text, and {SECRET} in it?>"
WANTED = b"some text, and <secret:openai-key:1> in it?>"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("pad", [True, False])
@pytest.mark.parametrize("more", ["", "x", "xy"])
def test_a_secret_inside_base64_is_replaced_and_the_rest_is_what_it_was(encode, pad, more):
    written = encode((TEXT + more).encode()).decode()
    body = json.dumps({"a": f"data:text/plain;base64,{written if pad else written.rstrip('=')}", "n": 1}).encode()
    redacted = json.loads(Redactor({}).bytes(body))
    found = redacted["a"].rpartition(",")[2]
    assert base64.urlsafe_b64decode((found + "===").replace("+", "-").replace("/", "_")) == WANTED + more.encode()
    assert redacted["n"] == 1


def test_base64_inside_base64_is_opened():
    body = base64.b64encode(b"outer text " + base64.b64encode(TEXT.encode()) + b" more")
    assert SECRET.encode() not in base64.b64decode(base64.b64decode(Redactor({}).bytes(body))[11:-5])


def test_a_value_known_by_name_is_found_there_too():
    redactor = Redactor({"MY_KEY": "hunter2hunter2"})
    body = base64.b64encode(b"connect with hunter2hunter2 now")
    assert base64.b64decode(redactor.bytes(body)) == b"connect with <secret:env-my-key:1> now"


def test_behind_an_escape_of_json_too():
    body = json.dumps({"a": "first\n" + base64.b64encode(TEXT.encode()).decode()}).encode()
    assert base64.b64decode(json.loads(Redactor({}).bytes(body))["a"].splitlines()[1]) == WANTED


@pytest.mark.parametrize(
    "data", [bytes(range(256)) * 4, b"\x89PNG" + b"\x00" * 300, b"plain text without any secret in it"]
)
def test_what_holds_no_secret_is_not_written_anew(data):
    body = json.dumps({"image": base64.b64encode(data).decode()}).encode()
    assert Redactor({}).bytes(body) is body
