"""Text of unknown origin is harmless, and otherwise as it was."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from grader.core.untrusted_text import HIDDEN, encodable, printable


def test_every_hidden_character_is_replaced_and_no_other() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        is_hidden = unicodedata.category(character) in HIDDEN
        assert printable(character) == ("\N{REPLACEMENT CHARACTER}" if is_hidden else character)


@pytest.mark.parametrize(
    ("text", "keep", "shown"),
    [
        ("a plain text", "", "a plain text"),
        ("Ä\u202egrade", "", "Ä\N{REPLACEMENT CHARACTER}grade"),
        ("a\nb\tc", "\n", "a\nb\N{REPLACEMENT CHARACTER}c"),
        ("", "", ""),
    ],
)
def test_what_is_kept_stays(text: str, keep: str, shown: str) -> None:
    assert printable(text, keep) == shown


@pytest.mark.parametrize("text", ["a", "ä", "\ud800", "a\udfffb"])
def test_every_encoding_takes_what_is_encodable(text: str) -> None:
    found = encodable(text)
    assert found == text.encode("utf-8", "replace").decode()
    assert found.encode("utf-16").decode("utf-16") == found
