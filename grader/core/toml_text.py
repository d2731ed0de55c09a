"""Reads TOML that somebody else wrote: bounded in size, depth and digits. Trusted side, pure."""

from __future__ import annotations

import re
import tomllib
from typing import Any

MOST_BYTES = 1 << 20
DEEPEST = 24
"""Tables in tables and lists in lists; ours need ten."""

MOST_BITS = 63

_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![\w-])(?:{_PART}[ \t]*+\.[ \t]*+){{{DEEPEST}}}{_PART}")
"""A dotted key of so many parts takes the reader time that grows with their square."""


def parse(content: bytes) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        ValueError: it is none, or is larger or deeper than anybody writes by hand.
    """
    if len(content) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES >> 10} KiB")
    text = content.decode("utf-8-sig")
    if _LONG_KEY.search(text):
        raise ValueError(f"a key has more than {DEEPEST} parts")
    try:
        tables = tomllib.loads(text)
    except RecursionError:
        raise ValueError("its lists or tables are nested too deeply") from None
    _look(tables, DEEPEST)
    return tables


def _look(value: Any, levels: int) -> None:
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise ValueError("a whole number has too many digits")
    if not isinstance(value, dict | list):
        return
    if levels == 0:
        raise ValueError("its lists or tables are nested too deeply")
    for part in value.values() if isinstance(value, dict) else value:
        _look(part, levels - 1)
