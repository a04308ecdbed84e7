"""Text from a cassette made harmless to look at: what a model or a server said must not steer the reader's terminal.

Control sequences (ECMA-48: ESC and the C0 and C1 controls), the bidirectional overrides and isolates that reorder what
is read (Unicode UAX #9; CVE-2021-42574), the invisible tag characters and lone surrogates are written as escapes.
"""

from __future__ import annotations

import re

_UNSAFE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional marks, overrides, isolates
    "\u2028\u2029"  # line and paragraph separator
    "\ud800-\udfff"  # cannot be encoded
    "\U000e0000-\U000e007f"  # tags
)
_IN_BLOCK = re.compile(f"[{_UNSAFE}]")
_IN_LINE = re.compile(f"[{_UNSAFE}\t\n]")
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def neutral(text: str) -> str:
    """``text`` with everything but its tabs and newlines that is not plain text written as an escape (``\\x1b``)."""
    return _IN_BLOCK.sub(_escape, text)


def neutral_line(text: str, width: int = 0) -> str:
    """The same on one line: tabs and newlines are escaped too; cut to ``width`` characters if that is not 0."""
    cut = text[: width - 1] + "…" if width and len(text) > width else text
    return _IN_LINE.sub(_escape, cut)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    return _SHORT.get(char) or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )
