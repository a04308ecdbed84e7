"""One program: recorded, replayed with its services gone, with one answer swapped, and with its prompt edited."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path

from replay.dialects.cassette import open_cassette
from replay.testing import model_server
from tests.cli.rig import replay

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".venv" / "node"
"""Where the SDKs are installed. Programs are copied there, for Node looks for packages beside them."""

PROGRAMS = (ROOT / "examples" / "support_agent.mjs", *sorted((Path(__file__).parent / "programs").glob("*.mjs")))
SERVICES = ("openai", "anthropic", "gemini", "ollama")
SWAPPED = "This was swapped in."


@dataclass(frozen=True, slots=True)
class Row:
    """``replays``: those that printed the same and were identical. ``why``: the last lines of what went wrong."""

    program: str
    requests: int = 0
    replays: int = 0
    of: int = 0
    swap_is_seen: bool = False
    edit_is_told: bool = False
    why: str = ""

    @property
    def is_whole(self) -> bool:
        return bool(self.requests) and self.replays == self.of and self.swap_is_seen and self.edit_is_told


def install() -> None:
    """Have npm put the SDKs into :data:`PLACE`."""
    PLACE.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).parent / "package.json", PLACE)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel", "error"], cwd=PLACE, check=True)


def is_installed() -> bool:
    return shutil.which("node") is not None and (PLACE / "node_modules" / "openai").is_dir()


def check(program: Path, folder: Path, times: int) -> Row:
    """What came of ``program``; its cassettes are put into ``folder``."""
    copy = Path(shutil.copy(program, PLACE))
    cassette = str(folder / f"{program.stem}.cassette")
    with model_server(latency=(0.0, 0.02)) as services:
        told = {**services.env(), "OLLAMA_HOST": services.url}
        to = [word for name in (*SERVICES, f"SHOP_URL={services.url}") for word in ("--to", name)]
        recorded = replay("proxy", "--record", cassette, *to, "--", "node", str(copy), cwd=folder, **told)
    if recorded.returncode:
        return Row(program.name, why=_end(recorded.stderr))
    steps = open_cassette(cassette).steps
    last = [step.number for step in steps if step.kind == "llm"][-1]
    again = [replay("play", cassette, cwd=folder) for _ in range(times)]
    same = [each for each in again if each.stdout == recorded.stdout and "replay: identical: " in each.stderr]
    words = ("--swap", f"response:{last}={_other(cassette, last, recorded.stdout)}", "--on-divergence", "nearest")
    swapped = replay("play", cassette, *words, cwd=folder)
    copy.write_text(copy.read_text().replace("friendly", "grumpy"))
    edited = replay("play", cassette, cwd=folder)
    wrong = next((each for each in again if each not in same), swapped if SWAPPED not in swapped.stdout else edited)
    row = Row(
        program.name,
        requests=sum(step.event is not None for step in steps),
        replays=len(same),
        of=times,
        swap_is_seen=swapped.returncode == 0 and SWAPPED in swapped.stdout,
        edit_is_told=edited.returncode == 4 and "cause: your prompt changed" in edited.stderr,
    )
    return row if row.is_whole else Row(*[getattr(row, field.name) for field in fields(row)][:-1], _end(wrong.stderr))


def _other(cassette: str, step: int, printed: str) -> str:
    """An answer for ``step``: words, or where the answer was not streamed, its JSON with other words."""
    body = open_cassette(cassette).steps[step - 1].source.answer.body.decode()
    said = json.dumps(printed.splitlines()[-1])[1:-1]
    return body.replace(said, SWAPPED) if body.startswith("{") and said in body else SWAPPED


def _end(text: str) -> str:
    return " / ".join(text.splitlines()[-6:])
