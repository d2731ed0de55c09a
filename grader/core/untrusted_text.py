"""Text of unknown origin, its power taken: in a terminal, a log, Markdown or a table. Pure."""

from __future__ import annotations

import re
import unicodedata

HIDDEN = ("Cc", "Cf", "Cs", "Co")
"""Unicode's categories of control, format (direction too), surrogate and private characters."""

BREAKS = "\t\n\u2028\u2029"
"""What parts words and lines."""

FORMULA = re.compile(
    r"^(?=[\t\r\n])|(?:^|(?<=[,;|\t\r\n\"]))"
    r"(?!\s{0,9}[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?\s*(?:[,;|\t\r\n\"]|$))"
    r"(?=[^\S\t\r\n]*[=+\-@\uff1d\uff0b\uff0d\uff20])"
)
"""Where a formula would begin, if it is no mere number: in a cell, and after each sign at which one
program or another splits. Some take the wide forms of `=+-@` as well."""


TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.")


def printable(text: str, keep: str = "") -> str:
    """The text with every control character but those in `keep` replaced by U+FFFD.

    A tab or the end of a line is a space.
    """
    if text.isprintable():  # most are
        return text
    return "".join(c if c in keep else _shown(c) for c in text.replace("\r\n", "\n"))


def _shown(sign: str) -> str:
    if sign in BREAKS:
        return " "
    return "\N{REPLACEMENT CHARACTER}" if unicodedata.category(sign) in HIDDEN else sign


def encodable(text: str) -> str:
    """The text with lone surrogates replaced, so that every encoding takes it."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def without_terminal_codes(text: str) -> str:
    """The text without colours and what else a terminal obeys; every encoding takes it."""
    return encodable(TERMINAL_CODES.sub("", text))


def for_log(text: str) -> str:
    """One line that no runner takes for a command."""
    return without_commands(" ".join(printable(text, "\n\t\r").split()))


def without_commands(line: str) -> str:
    """`::name::`, `##[name]` and `##vso[name]`, which a runner would obey, are broken up."""
    return re.sub(r"##(?=[\w.-]*\[)", "## ", re.sub(r":(?=:)", ": ", line))


def for_markdown(text: str) -> str:
    """Text that Markdown shows as it is: no links, pictures, HTML, mentions or tables."""
    line = " ".join(printable(text, "\n\t\r").split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_{}\[\]()#+\-!|~$])", r"\\\1", line)
    return line.replace("@", "&#64;").replace("://", "&#58;//").replace("www.", "www&#46;")


def code(text: str, most: int = 300) -> str:
    """Text as Markdown code in one line, in a table or outside."""
    line = " ".join(printable(text, "\n\t\r").split())[:most]
    fence = "`" * (max((len(run) for run in re.findall(r"`+", line)), default=0) + 1)
    return f"{fence} {line} {fence}".replace("|", "\\|") if line else ""


def neutral(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, wherever it splits cells and lines."""
    return FORMULA.sub("'", text)
