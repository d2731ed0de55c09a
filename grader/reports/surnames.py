"""The order of people's names in a list: by surname, with letters where a reader looks for them.

Trusted, pure. It is that of DIN 5007-1 and of most of Europe: accents do not count, ß is ss.
"""

from __future__ import annotations

import re
import unicodedata

LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
"""Letters that Unicode does not take apart into a plain one and a mark."""

Key = tuple[tuple[str | int, ...], ...]


def key(name: str) -> Key:
    """What to sort by: the surname, then all of the name; numbers in it by their size.

    The surname stands before a comma, or else is the last word.
    """
    surname, comma, given = name.partition(",")
    if not comma:
        *first, surname = name.split() or [""]
        given = " ".join(first)
    return _parts(surname), _parts(given), _parts(name), (name,)


def _parts(text: str) -> tuple[str | int, ...]:
    """Words and numbers in turns, so that two texts can be compared part by part."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    parts = re.split(r"([0-9]{1,18})", letters)
    return tuple(int(p) if n % 2 else " ".join(p.split()) for n, p in enumerate(parts))
