import http.client
import json
import urllib.request
from contextlib import closing
from urllib.parse import urlsplit

import pytest
import requests
import urllib3

pytestmark = pytest.mark.vcr


def test_get(url):
    response = requests.get(f"{url}/echo/a", params={"q": "1"})
    assert response.json()["path"] == "/echo/a?q=1"
    assert response.reason == "OK" and response.ok


def test_form(url):
    assert requests.post(f"{url}/echo", data={"a": "1", "b": "2"}).json()["body"] == "a=1&b=2"


def test_session(url):
    with requests.Session() as session:
        numbers = [session.get(f"{url}/cookie").json()["number"] for _ in range(2)]
        assert session.cookies["seen"] == "yes"
    assert numbers[0] < numbers[1]


def test_redirect(url):
    response = requests.get(f"{url}/moved")
    assert response.json()["path"] == "/echo/target" and len(response.history) == 1


def test_packed(url):
    assert requests.get(f"{url}/packed/a").json()["path"] == "/packed/a"


def test_stream(url):
    with requests.get(f"{url}/chunked", stream=True) as response:
        assert len([line for line in response.iter_lines() if line]) == 3


def test_error_status(url):
    with pytest.raises(requests.HTTPError):
        requests.get(f"{url}/missing").raise_for_status()


def test_bytes(url):
    assert requests.get(f"{url}/bytes").content == bytes(range(256))


def test_urllib3(url):
    response = urllib3.PoolManager().request("POST", f"{url}/echo", json={"a": 1})
    assert json.loads(response.json()["body"]) == {"a": 1}


def test_urllib(url):
    with urllib.request.urlopen(f"{url}/echo/a") as response:
        assert json.load(response)["path"] == "/echo/a"


def test_http_client(url):
    with closing(http.client.HTTPConnection(urlsplit(url).netloc)) as connection:
        connection.request("GET", "/echo/a")
        assert json.loads(connection.getresponse().read())["path"] == "/echo/a"
