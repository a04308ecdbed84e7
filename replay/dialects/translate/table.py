"""The wire formats that can be spoken as one another, and a request put into another one's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from replay.dialects.dialect import Dialect
from replay.dialects.lenient import Document
from replay.dialects.translate import chat, messages
from replay.dialects.translate.reading import Translated
from replay.dialects.translate.voice import Voice, unspeakable
from replay.errors import UsageError

PROVIDERS: dict[str, Voice] = {"openai": chat.VOICE, "anthropic": messages.VOICE}
"""By the name that a swap calls the provider."""


def voice_of(dialect: Dialect) -> Voice:
    """The voice of ``dialect``. Raises :class:`UsageError` when its format can only be read."""
    found = next((voice for voice in PROVIDERS.values() if voice.dialect is dialect), None)
    if found is None:
        spoken = " and ".join(voice.dialect.name for voice in PROVIDERS.values())
        raise UsageError(
            f"the format {dialect.name} cannot be translated",
            hint=f"{spoken} can; or swap the model within its provider",
        )
    return found


def translated(body: Document, path: str, dialect: Dialect, to: Voice, model: str) -> Document:
    """``body`` of a request in the format of ``dialect``, asking ``model`` in the format of ``to``.

    Raises :class:`UsageError` for what the other format has no words for: nothing is left out silently.
    """
    of = voice_of(dialect)
    request = dialect.read_request(path, body)
    params, unknown = of.params(request.params)
    if unknown:
        raise unspeakable(f"the parameter {unknown[0]}", to.dialect.name)
    odd = next((tool for tool in request.tools if tool.kind != "function"), None)
    if odd is not None:
        raise unspeakable(f"the built-in tool {odd.name}", to.dialect.name)
    return to.request(replace(request, model=model, params=params))


def reading(dialect: Dialect, to: Voice, asked: Document) -> Callable[[], Translated]:
    """Makes what turns the answers of ``to`` into answers to ``asked``, a request of ``dialect``."""
    return lambda: Translated(to, voice_of(dialect), asked)
