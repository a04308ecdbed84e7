"""The placeholders of one run: equal secrets get equal ones, and nothing in them is derived from the secret."""

from __future__ import annotations

import re
from threading import Lock

PLACEHOLDER = re.compile(r"<secret:([a-z0-9-]{1,80}):([0-9]{1,9})>")
IN_BYTES = re.compile(PLACEHOLDER.pattern.encode())
MARK = b"<secret:"
"""What every one of them begins with."""


class Placeholders:
    """``<secret:name:N>`` for secrets, counted by name; a secret that has one keeps it, whatever it is called next.

    So a token that came in an answer under one name has the same placeholder where the program sends it under another.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._of: dict[bytes, str] = {}
        self._secrets: dict[str, bytes] = {}
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._of)

    def of(self, name: str, secret: bytes) -> str:
        """The placeholder of ``secret``, which is called ``name`` if it is new."""
        found = self._of.get(secret)
        if found is None:
            with self._lock:
                found = self._of.get(secret) or self._new(name, secret)
        return found

    def secret(self, placeholder: str) -> bytes | None:
        """What ``placeholder`` stands for in this process."""
        return self._secrets.get(placeholder)

    def _new(self, name: str, secret: bytes) -> str:
        number = self._counts[name] = self._counts.get(name, 0) + 1
        placeholder = self._of[secret] = f"<secret:{name}:{number}>"
        self._secrets[placeholder] = secret
        return placeholder
