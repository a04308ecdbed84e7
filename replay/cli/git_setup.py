"""``replay git-setup``: cassettes as text in ``git diff``, ``log -p`` and ``show``."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from replay.cli import output
from replay.cli.command import verb
from replay.errors import UsageError

PATTERNS = {
    # What git itself makes of line ends and merges would destroy them.
    "*.cassette": "diff=replay -text -merge",
    "*.cassette.zst": "-diff -text -merge",
}
"""What ``.gitattributes`` says (gitattributes(5))."""


@verb("git-setup", "Let git show cassettes as text.")
def command() -> int:
    """\b
    Examples:
      replay git-setup                             once in each clone
      replay git-setup && git diff                 shows which step changed

    Write lines for cassettes into .gitattributes (to be committed), and into this clone's configuration the command
    that turns them into text. Doing it again changes nothing. Forges show no such text: `replay diff --md` is for them.
    """
    top = Path(_git("rev-parse", "--show-toplevel"))
    added = _attributes(top / ".gitattributes")
    # By the interpreter's path: git runs this outside the virtual environment, and a command that fails ends the diff.
    words = f"{shlex.quote(sys.executable)} -m replay show --stable"
    _git("config", "--local", "diff.replay.textconv", words)
    _git("config", "--local", "diff.replay.binary", "true")
    # A cache would keep the text of encrypted cassettes in the repository.
    _git("config", "--local", "diff.replay.cachetextconv", "false")
    output.note(f"replay: git diff shows cassettes as text in {top}")
    if added:
        output.note("hint: git add .gitattributes")
    return 0


def _attributes(path: Path) -> bool:
    """Add what is missing; whether anything was."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    known = {line.split()[0] for line in before.splitlines() if line.split() and not line.startswith("#")}
    missing = [f"{pattern} {attributes}\n" for pattern, attributes in PATTERNS.items() if pattern not in known]
    if missing:
        gap = "" if not before or before.endswith("\n") else "\n"
        path.write_text(before + gap + "".join(missing), encoding="utf-8")
    return bool(missing)


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UsageError("there is no git here", hint="install git") from None
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it failed"])[-1]
        raise UsageError(f"git {words[0]}: {said}", hint="run this inside a git repository")
    return done.stdout.strip()
