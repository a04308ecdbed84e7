"""The keys: each an entry of one shape. What a key does is :mod:`replay.tui.view.viewer`'s or the app's business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from replay.errors import UsageError


@dataclass(frozen=True, slots=True)
class Key:
    """``id``: what it is called in ``[tool.replay.keys]``, in the palette, and in the app. ``keys``: as textual names
    them, the first is shown. ``label``: in the footer, empty when it is not there. ``tip``: what it does."""

    id: str
    keys: tuple[str, ...]
    group: str
    tip: str
    label: str = ""


KEYS: tuple[Key, ...] = (
    Key("next", ("s", "down", "j"), "step", "next row, into spans", "step"),
    Key("previous", ("S", "up", "k"), "step", "previous row"),
    Key("over", ("n",), "step", "next row at this depth, over what lies inside", "over"),
    Key("over-back", ("N",), "step", "previous row at this depth"),
    Key("finish", ("f",), "step", "end of the span"),
    Key("start", ("F",), "step", "start of the span"),
    Key("continue", ("c",), "step", "next difference or breakpoint", "next Δ"),
    Key("continue-back", ("C",), "step", "previous difference or breakpoint"),
    Key("first-difference", ("d",), "step", "first difference", "1st Δ"),
    Key("last-difference", ("D",), "step", "last difference"),
    Key("first", ("g", "home"), "step", "first row"),
    Key("last", ("G", "end"), "step", "last row"),
    Key("goto", ("colon",), "step", "go to: 14, b:15, llm:3, +12.5s, 50%"),
    Key("back", ("backspace",), "step", "back to where I was"),
    Key("search", ("slash",), "find", "search the text of all steps", "find"),
    Key("search-next", ("full_stop",), "find", "next step that was found"),
    Key("search-previous", ("comma",), "find", "previous step that was found"),
    Key("filter", ("ampersand",), "find", "show only rows such as kind:llm diff:true cost:>0.01 text", "filter"),
    Key("why", ("x",), "find", "where does a text come from: the first step that has it, and every copy"),
    Key("tab-response", ("1",), "find", "the response"),
    Key("tab-request", ("2",), "find", "the request"),
    Key("tab-messages", ("3",), "find", "what the model saw: each message and where it comes from"),
    Key("tab-metrics", ("4",), "find", "tokens, cost, time"),
    Key("tab-raw", ("5",), "find", "what lay on the wire"),
    Key("view", ("v",), "diff", "split, unified, A only, B only", "view"),
    Key("grain", ("w",), "diff", "changed words, characters or lines"),
    Key("structure", ("t",), "diff", "as text, or as the structure that was sent"),
    Key("hunk-previous", ("left_square_bracket",), "diff", "previous change in the pane"),
    Key("hunk-next", ("right_square_bracket",), "diff", "next change in the pane"),
    Key("ignore", ("i",), "diff", "fields that are not compared"),
    Key("page-down", ("pagedown", "space"), "diff", "scroll the pane down"),
    Key("page-up", ("pageup",), "diff", "scroll the pane up"),
    Key("open", ("enter",), "diff", "open the field that differs, or the row that caused it"),
    Key("edit", ("e",), "act", "edit the request or the answer, run again from here as B", "edit+rerun"),
    Key("rerun", ("r",), "act", "run again from here with another model, prompt or tool"),
    Key("cancel", ("escape",), "act", "stop a re-run; what it did so far stays"),
    Key("breakpoint", ("b",), "act", "breakpoint on this row"),
    Key("break-where", ("B",), "act", "breakpoint on all rows such as kind:tool cost:>0.01 text"),
    Key("note", ("m",), "act", "a note on this step, kept beside the cassette"),
    Key("verdict", ("M",), "act", "was this run good or bad, and why"),
    Key("copy", ("y",), "act", "copy the pane", "copy"),
    Key("copy-command", ("Y",), "act", "copy the command that opens this view again"),
    Key("export", ("o",), "act", "export what is shown: SVG, text, Markdown, a pytest test, a line of a golden set"),
    Key("help", ("question_mark",), "app", "what works here", "help"),
    Key("theme", ("T",), "app", "another theme"),
    Key("quit", ("q",), "app", "leave", "quit"),
)  # fmt: skip

BY_ID = {key.id: key for key in KEYS}

_NAMES = {
    "colon": ":", "slash": "/", "full_stop": ".", "comma": ",", "ampersand": "&", "left_square_bracket": "[",
    "right_square_bracket": "]", "question_mark": "?", "down": "↓", "up": "↑", "space": "space",
}  # fmt: skip


def named(key: str) -> str:
    """``key`` as it is written on a keyboard."""
    return _NAMES.get(key, key)


def remapped(table: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
    """The keys of each id that ``[tool.replay.keys]`` names: a string with commas between several keys.

    Raises :class:`UsageError` for an id that does not exist, and for a key that would do two things.
    """
    found = {id: _keys(id, value) for id, value in table.items()}
    taken: dict[str, str] = {}
    for id in (*found, *(id for id in BY_ID if id not in found)):
        for key in found.get(id, BY_ID[id].keys):
            if key in taken and taken[key] in found and id in found:
                raise UsageError(f"tool.replay.keys: {key} would be {taken[key]} and {id}", hint="choose another key")
            taken.setdefault(key, id)
    return found


def _keys(id: str, value: object) -> tuple[str, ...]:
    if id not in BY_ID:
        raise UsageError(f"tool.replay.keys: there is no {id!r}", hint=f"one of {', '.join(BY_ID)}")
    words = [word.strip() for word in value.split(",")] if isinstance(value, str) else []
    if not words or not all(words):
        raise UsageError(f"tool.replay.keys.{id} is no key", hint='a string such as "j" or "ctrl+n,down"')
    characters = {character: name for name, character in _NAMES.items()}
    return tuple([characters.get(word, word) for word in words])
