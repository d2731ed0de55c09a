"""Text of unknown origin is harmless, and otherwise as it was."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from grader.core.untrusted_text import (
    BREAKS,
    HIDDEN,
    code,
    encodable,
    for_log,
    for_markdown,
    neutral,
    printable,
    without_terminal_codes,
)


def test_every_hidden_character_is_replaced_and_no_other() -> None:
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        is_hidden = unicodedata.category(character) in HIDDEN
        shown = "\N{REPLACEMENT CHARACTER}" if is_hidden else character
        assert printable(character) == (" " if character in BREAKS else shown)


@pytest.mark.parametrize(
    ("text", "keep", "shown"),
    [
        ("a plain text", "", "a plain text"),
        ("Ä\u202egrade", "", "Ä\N{REPLACEMENT CHARACTER}grade"),
        ("a\nb\tc", "\n", "a\nb c"),
        ("ValueError: in line 3:\r\n x\n\u2028", "", "ValueError: in line 3:  x  "),
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


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("-1+cmd|x", "'-1+cmd|x"),
        ("＝1", "'＝1"),
        ("good,=1+1", "good,'=1+1"),
        ("good;=1+1", "good;'=1+1"),
        ("good\t@x", "good\t'@x"),
        ("good\n=cmd|x", "good\n'=cmd|x"),
        ("good\r\n =x", "good\r\n' =x"),
        ('good,"=1', "good,\"'=1"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_no_cell_begins_a_formula_wherever_a_program_splits(text: str, cell: str) -> None:
    assert neutral(text) == cell
    assert neutral(cell) == cell


@pytest.mark.parametrize("text", ["-1", "+1.5", "0.5, -1.0, 2", "1e-3; -2e-5", "yes - no", ""])
def test_numbers_and_plain_words_stay_as_they_are(text: str) -> None:
    assert neutral(text) == text


@pytest.mark.parametrize("text", ["::a::b", "x ::a::", "##[a]b", "x##vso[a.b]c", ":::a"])
def test_no_line_of_a_log_is_a_command(text: str) -> None:
    line = for_log(text)
    assert "::" not in line
    assert "##[" not in line
    assert "##vso[" not in line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        (" \n ", ""),
        ("f(x)\n  + 1", "` f(x) + 1 `"),
        ("a ` b", "`` a ` b ``"),
        ("``", "``` `` ```"),
        ("a | b", "` a \\| b `"),
        ("\x1b[31m", "` \N{REPLACEMENT CHARACTER}[31m `"),
        ("x" * 301, f"` {'x' * 300} `"),
    ],
)
def test_code_in_markdown_ends_where_it_should(text: str, shown: str) -> None:
    assert code(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a b"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("@team #1", "&#64;team \\#1"),
        ("https://a.b", "https&#58;//a.b"),
        ("www.a.b", "www&#46;a.b"),
        ("*a* [b](c) ~d~ $e$", r"\*a\* \[b\]\(c\) \~d\~ \$e\$"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text: str, shown: str) -> None:
    assert for_markdown(text) == shown


def test_a_log_has_a_text_in_one_line() -> None:
    assert for_log("a\n\n ::error::b\t##[x]\u202e") == (
        "a : :error: :b ## [x]\N{REPLACEMENT CHARACTER}"
    )


def test_a_long_cell_is_looked_at_once() -> None:
    """From each separator to the end, it took hours."""
    for sign in "\t\n, ":
        cell = sign * 300_000
        assert neutral(f"{cell}=1").count("'") in (1, 2)


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31mred\x1b[0m",
        "\x1b]8;;http://x\x07red\x1b]8;;\x07",
        "\x1b[2J\x1b[1;1Hred",
        "\x1bcred",
    ],
)
def test_terminal_codes_are_removed(text: str) -> None:
    assert without_terminal_codes(text) == "red"
