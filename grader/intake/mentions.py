"""Finds people in texts: their names in any order and spelling, addresses and numbers. Pure.

A name of one word is no mention in what a student wrote: in code it may mean something else.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from grader.intake.identity import GERMAN

WORDS, LETTERS = re.compile(r"[^\W_]+"), re.compile(r"[^\W\d_]+")
BETWEEN, TOGETHER = r"[\W_]{1,3}", r"[\W_]{0,3}"
"""What may stand between the words of a name; nothing at all where the whole is long enough."""

UNSPACED = "\u2e80"
"""From here on scripts have no spaces between words, and a name begins and ends anywhere."""

LONG, FEW_DIGITS, MOST_WORDS = 8, 5, 6
SIGNED = re.compile(r"(?=.*[\d._-]).{6,}")
"""User names that are no word of any language."""


@dataclass(frozen=True)
class Mention:
    """One way to write of somebody, and what stands in its place."""

    pattern: str
    within: str  # a part that each such text has, folded
    stands: str
    is_plain: bool = True  # safe in code, too

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE)

    def replaced(self, text: str) -> str:
        """The text without it."""
        return self._compiled.sub(self.stands, text)


def among(texts: Iterable[str], mentions: Iterable[Mention]) -> list[Mention]:
    """Those of the mentions that may be found in these texts, in their order."""
    known = list(mentions)
    folded = _normal("\n".join(texts)).casefold()
    found = {part for part in {mention.within for mention in known} if part in folded}
    return [mention for mention in known if mention.within in found]


def replaced(text: str, mentions: Iterable[Mention]) -> str:
    """A text with all that are mentioned replaced; one that mentions nobody as it is."""
    plain = _normal(text)
    for mention in mentions:
        plain = mention.replaced(plain)
    return plain if plain != _normal(text) else text


def _normal(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def of_name(name: str, stands: str) -> Iterator[Mention]:
    """Of a name: in any order of its words, and the first with the last alone."""
    words = WORDS.findall(unicodedata.normalize("NFC", name))[:MOST_WORDS]
    if len(words) < 2:
        if words:
            yield _of_words(words, stands, is_plain=False)
        return
    orders = {tuple(words[n:] + words[:n]) for n in range(len(words))}
    orders |= {(words[0], words[-1]), (words[-1], words[0])}
    ways = {tuple(map(spell, order)) for order in orders for spell in SPELLINGS}
    for way in sorted(ways, key=lambda way: (-sum(map(len, way)), way)):
        yield _of_words(list(way), stands)


def of_address(address: str, stands: str) -> Iterator[Mention]:
    """Of an e-mail address or user name; of a name that is a mere word not in what others wrote."""
    if text := unicodedata.normalize("NFC", address.strip()):
        pattern = rf"(?<![\w.]){re.escape(text)}(?!\w)"
        is_plain = "@" in text or SIGNED.fullmatch(text) is not None
        yield Mention(pattern, text.casefold(), stands, is_plain)


def of_number(number: str, stands: str) -> Iterator[Mention]:
    """Of a number of enough digits."""
    if len(number) >= FEW_DIGITS and number.isascii() and number.isdigit():
        yield Mention(rf"(?<!\d){number}(?!\d)", number, stands)


def _of_words(words: list[str], stands: str, *, is_plain: bool = True) -> Mention:
    is_spaced = all(sign < UNSPACED for word in words for sign in word)
    between = TOGETHER if not is_spaced or sum(map(len, words)) >= LONG else BETWEEN
    pattern = between.join(map(re.escape, words))
    if is_spaced:
        before = r"(?<!\d)" if words[0][0].isdigit() else r"(?<![^\W\d_])"
        after = r"(?!\d)" if words[-1][-1].isdigit() else r"(?![^\W\d_])"
        pattern = f"{before}{pattern}{after}"
    return Mention(pattern, max(words, key=len).casefold(), stands, is_plain)


def _without_accents(word: str) -> str:
    bare = unicodedata.normalize("NFKD", word)
    return "".join(sign for sign in bare if not unicodedata.combining(sign))


SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda word: word,
    lambda word: word.translate(GERMAN),
    _without_accents,
    lambda word: json.dumps(word)[1:-1],  # as notebooks have it that lie beside others
)
