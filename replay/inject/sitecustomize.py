"""Imported by the program's interpreter (module ``site``) before any of the program's own code.

Written in what every version of Python understands, since the program chooses the interpreter. It leaves no trace on
``sys.path``, brings the recorder in, and then gives the program its own ``sitecustomize``, if it has one.
"""

import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [_place for _place in sys.path if os.path.abspath(_place) != _here]

if os.environ.get("REPLAY_PLAN"):
    _path = os.path.join(_here, "bring.py" if sys.version_info >= (3, 11) else "refuse.py")
    with open(_path) as _file:
        exec(compile(_file.read(), _path, "exec"), {"__name__": "_replay_inject", "__file__": _path})

_ours = sys.modules.pop("sitecustomize", None)
try:
    import sitecustomize  # type: ignore[import-not-found]  # noqa: F401
except ImportError as _error:
    if str(_error).replace("'", "") != "No module named sitecustomize":
        raise
finally:
    # The import system fails on a module that took itself away.
    sys.modules.setdefault("sitecustomize", _ours)  # type: ignore[arg-type]
