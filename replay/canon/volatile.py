"""Values that differ from run to run and mean nothing: uuids, times, and the ids that model APIs hand out.

Each is replaced by a placeholder numbered by first appearance, so that two requests which use *the same* new id in the
same places become equal, and two which mix them up do not.
"""

from __future__ import annotations

import re

ID_PREFIXES = (
    "call", "toolu", "srvtoolu", "chatcmpl", "msg", "resp", "fc", "rs", "ws", "fs", "ci", "item", "run", "thread",
    "step", "asst", "file", "batch", "req", "gen", "cmpl", "container", "mcp", "mcpl", "evt",
)  # fmt: skip

_HEX = "[0-9a-fA-F]"
_COLON = "(?::|%3A)"

VOLATILE = re.compile(
    (
        rf"(?P<uuid>(?<![0-9a-fA-F]){_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}(?!{_HEX}))"
        rf"|(?P<time>(?<!\d)\d{{4}}-\d\d-\d\d(?:[T ]|%20)\d\d{_COLON}\d\d(?:{_COLON}\d\d(?:\.\d{{1,9}})?)?"
        rf"(?:Z|(?:[+-]|%2B)\d\d{_COLON}?\d\d)?(?!\d))"
        rf"|(?P<id>(?<![A-Za-z0-9_-])(?:{'|'.join(ID_PREFIXES)})[_-]"
        # A word such as `call_customer` is no id: it takes a digit, or the length of a random one.
        r"(?:[A-Za-z]{0,64}[0-9][A-Za-z0-9]*|[A-Za-z]{16,})(?![A-Za-z0-9_]))"
    ).encode()
)


class Numbering:
    """Replaces volatile values. One object per request, so that its URL and its body share the numbers."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}

    @property
    def count(self) -> int:
        """How many different volatile values were replaced."""
        return len(self._numbers)

    def replace(self, data: bytes) -> bytes:
        """``data`` with each volatile value written ``<uuid:1>``, ``<time:2>`` or ``<id:3>``."""
        return VOLATILE.sub(self._placeholder, data)

    def _placeholder(self, match: re.Match[bytes]) -> bytes:
        number = self._numbers.setdefault(match[0], len(self._numbers) + 1)
        return b"<%s:%d>" % ((match.lastgroup or "").encode(), number)
