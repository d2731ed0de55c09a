"""A person's marks in the store: rows are appended, and none is ever removed. Trusted side."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from grader.core import bounded
from grader.core.model import Mark
from grader.store import foreign

COLUMNS = "item, points, reason, by_whom, at, answer, out_of, before, counts, id"


class HandMarks:
    """The marks of a store, in the order they were given."""

    def __init__(self, db: sqlite3.Connection, lock: threading.Lock, path: Path) -> None:
        self._db, self._lock, self._path = db, lock, path

    def add(self, student: str, mark: Mark) -> int:
        """Appends a mark; its number."""
        values = (
            student,
            mark.item,
            str(mark.points),
            mark.reason,
            mark.by,
            mark.at.isoformat(),
            mark.answer,
            _text(mark.out_of),
            _text(mark.before),
            int(mark.counts),
        )
        with self._lock:
            done = self._db.execute(
                "INSERT INTO mark (student, item, points, reason, by_whom, at, answer, out_of, "
                "before, counts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            return int(done.lastrowid or 0)

    def all(self, student: str, item: str | None = None) -> list[Mark]:
        """All marks a person gave this student, oldest first."""
        return self._marks("student = ? AND item = coalesce(?, item)", student, item)

    def counting(self, student: str) -> list[Mark]:
        """Those that may count, oldest first: of an item's the last does."""
        return self._marks("student = ? AND counts", student)

    def _marks(self, where: str, *values: object) -> list[Mark]:
        with self._lock:
            rows = self._db.execute(
                f"SELECT {COLUMNS} FROM mark WHERE {where} ORDER BY id",  # noqa: S608
                values,
            ).fetchall()
        with foreign.reading(self._path):
            return [_mark(*row) for row in rows]

    def owners(self) -> list[tuple[str, str]]:
        """Every student and item that ever had a mark, in order."""
        with self._lock:
            rows = self._db.execute("SELECT DISTINCT student, item FROM mark ORDER BY 1, 2")
            return [(student, item) for student, item in rows]

    def unbound(self) -> list[tuple[str, str]]:
        """Likewise of marks that don't hold what they were given for."""
        with self._lock:
            rows = self._db.execute(
                "SELECT DISTINCT student, item FROM mark WHERE answer = '' ORDER BY 1, 2"
            )
            return [(student, item) for student, item in rows]

    def newest(self, student: str, item: str) -> int:
        """The number of the newest mark of an item, whether it counts or not; 0 without one."""
        with self._lock:
            row = self._db.execute(
                "SELECT max(id) FROM mark WHERE student = ? AND item = ?", (student, item)
            ).fetchone()
        return int(row[0] or 0)

    def bind(self, digests: Iterable[tuple[int, str]]) -> None:
        """Notes for which answer marks were given, of those alone that don't hold it yet."""
        with self._lock:
            self._db.executemany(
                "UPDATE mark SET answer = ? WHERE id = ? AND answer = ''",
                ((digest, number) for number, digest in digests),
            )


def _mark(
    item: str,
    points: str,
    reason: str,
    by: str,
    at: str,
    answer: str,
    out_of: str | None,
    before: str | None,
    counts: int,
    number: int,
) -> Mark:
    return Mark(
        item=item,
        points=_points(points),
        reason=reason,
        by=by,
        at=datetime.fromisoformat(at),
        answer=answer,
        out_of=_decimal(out_of),
        before=_decimal(before),
        counts=bool(counts),
        id=number,
    )


def _text(points: Decimal | None) -> str | None:
    return None if points is None else str(points)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else _points(text)


def _points(text: str) -> Decimal:
    points = bounded.decimal(text)
    if points is None:
        raise ValueError(f"points are {text[:40]!r}")
    return points
