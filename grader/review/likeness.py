"""Which written answers are equal, and which are nearly: the first share a card. Pure.

Equal must never hide a difference that counts: signs, operators, powers, digits and single letters
stay as they are, so that `x < 0` and `x > 0`, `-1` and `1`, `x²` and `x2` are different answers.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
from rapidfuzz import fuzz, process

NEAR = 90
"""Of 100, as `rapidfuzz.fuzz.token_sort_ratio` counts: an answer within another is not near it."""
LONGEST = 2000
"""Characters that are compared; longer answers differ early, or are read anyway."""

STRESSED = 200
"""Characters between marks of emphasis: each beginning without an end is searched so far."""


def normalised(text: str) -> str:
    """The text without spaces, emphasis, capitals of words, a last full stop and list marks.

    A `-` or `+` ahead stays: it may be an item's mark, and it may be the sign of `- sin(x)`.
    """
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"^[ \t]*(?:\*|#{1,6}|\d{1,2}[.)])[ \t]+(?=[^\W\d_])", "", text, flags=re.M)
    text = re.sub(rf"(?<!\w)(\*\*|__)(?=\w)(.{{1,{STRESSED}}}?)(?<=\w)\1(?!\w)", r"\2", text)
    text = re.sub(r"[^\W\d_]{2,}", lambda word: word[0].casefold(), text)
    return re.sub(r"(?<=\w)\.$", "", " ".join(text.split()))


def equal(texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """By owner all owners of an equal answer, in the order of `texts`, the owner among them."""
    groups: dict[str, list[str]] = {}
    for owner, text in texts.items():
        groups.setdefault(normalised(text), []).append(owner)
    return {owner: tuple(group) for group in groups.values() for owner in group}


def neighbours(order: Sequence[str], texts: Mapping[str, str]) -> list[str]:
    """The owners in this order, but each followed by those whose answers are nearly the same."""
    shown = [normalised(texts.get(owner, ""))[:LONGEST] for owner in order]
    first = {text: place for place, text in reversed(list(enumerate(shown)))}
    unique = sorted(first.values())
    words = [" ".join(sorted(shown[place].split())) for place in unique]
    found = process.cdist(words, words, scorer=fuzz.ratio, score_cutoff=NEAR, dtype=np.uint8)
    near = {
        place: [unique[n] for n in np.flatnonzero(row)]
        for place, row in zip(unique, found, strict=True)
    }
    equals: dict[int, list[int]] = {}
    for place, text in enumerate(shown):
        equals.setdefault(first[text], []).append(place)
    placed: list[int] = []
    left = dict.fromkeys(unique)
    for place in unique:
        if place not in left:
            continue
        for other in [place, *near[place]]:
            if other in left:
                del left[other]
                placed += equals[other]
    return [order[place] for place in placed]
