"""Start the recorder in this interpreter: from its own environment, or carried in from that of the command line.

Carried modules are found last, only under a closed list of names and only by our own code, so that nothing of the
program's is shadowed and no library of it finds an optional dependency that it would not have found without us.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_IMPORTING = ("<frozen importlib", importlib.__file__)


def main() -> None:
    """Bring the recorder in and start it, or refuse (:mod:`replay.inject.refuse`)."""
    report = json.loads(os.environ["REPLAY_PLAN"])["report"]
    with open(os.path.join(report, "carry.json"), encoding="utf-8") as file:
        carry = json.load(file)
    if _has_replay():
        _start(report)
    elif carry["suffix"] == importlib.machinery.EXTENSION_SUFFIXES[0]:
        carrier = Carrier(carry["places"])
        sys.meta_path.append(carrier)
        _start(report)
        carrier.hide()
    else:
        _run(os.path.join(_HERE, "refuse.py"))


def _has_replay() -> bool:
    """Whether this environment has our package; another module of the same name is not it."""
    spec = importlib.util.find_spec("replay")
    places = (spec.submodule_search_locations if spec else None) or ()
    return any(os.path.isfile(os.path.join(place, "inject", "bring.py")) for place in places)


def _start(report: str) -> None:
    """The marker stays when starting ends this process, with an error that was told already."""
    marker = os.path.join(report, f"{os.getpid()}.starting")
    with open(marker, "wb"):
        try:
            from replay.engine import process
            from replay.inject import claim, loaded

            os.environ["REPLAY_PLAN"] = json.dumps(claim.claim(json.loads(os.environ["REPLAY_PLAN"])))
            loaded.tell_at_exit(report)
            process.start()
        except Exception as error:
            _fail(report, error)
    os.unlink(marker)


def _fail(report: str, error: Exception) -> None:
    """End before the program runs: without the recorder it would run unwatched, and in a replay for real."""
    trace = traceback.extract_tb(error.__traceback__)
    with open(os.path.join(report, f"{os.getpid()}.failed"), "w", encoding="utf-8") as file:
        file.write("\n".join([type(error).__name__, *[f"{frame.filename}:{frame.lineno}" for frame in trace]]))
    os._exit(70)


def _run(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), {"__name__": "_replay_inject"})


class Carrier:
    """Finds our package and its dependencies, for our own code. ``places``: top-level name -> directory it lies in."""

    def __init__(self, places: dict[str, str]) -> None:
        self.places = places
        self.hidden: dict[str, tuple[ModuleType, ModuleSpec | None]] = {}
        self.ours = tuple(os.path.join(place, name) + os.sep for name, place in places.items())

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for a name of the list, when code of ours asks; else None."""
        if name not in self.places or not self._is_for_us():
            return None
        if name in self.hidden:
            return ModuleSpec(name, self)  # type: ignore[arg-type]
        return PathFinder.find_spec(name, [self.places[name]])

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A hidden package again, with the submodules it had: compiled modules cannot be loaded twice."""
        back = {name: module for name, (module, _) in self.hidden.items() if _is_in(name, spec.name)}
        sys.modules.update(back)
        return back[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """It ran when it was first loaded; only its true spec is put back."""
        module.__spec__ = self.hidden[module.__name__][1]

    def find_distributions(self, context: Any) -> Iterable[Any]:
        """Our own version number, for :func:`importlib.metadata.version`; no other distribution is shown."""
        if context.name != "replay-debugger":
            return ()
        from importlib.metadata import DistributionFinder, MetadataPathFinder

        places = sorted(set(self.places.values()))
        return MetadataPathFinder.find_distributions(DistributionFinder.Context(name=context.name, path=places))

    def hide(self) -> None:
        """Take the carried dependencies out of the program's sight; our modules hold on to them."""
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in self.places and not _is_in(name, "replay") and self._is_carried(module):
                self.hidden[name] = module, module.__spec__
                del sys.modules[name]

    def _is_for_us(self) -> bool:
        frame = sys._getframe(2)
        while frame.f_back is not None and frame.f_code.co_filename.startswith(_IMPORTING):
            frame = frame.f_back
        return frame.f_code.co_filename.startswith(self.ours)

    def _is_carried(self, module: ModuleType) -> bool:
        file = getattr(module, "__file__", None) or ""
        return file.startswith(tuple(self.places.values()))


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


main()
