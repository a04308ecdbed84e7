import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest
import requests

HERE = ["method", "scheme", "host", "port", "path", "query"]


def without_times(request):
    if request.body:
        said = json.loads(request.body)
        said.pop("now", None)
        request.body = json.dumps(said).encode()
    return request


@pytest.mark.vcr
def test_the_cassette_counts(url, vcr):
    for _ in range(2):
        httpx.get(f"{url}/echo")
    assert len(vcr) == vcr.play_count or not vcr.write_protected
    assert len(vcr.requests) == 2


@pytest.mark.vcr
@pytest.mark.default_cassette("by-name.yaml")
def test_a_name_of_its_own(url):
    assert httpx.get(f"{url}/echo/named").json()["path"] == "/echo/named"


@pytest.mark.vcr("by-name.yaml")
def test_a_second_cassette(url, record_mode):
    assert httpx.get(f"{url}/echo/own").json()["path"] == "/echo/own"
    assert httpx.get(f"{url}/echo/named").json()["path"] == "/echo/named"


@pytest.mark.vcr(serializer="json")
def test_json_file(url):
    assert httpx.get(f"{url}/echo/a").json()["path"] == "/echo/a"


@pytest.mark.vcr(match_on=[*HERE, "body"])
def test_bodies_tell_requests_apart(url):
    answers = {word: httpx.post(f"{url}/echo", json={"word": word}).json()["body"] for word in ("b", "a")}
    assert all(json.loads(body) == {"word": word} for word, body in answers.items())


@pytest.mark.vcr(match_on=[*HERE, "raw_body"])
def test_raw_bodies(url):
    assert httpx.post(f"{url}/echo", content=b"raw").json()["body"] == "raw"
    assert requests.get(f"{url}/echo").json()["body"] == ""


@pytest.mark.vcr(match_on=["method", "path", "headers"])
def test_header_fields(url):
    assert httpx.get(f"{url}/echo", headers={"x-one": "1"}).status_code == 200
    assert requests.get(f"{url}/echo", headers={"x-one": "1"}).status_code == 200


@pytest.mark.vcr(match_on=[*HERE, "case"])
def test_a_matcher_of_the_suite(url):
    for case in ("1", "2"):
        assert httpx.get(f"{url}/echo", headers={"x-case": case}).status_code == 200


@pytest.mark.vcr(filter_query_parameters=["key"], match_on=[*HERE, "uri"])
def test_a_parameter_that_is_left_out(url):
    assert httpx.get(f"{url}/echo", params={"key": "secret", "q": "1"}).status_code == 200


@pytest.mark.vcr(filter_post_data_parameters=[("password", "XXX")], match_on=[*HERE, "body"])
def test_a_field_of_a_form_that_is_replaced(url):
    assert requests.post(f"{url}/echo", data={"password": "secret", "user": "me"}).status_code == 200
    assert httpx.post(f"{url}/echo", json={"password": "secret", "user": "me"}).status_code == 200


@pytest.mark.vcr(before_record_request=without_times, match_on=[*HERE, "body"])
def test_a_request_that_is_made_alike(url):
    import time

    assert httpx.post(f"{url}/echo", json={"now": time.time(), "word": "a"}).status_code == 200


@pytest.mark.vcr(allow_playback_repeats=True)
def test_answers_that_come_again(url, vcr, record_mode):
    if record_mode == "none":
        assert len({httpx.get(f"{url}/echo").json()["number"] for _ in range(3)}) == 1
    else:
        httpx.get(f"{url}/echo")


@pytest.mark.vcr(record_mode="once")
def test_a_mode_of_its_own(url):
    assert httpx.get(f"{url}/echo").status_code == 200


@pytest.mark.vcr
@pytest.mark.block_network
def test_the_network_is_blocked_around_the_cassette(url):
    assert httpx.get(f"{url}/echo").status_code == 200


@pytest.mark.block_network
def test_the_network_is_blocked(url):
    with socket.socket() as link, pytest.raises(RuntimeError, match="Network is disabled"):
        link.connect(("127.0.0.1", urlsplit(url).port))


def test_without_mark(vcr):
    assert vcr is None
