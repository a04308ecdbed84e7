from __future__ import annotations

import socket
import subprocess
import sys

import httpx
import pytest
from openai import OpenAI

from replay.errors import UsageError
from replay.testing import Reply, extra, model_server, server

HELLO = {"model": "m", "messages": [{"role": "user", "content": "Hello, my kettle leaks."}]}


def answers(times: int, *, seed: int | None) -> list[tuple[str, str]]:
    with model_server(seed=seed, latency=(0, 0)) as models, OpenAI(base_url=models.openai, api_key="any") as client:
        found = [client.chat.completions.create(**HELLO) for _ in range(times)]
    return [(answer.id, answer.choices[0].message.content) for answer in found]


def test_a_seed_gives_the_same_answers_at_every_start_and_another_to_each_asking():
    first = answers(6, seed=3)
    assert answers(6, seed=3) == first
    assert len({text for _, text in first}) > 1
    assert len({name for name, _ in first}) == 6


def test_without_a_seed_ids_differ_each_time(models):
    ids = [httpx.post(f"{models.openai}/chat/completions", json=HELLO).json()["id"] for _ in range(3)]
    assert len(set(ids)) == 3


def test_temperature_zero_fixes_the_words_and_not_the_id(models):
    sent = HELLO | {"temperature": 0}
    found = [httpx.post(f"{models.openai}/chat/completions", json=sent).json() for _ in range(4)]
    assert len({answer["choices"][0]["message"]["content"] for answer in found}) == 1
    assert len({answer["id"] for answer in found}) == 4


def test_requests_are_counted_and_kept_until_reset(models):
    httpx.post(f"{models.openai}/chat/completions", json=HELLO)
    httpx.get(f"{models.url}/nowhere")
    assert models.calls == 2
    assert [(seen["method"], seen["path"]) for seen in models.requests()] == [
        ("POST", "/v1/chat/completions"),
        ("GET", "/nowhere"),
    ]
    assert "kettle" in models.requests()[0]["body"]
    models.reset()
    assert (models.calls, models.requests()) == (0, [])


def test_a_body_that_makes_no_sense_is_a_400_in_the_providers_shape(models):
    answer = httpx.post(f"{models.url}/v1/messages", content=b"{no json")
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("wrong", [{"stauts": 429}, {"end": "explode"}, {"say": "a", "body": "b"}])
def test_a_wrong_script_is_refused_where_it_is_written(models, wrong):
    with pytest.raises(UsageError) as caught:
        models.script([wrong])
    assert caught.value.hint
    assert models.scripted == 0


def test_a_reply_for_one_path_lets_others_pass(models):
    models.script([Reply(body={"sky": "green"}, only="/weather")])
    assert httpx.get(f"{models.url}/orders/7").json()["order_id"] == 7
    assert httpx.get(f"{models.url}/weather?city=Porto").json() == {"sky": "green"}


def test_a_taken_port_is_named(models):
    with pytest.raises(UsageError, match=f"port {models.port} is taken"), model_server(port=models.port):
        pass


def test_a_missing_extra_says_what_to_install(monkeypatch):
    monkeypatch.setattr(extra, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught, model_server():
        pass
    assert caught.value.hint == "pip install 'replay-debugger[testing]'"


def test_the_server_ends_with_the_process_that_started_it():
    """A killed test run leaves no server behind: what ends the server is the end of its stdin."""
    program = "import replay.testing.server as s; print(s.start(None, (0, 0), 0)[1], flush=True); input()"
    holder = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = int(holder.stdout.readline())
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        holder.kill()
        holder.communicate()
        assert closed(link)


def closed(link: socket.socket) -> bool:
    try:
        return link.recv(1) == b""
    except ConnectionResetError:
        return True


def test_env_names_what_the_sdks_read(models):
    assert models.env()["OPENAI_BASE_URL"] == models.openai
    assert models.env()["TOOLS_URL"] == models.env()["OLLAMA_HOST"] == models.url
    with OpenAI(base_url=models.env()["OPENAI_BASE_URL"], api_key=models.env()["OPENAI_API_KEY"]) as client:
        assert client.chat.completions.create(**HELLO).choices[0].message.content


def test_stopping_a_server_ends_its_process():
    process, _ = server.start(None, (0, 0), 0)
    server.stop(process)
    assert process.returncode is not None
