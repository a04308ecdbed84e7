"""What `make demo` shows: record an agent against a model on this machine, replay it with the model gone, then change
one word of its prompt and see where the run departs from the recording.

Every command below is one that you can type.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from contextlib import ExitStack
from pathlib import Path

from replay.errors import UsageError
from replay.testing import DEFAULT_PORT, ModelServer, model_server

AGENT = Path(__file__).with_name("support_agent.py")
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
DIVERGED = 4

Finished = subprocess.CompletedProcess[str]


def say(text: str) -> None:
    print("\n" + textwrap.fill(text, 100), flush=True)


def run(command: str, folder: Path, environment: dict[str, str]) -> Finished:
    """Run ``command`` and show it with all it printed, and its exit code if that is not 0."""
    print(f"\n  $ {command}", flush=True)
    done = subprocess.run(command.split(), cwd=folder, env=environment, capture_output=True, text=True, timeout=50)
    for line in (done.stdout + done.stderr).splitlines():
        print(textwrap.fill(line, 100, initial_indent="  │ ", subsequent_indent="  │   "))
    if done.returncode:
        print(f"  (exit code {done.returncode})")
    return done


def local_model(until: ExitStack) -> ModelServer:
    """At the examples' usual port, so that the commands also work later by hand; at any other if that is taken."""
    try:
        return until.enter_context(model_server(port=DEFAULT_PORT))
    except UsageError:
        return until.enter_context(model_server())


def edited(source: str) -> str:
    """The agent with one word of its prompt changed."""
    before, after = "a friendly support agent", "a formal support agent"
    if before not in source:
        raise SystemExit(f"demo: {AGENT.name} no longer says {before!r}")
    return source.replace(before, after)


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="replay-demo-"))
    shutil.copy(AGENT, folder / "agent.py")
    (folder / "edited.py").write_text(edited(AGENT.read_text()))
    recorded, environment = record(folder)
    played = play(folder, environment)
    changed = diverge(folder, environment)
    wrong = shortfalls(recorded, played, changed)
    print("".join(f"\ndemo: {line}" for line in wrong) or farewell(folder))
    return 1 if wrong else 0


def record(folder: Path) -> tuple[Finished, dict[str, str]]:
    say(
        "1. Record. A support agent answers a customer: two prompts in flight at once, tools side by side, a refund, "
        "today's date, dice. The model is a small one on this machine, and it never says a thing twice in the same way."
    )
    with ExitStack() as until:
        server = local_model(until)
        environment = {**os.environ, **server.env(), "PATH": PATH}
        recorded = run("replay record -o demo.cassette -- python agent.py", folder, environment)
        calls = server.calls
    say(f"Model and tools answered {calls} requests. Their server is stopped now: there is nothing left to call.")
    return recorded, environment


def play(folder: Path, environment: dict[str, str]) -> Finished:
    say("2. Replay. The same code runs again; every answer, every date and every die comes from the cassette.")
    return run("replay play demo.cassette", folder, environment)


def diverge(folder: Path, environment: dict[str, str]) -> Finished:
    say(
        '3. Change one word: the prompt says "formal" where it said "friendly". The replay stops at the first request '
        "that the cassette does not hold, and says why. Exit code 4 is what we want to see."
    )
    return run("replay play demo.cassette -- python edited.py", folder, environment)


def shortfalls(recorded: Finished, played: Finished, changed: Finished) -> list[str]:
    """What did not go as it must; empty when all did."""
    checks = {
        f"recording ended with {recorded.returncode}, not 0": recorded.returncode == 0,
        "the recorded run printed no answer": bool(recorded.stdout.strip()),
        f"the replay ended with {played.returncode}, not 0": played.returncode == 0,
        "the replay printed something else than the recorded run": played.stdout == recorded.stdout,
        f"the edited agent ended with {changed.returncode}, not {DIVERGED}": changed.returncode == DIVERGED,
    }
    return [what for what, holds in checks.items() if not holds]


def farewell(folder: Path) -> str:
    return f"""
The replay was the same to the letter. Try next:

  cd {folder}
  replay show demo.cassette                                                 # the run, step by step
  replay play demo.cassette --on-divergence live -- python edited.py        # let only what changed run for real
  replay verify demo.cassette                                               # is it still the same, for CI
"""


if __name__ == "__main__":
    sys.exit(main())
