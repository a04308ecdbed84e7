"""How agents ask: one small POST each, by whatever client; the answer is a random number."""

from __future__ import annotations

from typing import Any

import httpx


def ask(client: httpx.Client, url: str, question: Any) -> int:
    return client.post(f"{url}/ask", json={"q": question}).json()["answer"]


async def aask(client: httpx.AsyncClient, url: str, question: Any) -> int:
    return (await client.post(f"{url}/ask", json={"q": question})).json()["answer"]
