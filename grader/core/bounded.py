"""Reads what others wrote, within bounds: numbers, JSON, packed bytes, pictures. Trusted, pure.

TOML has `toml_text`, what a kernel sends has `codec`, and notebooks have `notebook`.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

MOST_VALUES = 2_000_000
"""Of lists, dicts and their members: parsed, each takes some fifty times what it takes as text."""

DEEPEST = 100
LONGEST_INT = 300
"""Digits. Longer ones can't become a float, and take time that grows with their square."""

NUMBER = re.compile(r"[+-]?(?:\d{1,12}(?:[.,]\d{0,30})?|[.,]\d{1,30})(?:[eE][+-]?\d{1,2})?")
LARGEST = Decimal(10) ** 12

YEARS = range(1970, 2200)
LATEST = 7e9
"""Seconds from 1970 to about the last of these years."""

PNG = b"\x89PNG\r\n\x1a\n"
MOST_PIXELS, ALL_PIXELS = 16_000_000, 100_000_000
"""Of one picture, and of all that one page shows: a small file can unpack to more than a browser
has memory for."""


def decimal(text: str) -> Decimal | None:
    """A number of points or a grade, with a decimal point or comma; None if it is none.

    Nor is one that no course gives: such as 1E+999999, with which each sum would be an error.
    """
    cleaned = text.strip()
    if not NUMBER.fullmatch(cleaned):
        return None
    number = Decimal(cleaned.replace(",", "."))
    return number if abs(number) < LARGEST else None


def cents(text: str) -> Decimal | None:
    """As `decimal`; None as well if it has more than two digits after the point."""
    number = decimal(text)
    if number is None:
        return None
    with localcontext(prec=60):
        return number if number == round(number, 2) else None


def time(text: str) -> datetime:
    """A time as 2021-05-30T20:00, with or without seconds and zone.

    Raises:
        ValueError: it is none, or of a year near the ends of the calendar, where a time in one zone
            has no like in another.
    """
    found = datetime.fromisoformat(text)
    if found.year not in YEARS:
        raise ValueError(f"{text[:40]!r} is in no year of a course")
    return found


def file_time(seconds: float) -> datetime:
    """The local time of a file that was changed so many seconds after 1970; the nearest to it."""
    return datetime.fromtimestamp(min(max(seconds, 0), LATEST))


def json_value(text: str, most: int = MOST_VALUES) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is none, or holds more, longer or deeper than anybody writes.
    """
    if values(text) > most:
        raise ValueError(f"it holds more than {most} values")
    try:
        value = json.loads(text, parse_int=_whole)
    except RecursionError:
        raise ValueError("its lists are nested too deeply") from None
    if _deeper(value, DEEPEST):
        raise ValueError("its lists are nested too deeply")
    return value


def values(text: str | bytes) -> int:
    """An upper bound of how many values JSON text holds, found without parsing it."""
    if isinstance(text, str):
        return sum(text.count(sign) for sign in ",[{") + 1
    return sum(text.count(sign) for sign in (b",", b"[", b"{")) + 1


def _whole(text: str) -> int:
    if len(text) > LONGEST_INT:
        raise ValueError("a whole number has too many digits")
    return int(text)


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels <= 0 or any(_deeper(part, levels - 1) for part in inner)


def unpacked(body: bytes, most: int) -> bytes:
    """What zlib packed, if that is at most so many bytes.

    Raises:
        ValueError: it is more, or no such body.
    """
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(body, most)
    except zlib.error as bad:
        raise ValueError(f"not a packed body ({bad})") from None
    if not unpacking.eof:
        raise ValueError(f"a packed body that breaks off, or is larger than {most >> 20} MiB")
    return content


def pictures(files: Iterable[bytes]) -> list[bytes]:
    """Those that are PNG files, as many as fit on a page by what their heads say of their size."""
    found, room = [], ALL_PIXELS
    for content in files:
        size = pixels(content)
        if size is not None and size <= min(room, MOST_PIXELS):
            room -= size
            found.append(content)
    return found


def pixels(content: bytes) -> int | None:
    """Width times height of a PNG file; None if it is none."""
    if not content.startswith(PNG) or len(content) < 33:
        return None
    return int.from_bytes(content[16:20]) * int.from_bytes(content[20:24])
