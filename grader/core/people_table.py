"""Tables that people open in a spreadsheet program: one form for all that we write. Pure.

Semicolons and decimal commas, as Excel and LibreOffice take them where a comma parts decimals; a
byte order mark, for umlauts; and no text of anybody's is a formula. Programs read `results.json`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

from grader.core.untrusted_text import neutral

BEGIN = b"\xef\xbb\xbf"
"""Before the first row."""


def row(cells: Iterable[str | Decimal]) -> bytes:
    """One row: texts as they are, made harmless, and numbers with two decimals."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow([_text(cell) for cell in cells])
    return out.getvalue().encode("utf-8", "replace")


def number(value: Decimal) -> str:
    """A number with two decimals."""
    return f"{value:.2f}".replace(".", ",")


def _text(cell: str | Decimal) -> str:
    return number(cell) if isinstance(cell, Decimal) else neutral(cell)
