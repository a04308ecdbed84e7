"""What ``replay.open`` returns: a cassette to read, which other tools' tests can use as well."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from replay.cassette.reader import Reader
from replay.dialects.cassette import Cassette as Reading

if TYPE_CHECKING:
    import respx


class Cassette(Reading):
    """See :class:`replay.dialects.cassette.Cassette`; ``to_vcr()`` and ``to_har()`` give the text of such a file."""

    def respx_router(self, **options: Any) -> respx.MockRouter:
        """A router of respx that answers as this cassette does (:mod:`replay.interop.router`)."""
        from replay.interop.router import respx_router

        return respx_router(self, **options)

    def to_vcr(self) -> str:
        """The exchanges as YAML of vcrpy."""
        from replay.interop import vcr_export

        return vcr_export.export(self).text

    def to_har(self) -> str:
        """The exchanges as a HAR file."""
        from replay.interop import har_export

        return har_export.export(self).text


def open_cassette(path: str | os.PathLike[str]) -> Cassette:
    """The cassette at ``path``. Raises :class:`replay.errors.CassetteError` when it cannot be read."""
    return Cassette(path, Reader(os.fspath(path)))
