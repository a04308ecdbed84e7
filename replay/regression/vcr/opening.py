"""The cassette of one test, opened as pytest-recording opens it: same file, same configuration. It is only played."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from hashlib import md5
from pathlib import Path
from types import ModuleType
from typing import Any

from vcr import VCR
from vcr.persisters.filesystem import CassetteNotFoundError, FilesystemPersister
from vcr.record_mode import RecordMode
from vcr.serialize import deserialize
from vcr.serializers import jsonserializer, yamlserializer

from replay.errors import CassetteError, UsageError
from replay.interop.loading import load_json, load_yaml
from replay.regression.vcr.served import Served

MODES = ("none", "once", "new_episodes", "all", "rewrite", "any")

_SAFE = ((yamlserializer, load_yaml), (jsonserializer, load_json))
"""How files are read in place of vcrpy's own serializers: within bounds. Those that a suite registers are its own."""

_NOT_OURS = ("path_transformer", "func_path_generator", "record_on_exception")

Marks = Sequence[tuple[tuple[Any, ...], Mapping[str, Any]]]
"""Arguments of the marks of one test, the closest first."""


def merged(config: Mapping[str, Any], marks: Marks) -> dict[str, Any]:
    """The options that hold for a test: its marks win over ``vcr_config``, a closer mark over one further away."""
    options: dict[str, Any] = copy.deepcopy(dict(config))
    for _, keywords in reversed(marks):
        options.update(keywords)
    return options


def opened(
    name: str, folder: str, marks: Marks, options: Mapping[str, Any], configure: Callable[[Any], object]
) -> Served:
    """``name``: of the test's own file in ``folder``; the marks may name others, which are played after it.

    ``configure`` gets the ``VCR`` object, on which a suite registers what it has of its own. Raises
    :class:`UsageError` for options that vcrpy does not know, :class:`CassetteError` for a file that cannot be read.
    """
    options = dict(options)
    mode = options.pop("record_mode", "none")
    if str(getattr(mode, "value", mode)) not in MODES:
        raise UsageError(f"{mode!r} is no record_mode", hint=f"one of {', '.join(MODES)}")
    suffix = f".{options['serializer']}" if "serializer" in options else ".yaml"
    vcr = VCR(path_transformer=VCR.ensure_suffix(suffix), cassette_library_dir=folder, record_mode=RecordMode.NONE)
    vcr.register_persister(Files([os.path.join(folder, path) for args, _ in marks for path in args]))
    configure(vcr)
    return of(vcr, fitting(name, options.get("serializer", ".yaml")), options)


def of(vcr: Any, name: str, options: Mapping[str, Any]) -> Served:
    """The cassette ``name`` as ``vcr`` would open it, but only to be played."""
    try:
        found = vcr.get_merged_config(path=name, **options)
    except (KeyError, ValueError) as error:
        raise UsageError(f"vcrpy: {error.args[0]}", hint="look at vcr_config and the mark") from error
    transform = found.get("path_transformer") or str
    found = {key: value for key, value in found.items() if key not in _NOT_OURS}
    served: Served = Served.load(**{**found, "path": transform(name), "record_mode": RecordMode.NONE})
    return served


def fitting(name: str, suffix: str) -> str:
    """``name``, cut as pytest-recording cuts what the file system does not take."""
    try:
        longest = os.pathconf(".", "PC_NAME_MAX")
    except (AttributeError, ValueError, OSError):
        longest = 255
    if len(name) + len(suffix) <= longest:
        return name
    digest = md5(name.encode(), usedforsecurity=False).hexdigest()
    return f"{name[: longest - len(suffix) - len(digest) - 3]}...{digest}"


class Files(FilesystemPersister):  # type: ignore[misc]
    """Reads the test's own file and ``extra`` ones as if they were one. A file that is not there is left out."""

    def __init__(self, extra: Sequence[str] = ()) -> None:
        self.extra = extra

    def load_cassette(self, cassette_path: str, serializer: ModuleType) -> tuple[Any, ...]:
        requests: list[Any] = []
        responses: list[Any] = []
        metadata: dict[str, Any] = {}
        for path in dict.fromkeys([str(cassette_path), *self.extra]):
            of_one = _read(Path(path), serializer)
            requests += of_one[0]
            responses += of_one[1]
            metadata.update(of_one[2] if len(of_one) > 2 else {})
        if not requests:
            raise CassetteNotFoundError("No cassettes found.")
        return (requests, responses, metadata) if metadata else (requests, responses)

    def save_cassette(self, *_: Any, **__: Any) -> None:
        """Nothing is ever recorded here."""


def _read(path: Path, serializer: ModuleType) -> tuple[Any, ...]:
    try:
        data = path.read_bytes()
    except OSError:
        return [], []
    try:
        return tuple(deserialize(data.decode(), _Bounded(serializer)))
    except CassetteError as error:
        raise CassetteError(f"{path} cannot be read: {error.message}", hint=error.hint) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CassetteError(f"{path} cannot be read: {error}", hint="record it again") from error


class _Bounded:
    """A serializer that only reads."""

    def __init__(self, serializer: ModuleType) -> None:
        self.serializer = serializer

    def deserialize(self, text: str) -> Any:
        load = next((load for known, load in _SAFE if known is self.serializer), None)
        return self.serializer.deserialize(text) if load is None else load(text.encode())
