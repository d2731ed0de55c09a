"""Seeds for one purpose each, from which the seed that they were made of does not follow. Pure."""

from __future__ import annotations

import hashlib

BITS = 62
"""Of a secret seed: more than can be tried, and a whole number in every database."""


def derived(seed: int, *purpose: str | int, bits: int = BITS) -> int:
    """The seed for a purpose: equal for equal ones, and otherwise independent of each other."""
    text = "/".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()) >> 256 - bits
