"""Canonical form, fingerprint, redaction, and plain values: what makes two crossings comparable and safe to keep."""

from __future__ import annotations

from replay.canon.fingerprint import VERSION, fingerprint, volatile_fingerprint

__all__ = ["VERSION", "fingerprint", "volatile_fingerprint"]
