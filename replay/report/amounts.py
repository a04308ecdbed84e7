"""Numbers as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence


def money(usd: float | None) -> str:
    """``$0.0420``; empty when it is not known."""
    return "" if usd is None else f"${usd:.4f}"


def scaled(count: int) -> str:
    """A count of tokens: ``612``, ``18.2k``, ``1.4M``."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}{letter}"
    return str(count)


def volume(size: int) -> str:
    """Bytes: ``812 B``, ``140.3 KB``, ``1.2 MB``."""
    for unit, name in ((1_000_000, "MB"), (1_000, "KB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} B"


def elapsed(ns: int | None) -> str:
    """A duration given in ns: ``0.8ms``, ``340ms``, ``1.21s``, ``2m05s``; empty when it is not known."""
    if ns is None:
        return ""
    seconds = ns / 1e9
    if seconds >= 60:
        return f"{int(seconds // 60)}m{int(seconds % 60):02d}s"
    if seconds >= 1:
        return f"{seconds:.2f}s"
    return f"{ns / 1e6:.0f}ms" if ns >= 10_000_000 else f"{ns / 1e6:.1f}ms"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 event``, ``2 events``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def table(rows: Sequence[tuple[str, ...]], right: frozenset[int] = frozenset()) -> list[str]:
    """Rows as lines with aligned columns; those numbered in ``right`` are set flush right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))] if rows else []
    return [
        "  ".join(
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
