from __future__ import annotations

import json
from dataclasses import replace

import pytest

from replay.canon import fingerprint
from replay.canon.redact import Redactor
from replay.events import Chunk, End, Failure, Head, Request

OPENAI = "sk-" + "proj-abcdEFGH1234567890abcdEFGH1234567890"
SECRETS = {
    "openai-key": OPENAI,
    "anthropic-key": "sk-" + "ant-api03-abcdefghijklmnop-qrstuvwxyz0123",
    "google-key": "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw",
    "google-token": "ya29" + ".a0AfH6SMBabcdefghijklmnop",
    "aws-key": "AKIA" + "ABCDEFGHIJKLMNOP",
    "github-token": "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345",
    "slack-token": "xoxb-" + "123456789012-abcdefghijkl",
    "stripe-key": "sk_live_" + "0123456789abcdefghij",
    "huggingface-token": "hf_" + "abcdefghijABCDEFGHIJabcdefghijABCD",
    "groq-key": "gsk_" + "abcdefghijABCDEFGHIJabcdefghijABCDEFGHIJabcdefghij",
    "jwt": "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0In0.abc-DEF_123",
    "private-key": "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA1234\n-----END RSA " + "PRIVATE KEY-----",
}
HARMLESS = [
    b'{"created":1700000000,"id":"chatcmpl-9abcdefghijklmnopqrstuv","date":"2026-01-02T03:04:05Z"}',
    b'{"phone":"+49 151 23456789","amount":12345678901234567890,"uuid":"123e4567-e89b-12d3-a456-426614174000"}',
    b'{"text":"task-force-of-twenty-people-1 desk-abcdefghijklmnopqrstuvwxyz1"}',
    b'{"text":"the bearer responsibilities-of-the-office, sk-this-is-a-slug-without-digits"}',
    b'{"model":"gpt-5-mini-2025-08-07","tool_call_id":"call_abcdefghijklmnopqrstuvwx"}',
]


def request(body: bytes = b"", target: str = "https://h/p", **fields: object) -> Request:
    return replace(Request("http", "POST", target, (), body), **fields)


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_told_by_their_shape_in_json_urls_and_text(name):
    secret = SECRETS[name]
    redactor = Redactor()
    body = json.dumps({"a": 1, "note": f"use {secret} now"}).encode()
    redacted = redactor.request(request(body)).body
    assert json.loads(redacted) == {"a": 1, "note": f"use <secret:{name}:1> now"}
    assert secret not in redactor.text(f"({secret})")
    if " " not in secret:
        assert secret not in redactor.url(f"https://h/{secret}/x?q={secret}")


@pytest.mark.parametrize("body", HARMLESS)
def test_numbers_dates_ids_and_words_are_never_touched(body):
    unchanged = request(body)
    assert Redactor({"PIN_TOKEN": "12345678"}).request(unchanged) is unchanged


def test_a_bearer_token_in_a_body():
    assert Redactor().bytes(b"Authorization: Bearer abc123def456ghi789==") == b"Authorization: Bearer <secret:bearer:1>"


def test_the_same_secret_has_the_same_number_and_another_has_another():
    redactor = Redactor()
    other = OPENAI.replace("1234", "9876")
    assert redactor.text(f"{OPENAI} {other} {OPENAI}") == (
        "<secret:openai-key:1> <secret:openai-key:2> <secret:openai-key:1>"
    )


def test_values_of_secret_named_variables_are_replaced_however_they_are_written():
    environ = {"DB_PASSWORD": 'p"ss/wörd', "HOME": "/home/somebody", "SHORT_KEY": "abc", "PIN_TOKEN": "87654321"}
    redactor = Redactor(environ)
    body = json.dumps({"a": 'p"ss/wörd', "b": "/home/somebody abc", "n": 87654321, "s": "87654321"})
    assert json.loads(redactor.bytes(body.encode())) == {
        "a": "<secret:env-db-password:1>",
        "b": "/home/somebody abc",
        "n": 87654321,
        "s": "<secret:env-pin-token:1>",
    }
    assert redactor.url("https://h/?x=p%22ss%2Fw%C3%B6rd") == "https://h/?x=<secret:env-db-password:1>"


def test_header_values_are_kept_by_an_allow_list_only():
    headers = (
        ("Content-Type", "application/json"),
        ("X-Ratelimit-Remaining", "5"),
        ("Authorization", f"Bearer {OPENAI}"),
        ("x-api-key", OPENAI),
        ("X-My-Own", "anything"),
        ("Cookie", "a=b"),
        ("User-Agent", f"agent {OPENAI}"),
    )
    assert Redactor().request(request(headers=headers)).headers == (
        ("Content-Type", "application/json"),
        ("X-Ratelimit-Remaining", "5"),
        ("Authorization", "Bearer <secret:authorization:1>"),
        ("x-api-key", "<secret:authorization:1>"),
        ("X-My-Own", "<secret:header:1>"),
        ("Cookie", "a=<secret:cookie:1>"),
        ("User-Agent", "agent <secret:authorization:1>"),
    )


def test_of_grpc_the_protocols_own_fields_are_kept_and_no_metadata_handed_on_by_a_gateway():
    kept = Redactor({}).headers((("grpc-status", "0"), ("Grpc-Metadata-Authorization", "mellon")))
    assert kept[0] == ("grpc-status", "0")
    assert "mellon" not in kept[1][1]


def test_a_redirect_keeps_its_place_and_loses_its_signature():
    location = ("Location", "https://u:pw@h/p?X-Amz-Signature=abc&page=2")
    head = Head(302, headers=(location, ("set-cookie", "s=1; Path=/; HttpOnly")))
    assert Redactor().head(head).headers == (
        ("Location", "https://<secret:userinfo:1>@h/p?X-Amz-Signature=<secret:parameter:1>&page=2"),
        ("set-cookie", "s=<secret:cookie:1>; Path=/; HttpOnly"),
    )


@pytest.mark.parametrize(
    "name", ["key", "api_key", "api-key", "apiKey", "token", "access_token", "sig", "client_secret"]
)
def test_key_like_parameters_lose_their_values_in_urls_and_forms(name):
    form = (("content-type", "application/x-www-form-urlencoded"),)
    redacted = Redactor().request(request(f"{name}=v&page=2".encode(), f"https://h/?{name}=v&page=2", headers=form))
    assert redacted.target == f"https://h/?{name}=<secret:parameter:1>&page=2"
    assert redacted.body == f"{name}=<secret:parameter:1>&page=2".encode()


def test_ordinary_parameters_stay():
    url = "https://h/?keyword=a&monkey=b&tokens=5&design=c"
    assert Redactor().url(url) == url


def test_redacting_twice_changes_nothing():
    redactor = Redactor({"A_KEY": "hunter2hunter2"})
    first = redactor.request(
        request(f'{{"a":"{OPENAI} hunter2hunter2"}}'.encode(), "https://u@h/?key=x", headers=(("cookie", "x"),))
    )
    assert redactor.request(first) == first


def test_requests_that_race_have_the_fingerprints_they_had():
    requests = [request(json.dumps({"k": secret}).encode()) for secret in (OPENAI, OPENAI.replace("1", "2"))]
    recording, replaying = Redactor(), Redactor()
    recorded = [fingerprint(recording.request(each)) for each in requests]
    replayed = [fingerprint(replaying.request(each)) for each in reversed(requests)]
    assert recorded == replayed[::-1]


def parts(redactor: Redactor, chunks: list[bytes], head: Head | None) -> list[bytes]:
    given = [*([head] if head else []), *map(Chunk, chunks), End()]
    kept = [kept for part in given for kept in redactor.parts(7, part)]
    assert [type(part) for part in kept if not isinstance(part, Chunk)] == [
        type(p) for p in given if not isinstance(p, Chunk)
    ]
    return [part.data for part in kept if isinstance(part, Chunk)]


@pytest.mark.parametrize("secret", [*SECRETS.values(), "hunter2 hunter2", "Bearer abc123def456ghi789"])
def test_a_secret_that_straddles_chunks_is_caught_wherever_it_is_cut(secret):
    data = f"data: say {secret} and go\n\n".encode()
    redactor = Redactor({"MY_SECRET": "hunter2 hunter2"})
    whole = redactor.bytes(data)
    assert secret.encode() not in whole
    for cut in range(len(data)):
        assert b"".join(parts(redactor, [data[:cut], data[cut:]], Head(200))) == whole
    assert b"".join(parts(redactor, [data[at : at + 1] for at in range(len(data))], Head(200))) == whole


def test_chunks_without_a_secret_are_kept_one_for_one():
    chunks = [b'data: {"delta":"Hel"}\n\n', b'data: {"delta":"lo"}\n\n', b"data: [DONE]\n\n"]
    assert parts(Redactor({"A_KEY": "hunter2hunter2"}), chunks, Head(200)) == chunks


def test_what_was_held_back_at_the_end_is_kept():
    assert parts(Redactor(), [b"this is s", b"k"], Head(200)) == [b"this is s", b"k"]


def test_items_of_a_generator_tool_are_redacted_one_by_one():
    assert parts(Redactor(), [b'"s"', f'"{OPENAI}"'.encode()], None) == [b'"s"', b'"<secret:openai-key:1>"']


def test_what_an_exception_tells_is_redacted():
    end = End("failed", Failure("shop.Error", f"bad key {OPENAI}", json.dumps([OPENAI]).encode()))
    assert Redactor().parts(1, end) == (
        End("failed", Failure("shop.Error", "bad key <secret:openai-key:1>", b'["<secret:openai-key:1>"]')),
    )


def test_a_field_of_unknown_name_keeps_a_number_and_loses_a_word():
    head = Head(
        200, headers=(("X-Total-Count", "42"), ("X-Has-More", "true"), ("X-Session", "abc"), ("X-Pin", "1" * 13))
    )
    assert [value for _, value in Redactor().head(head).headers] == [
        "42",
        "true",
        "<secret:header:1>",
        "<secret:header:2>",
    ]


def test_the_first_look_misses_no_secret_of_any_shape_wherever_it_stands():
    token = "a1B2" * 12
    secrets = [
        f"-----BEGIN RSA {'PRIVATE'} KEY-----{token}-----END RSA {'PRIVATE'} KEY-----",
        f"eyJhbGciOiJI.eyJzdWIiOiIx.{token}",
        f"sk-ant-{token}",
        f"sk-{token}",
        f"AIza{token[:35]}",
        f"ya29.{token}",
        "AKIA" + "A1" * 8,
        *[f"gh{kind}_{token}" for kind in "pousr"],
        f"github_pat_{token}",
        f"xoxb-{token}",
        *[f"{kind}_{token}" for kind in ("sk_live", "rk_live", "sk_test", "rk_test", "hf", "gsk")],
        f"Bearer {token}",
        f"bearer {token}",
    ]
    for secret in secrets:
        for before in ("", "chatcmpl-0000000000000001 ", "word/" * 60 + " "):
            for after in ("", " chatcmpl-0000000000000002", " " + "x" * 300):
                text = before + secret + after
                assert "<secret:" in Redactor({}).text(text), text


def test_headers_seen_before_are_the_very_object_again():
    redactor = Redactor({})
    for _ in range(2):
        fields = tuple(pair for pair in [("content-type", "application/json"), ("x-request-id", "r1")])
        assert redactor.headers(fields) is fields
        secret = (*fields, ("authorization", "Bearer abcdefghij"))
        assert redactor.headers(secret)[2][1] == "Bearer <secret:authorization:1>"
