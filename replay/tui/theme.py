"""How each role looks: a style made of the colours of the theme in use. Marks carry the meaning without."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

ROLES: dict[str, tuple[str, str, str]] = {
    "": ("foreground", "", ""),
    "brand": ("background", "primary", "bold"),
    "title": ("foreground", "", "bold"),
    "strong": ("foreground", "", "bold"),
    "dim": ("foreground 60", "", ""),
    "gutter": ("foreground 45", "", ""),
    "bars": ("text-primary", "", ""),
    "good": ("text-success", "", "bold"),
    "bad": ("text-error", "", "bold"),
    "error": ("text-error", "", ""),
    "mode": ("background", "secondary-lighten-2", "bold"),
    "said": ("text-warning", "", ""),
    "cursor": ("text-warning", "", "bold"),
    "breakpoint": ("text-error", "", "bold"),
    "here": ("foreground", "primary-muted", "bold"),
    "equal": ("foreground 45", "", ""),
    "alike": ("text-secondary", "", ""),
    "changed": ("text-warning", "", "bold"),
    "added": ("text-success", "", ""),
    "removed": ("text-error", "", ""),
    "added.sign": ("text-success", "", "bold"),
    "removed.sign": ("text-error", "", "bold"),
    "added.word": ("text-success", "success-muted", "bold"),
    "removed.word": ("text-error", "error-muted", "bold"),
    "heading": ("text-primary", "", "bold"),
    "kind.llm": ("text-primary", "", ""),
    "kind.tool": ("text-warning", "", ""),
    "kind.http": ("text-secondary", "", ""),
    "kind.process": ("text-accent", "", ""),
    "kind.span": ("foreground 60", "", ""),
    "json.key": ("text-primary", "", ""),
    "json.string": ("foreground", "", ""),
    "json.number": ("text-accent", "", ""),
    "json.word": ("text-accent", "", "italic"),
    "tab": ("foreground 60", "", ""),
    "tab.here": ("foreground", "primary-muted", "bold"),
    "key": ("text-warning", "", "bold"),
}
"""Role: foreground, background, attributes. A colour is a variable of textual's themes; a number after it says how
much of it is mixed into the background, in percent."""


class Looks:
    """The styles of the themes that were in use."""

    def __init__(self) -> None:
        self._of: dict[str, Mapping[str, Style]] = {}

    def of(self, theme: Theme) -> Mapping[str, Style]:
        """The style of each role under ``theme``."""
        if theme.name not in self._of:
            colours = theme.to_color_system().generate()
            self._of[theme.name] = {role: _style(colours, *look) for role, look in ROLES.items()}
        return self._of[theme.name]


def _style(colours: Mapping[str, str], front: str, back: str, attributes: str) -> Style:
    words = dict.fromkeys(attributes.split(), True)
    return Style(
        color=_colour(colours, front).rich_color if front else None,
        bgcolor=_colour(colours, back).rich_color if back else None,
        bold=words.get("bold"),
        italic=words.get("italic"),
    )


def _colour(colours: Mapping[str, str], name: str) -> Color:
    variable, _, share = name.partition(" ")
    colour, ground = (Color.parse(colours[each].split()[0]) for each in (variable, "background"))
    if not share or colour.ansi is not None or ground.ansi is not None:
        return colour  # of the terminal's own colours nobody knows what they are: they cannot be mixed
    return ground.blend(colour, int(share) / 100)
