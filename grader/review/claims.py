"""Who has what open, what came last for whom, and what is told to others. In memory alone.

All of it is advice: nothing that is right depends on it, and a new start forgets it.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

MINUTES = 10
"""A claim ends after so long without a sign of life."""
KEPT = 200
"""Events, for pages that open an event stream again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that others do while a page is open."""

    number: int
    text: str
    by: str
    item: str
    code: str  # the student's pseudonym; "" if it is about none


class Claims:
    """What people do at the same time."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], tuple[str, float]] = {}
        self._skipped: dict[tuple[str, str], list[str]] = {}
        self.news: deque[News] = deque(maxlen=KEPT)
        self._number = 0

    def take(self, item: str, student: str, by: str, *, over: bool = False) -> None:
        """Claims an answer, unless somebody else has it; `over` takes it from them."""
        if over or self.holder(item, student) in ("", by):
            self.release(by)
            self._held[item, student] = (by, time.monotonic() + MINUTES * 60)

    def holder(self, item: str, student: str) -> str:
        """Who has an answer open; "" if nobody has."""
        by, until = self._held.get((item, student), ("", 0.0))
        return by if until > time.monotonic() else ""

    def release(self, by: str) -> None:
        """Gives back what somebody holds."""
        self._held = {key: held for key, held in self._held.items() if held[0] != by}

    def skip(self, item: str, student: str, by: str) -> None:
        """Puts an answer last in somebody's queue."""
        row = self._skipped.setdefault((item, by), [])
        if student in row:
            row.remove(student)
        row.append(student)

    def skipped(self, item: str, by: str) -> list[str]:
        """What somebody skipped, in that order."""
        return self._skipped.get((item, by), [])

    @property
    def newest(self) -> int:
        """The number of the last event."""
        return self._number

    def tell(self, text: str, *, by: str, item: str = "", code: str = "") -> None:
        """Adds an event."""
        self._number += 1
        self.news.append(News(number=self._number, text=text, by=by, item=item, code=code))
