"""Programs on ``requests``, ``urllib3`` and ``urllib.request``."""

from __future__ import annotations

import gzip
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests.sdk.stage import World


def whole(world: World) -> Any:
    response = requests.get(f"{world.web.url}/json", params={"q": "kettle"}, timeout=20)
    assert response.elapsed.total_seconds() >= 0
    return response.json(), response.reason, response.raw.version, dict(response.headers)


def session_with_redirects(world: World) -> Any:
    with requests.Session() as session:
        response = session.get(f"{world.web.url}/from")
        history = [(one.status_code, one.text, one.headers["Location"]) for one in response.history]
        return history, response.url, response.json(), sorted(session.cookies.keys())


def uploads(world: World) -> Any:
    url = f"{world.web.url}/upload"
    with requests.Session() as session:
        return [
            session.post(url, files={"report": ("r.txt", b"\x00 report")}, data={"case": "7"}).text,
            session.post(url, data={"b": "2", "a": "1"}).text,
            session.put(url, data=iter([b"a", b"b"])).text,
            session.post(url, json={"z": 1}, auth=("kim", "hunter2")).text,
        ]


def retries(world: World) -> Any:
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=Retry(total=5, status_forcelist=[503], backoff_factor=0)))
        response = session.get(f"{world.web.url}/busy")
        return response.status_code, len(response.raw.retries.history)


def streams(world: World) -> Any:
    with requests.Session() as session:
        seen: list[Any] = []
        for size in (None, 1, 4):
            with session.get(f"{world.web.url}/lines", stream=True) as response:
                seen.append(list(response.iter_content(size)))
        with session.get(f"{world.web.url}/lines", stream=True) as response:
            seen.append(list(response.iter_lines()))
        with session.get(f"{world.web.url}/json", stream=True) as response:
            seen.append(response.raw.read())
    return seen


def early_close(world: World) -> Any:
    with requests.Session() as session, session.get(f"{world.web.url}/lines", stream=True) as response:
        return next(response.iter_content(None))


def statuses(world: World) -> Any:
    with requests.Session() as session:
        response = session.get(f"{world.web.url}/teapot")
        try:
            response.raise_for_status()
        except requests.HTTPError as error:
            return str(error), response.json(), session.delete(f"{world.web.url}/empty").status_code


def by_urllib3(world: World) -> Any:
    with urllib3.PoolManager() as pool:
        response = pool.request("GET", f"{world.web.url}/from")
        return response.status, response.data, response.geturl()


def streamed_by_urllib3(world: World) -> Any:
    with urllib3.PoolManager() as pool:
        return list(pool.request("GET", f"{world.web.url}/lines", preload_content=False).stream(None))


def on_threads(world: World) -> Any:
    def visit(path: str) -> Any:
        return requests.get(f"{world.web.url}{path}", timeout=20).text

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(visit, ["/json", "/lines", "/teapot", "/json", "/from", "/upload"] * 2))


def by_urllib(world: World) -> Any:
    seen: list[Any] = []
    with urllib.request.urlopen(f"{world.web.url}/from") as response:
        seen += [gzip.decompress(response.read()), response.geturl(), response.reason, response.version]
    with urllib.request.urlopen(f"{world.web.url}/upload", data=b"a=1") as response:
        seen.append(response.read())
    try:
        urllib.request.urlopen(f"{world.web.url}/teapot")
    except urllib.error.HTTPError as error:
        with error:
            seen += [error.code, error.reason, error.read()]
    return seen


def streamed_by_urllib(world: World) -> Any:
    with urllib.request.urlopen(f"{world.web.url}/lines") as response:
        return [*response]


REQUESTS = {
    "sync": [whole, session_with_redirects, uploads, retries, statuses, on_threads],
    "streamed": [streams, early_close],
}
URLLIB3 = {"sync": [by_urllib3], "streamed": [streamed_by_urllib3]}
URLLIB = {"sync": [by_urllib], "streamed": [streamed_by_urllib]}
