"""Words as the model compares them: lower case, without endings, without the ones that say nothing."""

from __future__ import annotations

import re

_SMALL = """
a an and are as at be been before but by can could do does for from get give go had has have he her his how i if
in into is it its let make me my no not now of on one only or our out please put say so than that the their them
then there they this to too up use user us was we were what when where which who will with would yes you your
return given number id new any all also always never customer
"""
_STOP = frozenset(_SMALL.split())
_ENDINGS = re.compile(r"(?:ing|ies|ied|ed|es|al|s|e|y)$")


def stems(text: str) -> frozenset[str]:
    """The telling words of ``text``; ``lookup_order`` and ``lookUpOrder`` are words like any other."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text)
    words = (word.lower() for word in re.findall(r"[^\W\d_]+", spaced))
    return frozenset(stem(word) for word in words if word not in _STOP and len(word) > 2)


def stem(word: str) -> str:
    """``word`` without its ending, if at least three letters stay."""
    cut = _ENDINGS.sub("", word)
    return cut if len(cut) >= 3 else word
