"""The environments that the rows of the matrix need, because not all of their libraries agree on one.

``dev`` is the environment of ``make test``. Each other one is made under ``.venv/matrix`` when it is first needed, and
made anew when its requirements, the project's own or the interpreter are others.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
MADE = ROOT / ".venv" / "matrix"
HERE = "REPLAY_MATRIX_ENVIRONMENT"
"""The variable that tells a test run in which of them it is; unset: ``dev``."""

_OURS = (f"--editable={ROOT}[testing]", "hypothesis>=6.100", "pytest>=8.3", "pytest-asyncio>=1")
_PATIENCE = 3_000


@dataclass(frozen=True, slots=True)
class Environment:
    """``variables``: what its libraries need to be told to leave the network alone."""

    name: str
    requirements: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def python(self) -> Path:
        """Its interpreter; :func:`make` sees to it that there is one."""
        return Path(sys.executable) if self.name == "dev" else MADE / self.name / "bin" / "python"


ENVIRONMENTS = (
    Environment("dev"),
    Environment("openai2", ("openai[aiohttp]<3",)),
    Environment("litellm", ("litellm", "mcp", "boto3"), {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}),
    Environment("crewai", ("crewai",), {"CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TRACING_ENABLED": "false"}),
)


def make(environment: Environment) -> None:
    """Install ``environment``, unless it stands as it should. Raises :class:`subprocess.CalledProcessError`."""
    place, stamp = MADE / environment.name, _stamp(environment)
    noted = place / ".installed"
    if environment.name == "dev" or (noted.exists() and noted.read_text(encoding="utf-8") == stamp):
        return
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", place], check=True, timeout=_PATIENCE)
    install = [environment.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, *_OURS, *environment.requirements], check=True, timeout=_PATIENCE)
    noted.write_text(stamp, encoding="utf-8")


def _stamp(environment: Environment) -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ours = [project["dependencies"], project["optional-dependencies"]["testing"], _OURS]
    known = [sys.version, ours, environment.requirements]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()
