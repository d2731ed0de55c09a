"""Text of unknown origin, made harmless to print: in a terminal, a log, a page or a file."""

from __future__ import annotations

import unicodedata

HIDDEN = ("Cc", "Cf", "Cs", "Co")
"""Unicode's categories of control, format (direction too), surrogate and private characters."""


def printable(text: str, keep: str = "") -> str:
    """The text with every control character but those in `keep` replaced by U+FFFD."""
    if text.isprintable():  # most are
        return text
    return "".join(
        c if c in keep or unicodedata.category(c) not in HIDDEN else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )


def encodable(text: str) -> str:
    """The text with lone surrogates replaced, so that every encoding takes it."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
