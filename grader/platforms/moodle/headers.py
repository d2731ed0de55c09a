"""Headers of Moodle's tables, English and German, of every release. Pure.

JSON downloads squeeze their headers, so all are compared in that form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

PEOPLE = {
    "last": ("surname", "lastname", "nachname"),
    "first": ("firstname", "vorname"),
    "email": ("emailaddress", "e-mail-adresse", "e-mail", "email"),
    "number": ("idnumber", "id-nummer", "matrikelnummer"),
    "username": ("username", "anmeldename"),
}


def squeezed(text: str) -> str:
    """A header as Moodle's JSON has it: small letters without spaces, points and commas."""
    return re.sub(r"[\s.,]+" if "/" not in text else r"\s+", "", text).casefold()


def column(header: Sequence[str], aliases: Sequence[str]) -> int | None:
    """Where one of these stands in a squeezed header."""
    return next((n for n, cell in enumerate(header) if cell in aliases), None)
