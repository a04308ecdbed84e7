from __future__ import annotations

import json

import pytest

from replay.canon.names import Names

VALUE = "tr0ub4dor&3"


def replaced(text: str, own: tuple[str, ...] = ()) -> str:
    names = Names(own)
    data = text.encode()
    return (
        names.replace(data, lambda name, _: f"<secret:{name}:1>".encode()).decode() if names.may_be_in(data) else text
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (json.dumps({"password": VALUE}), '{"password": "<secret:password:1>"}'),
        (json.dumps({"db_password": "ends\\", "next": "x"}), '{"db_password": "<secret:password:1>", "next": "x"}'),
        (json.dumps({"apiKey": 'with "quotes"'}), '{"apiKey": "<secret:apikey:1>"}'),
        (f"{{'password': '{VALUE}', 'x': 1}}", "{'password': '<secret:password:1>', 'x': 1}"),
        (f"login(password='{VALUE}')", "login(password='<secret:password:1>')"),
        (f"PASSWORD={VALUE} python x", "PASSWORD=<secret:password:1>&3 python x"),
        ("Server=db;Password=abc123;User Id=sa;", "Server=db;Password=<secret:password:1>;User Id=sa;"),
        ('["curl", "--api-key", "abc123def"]', '["curl", "--api-key", "<secret:api-key:1>"]'),
        ("run --token abc123def now", "run --token <secret:token:1> now"),
        ("Cookie: sid=abc123def; theme=dark\nnext", "Cookie: <secret:cookie:1>\nnext"),
        ("Authorization: Basic dXNlcjpwYXNzdzByZA==", "Authorization: <secret:authorization:1>"),
        ("https://h/f?sig=abc%2F123def&x=1", "https://h/f?sig=<secret:sig:1>&x=1"),
        (f'{{"X-Amz-Security-Token": "{"IQoJ9" * 200}"}}', '{"X-Amz-Security-Token": "<secret:security-token:1>"}'),
    ],
)
def test_what_a_name_calls_secret_is_replaced_and_nothing_around_it(text, wanted):
    assert replaced(text) == wanted


@pytest.mark.parametrize("depth", range(4))
def test_json_within_json_stays_json(depth):
    def nested(value: str) -> str:
        text = json.dumps({"user": "a", "password": value, "next": 'a "word"'})
        for _ in range(depth):
            text = json.dumps({"arguments": text, "n": 1})
        return text

    assert replaced(nested('tr0ub"dor\\' if depth < 2 else VALUE)) == nested("<secret:password:1>")


@pytest.mark.parametrize(
    "text",
    [
        '{"password": {"type": "string"}, "required": ["password"]}',
        '{"password": "string", "secret": "no", "token": "Hello", "max_tokens": 5, "token_type": "Bearer"}',
        '{"password": 12345678, "api_key": null, "token": true}',
        '{"content": "the right password:"},{"type": "text"}',
        '{"text": "say the passphrase:", "password_hint": "the usual one 4711"}',
        '{"partial_json": "{\\"password\\":"}, {"type": "x1"}',
        "api_key=os.environ['OPENAI_API_KEY'], password=getpass(), token=token, secret=${SECRET_1}",
        "the password: ask for it; a token: the smallest unit; credentials: include",
        '{"token": "2026-01-02T03:04:05Z", "secret": "/run/secrets/db1", "auth": "https://h/p1"}',
        '{"next_page_token": "abc123def456", "storage_key": "a1/b2/c3", "signature": "abc123def456ghi789"}',
        '{"access_key_id": "a-key-1", "name": "the-access-key","secret_access_key": null}',
        "<secret:password:1> password=<secret:password:1>",
    ],
)
def test_what_a_name_does_not_call_secret_stays(text):
    assert replaced(text) == text


def test_a_users_own_names_count():
    assert (
        replaced('{"iban": "DE00 1234", "libans": "x1y2z3"}', ("iban",))
        == '{"iban": "<secret:iban:1>", "libans": "x1y2z3"}'
    )
