"""Putting the answer into words: it quotes what the tools said, in the tone and language that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from replay.testing.model.choosing import Choice
from replay.testing.model.directions import Directions
from replay.testing.model.facts import in_result
from replay.testing.model.words import stems
from replay.testing.turn import Prompt, ToolCall

_CLOSINGS = ("Is there anything else?", "Let me know if you need more.", "I am here if you have other questions.")
_FRAMES = ("{subject}: {values}.", "For {subject} I see {values}.", "Here is what I have on {subject}: {values}.")
_ECHOES = (
    "You wrote about {topics}.",
    "I understand this is about {topics}.",
    "This concerns {topics}, if I read it right.",
)
_UNSAID = "look up lookup find fetch search check list read query show get"


@dataclass(frozen=True, slots=True)
class _Manners:
    greetings: tuple[str, ...]
    thanks: str


_MANNERS = {
    "english": _Manners(("Hello!", "Hi there.", "Thanks for writing."), "Kind regards"),
    "french": _Manners(("Bonjour !", "Bonjour et merci.", "Merci de votre message."), "Cordialement"),
    "german": _Manners(("Guten Tag!", "Hallo!", "Danke für Ihre Nachricht."), "Mit freundlichen Grüßen"),
    "spanish": _Manners(("¡Hola!", "Buenos días.", "Gracias por escribir."), "Un saludo"),
    "portuguese": _Manners(("Olá!", "Bom dia.", "Obrigado pela mensagem."), "Com os melhores cumprimentos"),
    "italian": _Manners(("Buongiorno!", "Salve.", "Grazie del messaggio."), "Cordiali saluti"),
}


def answer(prompt: Prompt, choice: Choice, directions: Directions, rng: Random) -> str:
    """The whole answer. ``rng`` picks among equal ways to say it."""
    body = _body(prompt, choice, directions, rng)
    if directions.style == "brief":
        return body
    manners = _MANNERS[directions.language]
    opening = "Dear customer," if directions.style == "formal" else rng.choice(manners.greetings)
    closing = f"{manners.thanks}." if directions.style == "formal" else rng.choice(_CLOSINGS)
    signature = f" {directions.signature}" if directions.signature else ""
    return f"{opening} {body} {closing}{signature}"


def label(prompt: Prompt, labels: tuple[str, ...]) -> str:
    """The label that shares most words with the question; the last one, usually "other", when none does."""
    asked = stems(prompt.latest[0].text) if prompt.latest else frozenset()
    best = max(labels, key=lambda name: len(stems(name) & asked))
    return best if stems(best) & asked else labels[-1]


def _body(prompt: Prompt, choice: Choice, directions: Directions, rng: Random) -> str:
    sentences = [*_quotes(prompt, directions, rng), *(f"{reason}." for reason in choice.refused)]
    if not sentences and choice.missing:
        sentences = [f"To help I need your {' and '.join(name.replace('_', ' ') for name in choice.missing)}."]
    if not sentences:
        sentences = [_echo(prompt, rng)]
    date = f"As of {directions.today}: " if directions.today else ""
    return date + " ".join(sentences)


def _quotes(prompt: Prompt, directions: Directions, rng: Random) -> list[str]:
    calls = {call.id: call for message in prompt.latest for call in message.calls}
    frames = _FRAMES[:1] if directions.style == "brief" else _FRAMES
    return [
        _quote(calls.get(message.call_id), in_result(message.text), rng.choice(frames))
        for message in prompt.latest
        if message.role == "tool"
    ]


def _quote(call: ToolCall | None, result: dict[str, Any], frame: str) -> str:
    subject = _subject(call)
    if "error" in result:
        return f"I could not help with {subject}: {result['error']}."
    given = set(call.arguments) if call else set()
    shown = [_value(key, value) for key, value in result.items() if key not in given and not key.endswith("_at")]
    sentence = frame.format(subject=subject, values=", ".join(shown) or "nothing")
    return sentence[0].upper() + sentence[1:]


def _value(key: str, value: Any) -> str:
    return str(value) if key == "result" else f"{key.replace('_', ' ')} {value}"


def _subject(call: ToolCall | None) -> str:
    if call is None:
        return "your question"
    words = [word for word in call.name.split("_") if word not in _UNSAID.split()]
    return " ".join([*words, *(str(value) for value in list(call.arguments.values())[:2])])


def _echo(prompt: Prompt, rng: Random) -> str:
    words = prompt.latest[0].text.split() if prompt.latest else []
    topics = [word.strip(".,?!;:") for word in words if stems(word)]
    return rng.choice(_ECHOES).format(topics=", ".join(dict.fromkeys(topics[:6])) or "nothing in particular")
