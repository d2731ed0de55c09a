"""Prints of weights: whether a model is a fresh one, or has what a training had left.

Trusted side, but prints are told by hostile code. A print has a part for each parameter: a digest,
and for some of its values whether they are above the mean. Equal parameters have equal parts; of
near ones these signs agree, of two that were drawn apart only every other one does.
"""

from __future__ import annotations

from collections.abc import Iterable

MAX_PRINT = 500
"""Letters of all parts."""

FEWEST_SIGNS, ALIKE = 32, 0.9
"""So many signs, of which this share agrees, do not come about by chance (one in a million)."""


def read(value: object) -> str:
    """A print as it is told.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str) or len(value) > MAX_PRINT:
        raise ValueError("no print")
    return value


class Prints:
    """The parameters that were seen before a training, and those that one has left."""

    def __init__(self) -> None:
        self._fresh: set[tuple[int, str]] = set()
        self._left: set[tuple[int, str]] = set()

    def before(self, now: str) -> None:
        """A model that has not learned yet has these weights."""
        self._fresh |= set(enumerate(now.split())) - self._left

    def after(self, now: str) -> None:
        """A step has left these weights; what it did not change is as fresh as it was."""
        self._left |= set(enumerate(now.split())) - self._fresh

    def go_on(self, now: str, last: str) -> bool:
        """Whether a model is the one that a training had left so, but for small changes."""
        if set(enumerate(now.split())) <= self._fresh:
            return False
        return _alike(now.split(), last.split())

    def kept(self, now: str, lasts: Iterable[str]) -> int:
        """The number of parameters that a model has from trainings that have left these weights."""
        parts, found = set(enumerate(now.split())) - self._fresh, set()
        for last in lasts:
            others = last.split()
            found |= {(n, p) for n, p in parts if n < len(others) and _alike([p], [others[n]])}
        return len(found | (parts & self._left))


def _alike(parts: list[str], others: list[str]) -> bool:
    signs = "".join(part.partition(":")[2] for part in parts)
    known = "".join(part.partition(":")[2] for part in others)
    if len(signs) != len(known) or len(signs) < FEWEST_SIGNS:
        return False
    return sum(a == b for a, b in zip(signs, known, strict=True)) >= ALIKE * len(signs)
