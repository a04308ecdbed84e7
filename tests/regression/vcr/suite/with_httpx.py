import asyncio

import httpx
import pytest

pytestmark = pytest.mark.vcr


def test_get(url):
    response = httpx.get(f"{url}/echo/a")
    assert response.json()["path"] == "/echo/a"
    assert response.headers["x-number"] == str(response.json()["number"])
    assert response.reason_phrase == "OK"


def test_post(url):
    assert httpx.post(f"{url}/echo", json={"a": [1, 2]}).json()["body"] == '{"a":[1,2]}'


def test_query(url):
    first = httpx.get(f"{url}/echo", params={"page": 1}).json()
    second = httpx.get(f"{url}/echo", params={"page": 2}).json()
    assert (first["path"], second["path"]) == ("/echo?page=1", "/echo?page=2")


def test_query_in_another_order(url):
    assert httpx.get(f"{url}/echo?a=1&b=2").status_code == 200


def test_equal_requests_have_answers_of_their_own(url):
    numbers = [httpx.get(f"{url}/echo").json()["number"] for _ in range(3)]
    assert numbers == sorted(set(numbers)) and len(numbers) == 3


def test_redirect(url):
    response = httpx.get(f"{url}/moved", follow_redirects=True)
    assert response.json()["path"] == "/echo/target"
    assert [each.status_code for each in response.history] == [302]


def test_packed(url):
    response = httpx.get(f"{url}/packed/a")
    assert response.json()["path"] == "/packed/a"


def test_bytes(url):
    assert httpx.get(f"{url}/bytes").content == bytes(range(256))


def test_error_status(url):
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        httpx.get(f"{url}/missing").raise_for_status()


def test_no_content(url):
    assert httpx.delete(f"{url}/empty").status_code == 204


def test_head(url):
    assert int(httpx.head(f"{url}/echo").headers["content-length"]) > 10


def test_cookies(url):
    with httpx.Client() as client:
        client.get(f"{url}/cookie")
        assert client.cookies["seen"] == "yes"


def test_stream(url):
    with httpx.stream("GET", f"{url}/chunked") as response:
        lines = list(response.iter_lines())
    assert len(lines) == 3 and lines[0].startswith("line ")


def test_a_transport_of_the_program_s_own(record_mode):
    ran = []

    def answer(request):
        ran.append(request)
        return httpx.Response(200, text=f"to {request.url.path}")

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        assert client.get("http://app.test/a").text == "to /a"
    assert bool(ran) == (record_mode != "none")


async def test_async(url):
    async with httpx.AsyncClient() as client:
        answers = await asyncio.gather(*[client.get(f"{url}/echo/{number}") for number in range(4)])
    assert [answer.json()["path"] for answer in answers] == [f"/echo/{number}" for number in range(4)]


async def test_async_stream(url):
    async with httpx.AsyncClient() as client, client.stream("GET", f"{url}/chunked") as response:
        assert b"".join([part async for part in response.aiter_bytes()]).count(b"\n") == 3


@pytest.mark.parametrize("word", ["plain", "a/b", 'x?*:"y"'])
def test_parameters(url, word):
    assert httpx.post(f"{url}/echo", content=word).json()["body"] == word


class TestClass:
    def test_method(self, url):
        assert httpx.put(f"{url}/echo").json()["method"] == "PUT"
