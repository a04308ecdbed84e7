from __future__ import annotations

import pytest

from replay.errors import CassetteError, UsageError
from replay.proxy.upstreams import Upstream, Upstreams, given, known, of_data

BASE = "http://127.0.0.1:1234"


def test_a_program_is_told_by_the_variables_that_the_sdks_read():
    assert known({}).environ(BASE) == {
        "OPENAI_BASE_URL": f"{BASE}/openai",
        "ANTHROPIC_BASE_URL": f"{BASE}/anthropic",
        "GOOGLE_GEMINI_BASE_URL": f"{BASE}/gemini",
        "OLLAMA_HOST": f"{BASE}/ollama",
    }
    assert known({}).target("/openai/chat/completions?a=1") == "https://api.openai.com/v1/chat/completions?a=1"


def test_a_variable_that_is_set_says_what_the_service_is():
    upstreams = known({"OPENAI_BASE_URL": "http://10.0.0.7/v1/", "OLLAMA_HOST": "0.0.0.0:99"})
    assert upstreams.target("/openai/models") == "http://10.0.0.7/v1/models"
    assert upstreams.target("/ollama/api/tags") == "http://127.0.0.1:99/api/tags"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("box", "http://box:11434"),
        ("https://box", "https://box:443"),
        ("http://box/deep", "http://box:80/deep"),
        (":99", "http://127.0.0.1:99"),
    ],
)
def test_ollamas_host_may_leave_parts_out(host, url):
    assert given(["ollama"], {"OLLAMA_HOST": host}).each == (Upstream("ollama", url),)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("openai", {"OPENAI_BASE_URL": f"{BASE}/openai"}),
        ("openai=http://10.0.0.7/v1", {"OPENAI_BASE_URL": f"{BASE}/openai"}),
        ("mistral=https://api.mistral.ai", {"MISTRAL_BASE_URL": f"{BASE}/mistral"}),
        ("SHOP_URL=http://shop", {"SHOP_URL": f"{BASE}/shop_url"}),
        ("https://api.openai.com", {"OPENAI_BASE_URL": f"{BASE}/v1"}),
        ("https://api.openai.com/v1", {"OPENAI_BASE_URL": BASE}),
        ("https://shop.example", {}),
    ],
)
def test_an_upstream_is_told_under_its_name(text, variables):
    assert given([text], {}).environ(BASE) == variables


def test_a_variable_that_is_set_can_be_named_alone():
    assert given(["SHOP_URL"], {"SHOP_URL": "http://shop/v1"}).target("/shop_url/a") == "http://shop/v1/a"


def test_a_name_wins_over_the_root_and_is_a_whole_part_of_the_path():
    upstreams = given(["https://root.example", "shop=https://shop.example/v2"], {})
    assert upstreams.target("/shop/a") == "https://shop.example/v2/a"
    assert upstreams.target("/shopping") == "https://root.example/shopping"
    assert given(["shop=https://shop.example"], {}).target("/shopping") is None


def test_a_url_of_an_upstream_is_the_proxys_for_the_program():
    upstreams = given(["shop=https://shop.example/v2"], {})
    assert upstreams.local("https://shop.example/v2/a?b", BASE) == f"{BASE}/shop/a?b"
    assert upstreams.local("https://shop.example/v22", BASE) == "https://shop.example/v22"


@pytest.mark.parametrize(
    "text",
    [
        "ftp://a",
        "shop=",
        "shop=x",
        "https://",
        "https://a:b",
        "https://a?b=c",
        "https://me:pw@a",
        "Shop=http://a",
        "NODE_OPTIONS=http://a",
        "PATH=http://a",
    ],
)
def test_what_is_no_upstream_is_told_with_what_would_be(text):
    with pytest.raises(UsageError) as told:
        given([text], {})
    assert told.value.hint


def test_two_upstreams_at_one_path_are_an_error():
    with pytest.raises(UsageError, match="at one path"):
        given(["https://a", "https://b"], {})


def test_a_recordings_upstreams_come_back_and_can_be_replaced():
    upstreams = of_data(known({}).to_data())
    assert upstreams == known({})
    other = upstreams.with_given(given(["openai=http://10.0.0.7/v1"], {}))
    assert other.target("/openai/a") == "http://10.0.0.7/v1/a"
    assert other.target("/gemini/a") == "https://generativelanguage.googleapis.com/a"


@pytest.mark.parametrize(
    "data",
    [[], "x", {"LD_PRELOAD": "http://a"}, {"a": "file:///etc"}, {"a": 1}, {f"a{i}": "http://a" for i in range(99)}],
)
def test_a_cassette_sets_no_variable_but_those_of_services(data):
    with pytest.raises(CassetteError):
        of_data(data)


def test_keys_are_those_of_the_services_that_are_asked():
    assert set(Upstreams((Upstream("openai", "http://a"), Upstream("ollama", "http://b"))).keys()) == {"OPENAI_API_KEY"}
