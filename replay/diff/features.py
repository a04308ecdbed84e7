"""What a step is, for telling how alike two steps are.

A call to a model repeats its whole history: neighbours would all look alike, and one early change would make everything
after it look different. So a call counts as what is new in it (the messages since the model's last words) and what the
model said. Words are compared, not letters: unrelated English shares half its letters in order.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import blake2b

from rapidfuzz.distance import Indel

from replay.canon.volatile import VOLATILE
from replay.dialects.model import LlmAnswer, LlmRequest, Message
from replay.dialects.steps import Step

MAX_WORDS = 200
MAX_TEXT = 4000
_INSTRUCTIONS = ("system", "developer")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+")  # Chinese, Japanese and Korean have no spaces
_VOLATILE = re.compile(VOLATILE.pattern.decode())
_HOST = re.compile(r"(?<= )[^/]*(?=/)")
"""A server moves, and one on this machine has another port each time it starts; what is asked of it stays."""

_FIRST_CODE = 0x100
_CODES = 0x110000 - _FIRST_CODE


@dataclass(frozen=True, slots=True)
class Feature:
    """``asked`` and ``said``: words, one character each (:class:`Vocabulary`). ``context``: what surrounds a call
    without being new. ``core``: a digest of all but the context, equal for steps that do the same."""

    kind: str
    name: str
    asked: str
    said: str
    context: Hashable
    core: bytes


class Vocabulary:
    """Gives each word a character, so that comparing words is comparing short strings."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}

    def encode(self, text: str) -> str:
        """The first words of ``text``; at most 200."""
        codes = self._codes
        found = []
        for word in _WORD.findall(text[:MAX_TEXT])[:MAX_WORDS]:
            code = codes.get(word)
            if code is None:
                code = codes[word] = chr(_FIRST_CODE + len(codes) % _CODES)
            found.append(code)
        return "".join(found)

    def feature(self, step: Step) -> Feature:
        """What ``step`` is."""
        request, answer = step.request, step.answer
        if request is None:
            name, asked, said = _HOST.sub("", step.name), step.arguments, step.value or step.error
            context: Hashable = None
        else:
            name, asked, said = "", _new_words(request), _answer_words(answer) or step.error
            context = (request.model, _instructions(request), len(request.messages))
        asked, said = _VOLATILE.sub("<>", asked[: 2 * MAX_TEXT]), _VOLATILE.sub("<>", said[: 2 * MAX_TEXT])
        core = blake2b(
            "\0".join((step.kind, name, asked, said)).encode("utf-8", "surrogatepass"), digest_size=16
        ).digest()
        return Feature(step.kind, name, self.encode(asked), self.encode(said), context, core)


def similarity(a: Feature, b: Feature) -> float:
    """From 0 (not to be compared) to 1."""
    if a.kind != b.kind:
        return 0.0
    if a.core == b.core:
        return 0.98 + 0.02 * (a.context == b.context)
    asked, said = _ASKED * _weight(a.asked, b.asked), _SAID * _weight(a.said, b.said)
    if a.kind == "llm":
        kin = _CONTEXT
        same = 1.0 if a.context == b.context else 0.5
    else:
        kin = _NAME
        same = 1.0 if a.name == b.name else 0.0
    alike = kin * same + asked * words_alike(a.asked, b.asked) + said * words_alike(a.said, b.said)
    return alike / (kin + asked + said) * (1.0 if same else _RENAMED)


_NAME = 0.35
_CONTEXT = 0.1
_ASKED, _SAID = 0.4, 0.55
"""A question may come twice; that the same answer was written twice by chance is rarer."""

_RENAMED = 0.75
"""Steps of different names are the same only when much else is equal."""

_BY_CHANCE = 0.1
"""What unrelated texts share: the common words of a language."""

_TELLING = 6
"""Words from which on a text tells all it can about which step it belongs to."""


def words_alike(a: str, b: str) -> float:
    """The share of words that two texts have in common, in order."""
    if a == b:
        return 1.0
    return max(0.0, Indel.normalized_similarity(a, b) - _BY_CHANCE) / (1 - _BY_CHANCE) if a and b else 0.0


def _weight(a: str, b: str) -> float:
    longer = max(len(a), len(b))
    return 1.0 if longer >= _TELLING else (0.5 + longer) / (0.5 + _TELLING)


def _new_words(request: LlmRequest) -> str:
    """What was said since the model's last words; instructions only when there is nothing else."""
    messages = request.messages
    last = next((at for at in range(len(messages) - 1, -1, -1) if messages[at].role in ("assistant", "model")), -1)
    new = [message for message in messages[last + 1 :] if message.role not in _INSTRUCTIONS]
    return "\n".join([_words(message) for message in new or messages[-1:]])


def _instructions(request: LlmRequest) -> int:
    return hash(tuple([message.text for message in request.messages if message.role in _INSTRUCTIONS]))


def _answer_words(answer: LlmAnswer | None) -> str:
    return "\n".join([_words(message) for message in answer.messages]) if answer else ""


def _words(message: Message) -> str:
    called = [f"{call.name} {call.arguments}" for call in message.tool_calls]
    rest = [part.text for part in message.parts if part.kind != "text"]
    return "\n".join([message.text, *called, *rest])
