"""A person's marks in the store: rows are appended, and none is ever removed. Trusted side."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from grader.core import bounded
from grader.core.model import Mark
from grader.store import foreign

IS_BACK = (
    "(EXISTS (SELECT 1 FROM taken_back WHERE what = 'mark' AND number = mark.id) OR EXISTS "
    "(SELECT 1 FROM taken_back WHERE what = 'decision' AND number = mark.decision))"
)
COUNTS = f"(counts AND round = 1 AND NOT {IS_BACK})"
COLUMNS = (
    "id, item, points, reason, by_whom, at, answer, out_of, before, round, steps, adjustment, "
    f"decision, request, comment, {IS_BACK}, {COUNTS}"
)


class HandMarks:
    """The marks of a store, in the order they were given."""

    def __init__(self, db: sqlite3.Connection, lock: threading.Lock, path: Path) -> None:
        self._db, self._lock, self._path = db, lock, path

    def add(self, student: str, mark: Mark) -> int:
        """Appends a mark; its number. A request that is there already is that mark."""
        row = {
            "student": student,
            "item": mark.item,
            "points": str(mark.points),
            "reason": mark.reason,
            "by_whom": mark.by,
            "at": mark.at.isoformat(),
            "answer": mark.answer,
            "out_of": _text(mark.out_of),
            "before": _text(mark.before),
            "counts": int(mark.counts),
            "round": mark.round,
            "steps": json.dumps(mark.steps),
            "adjustment": str(mark.adjustment),
            "decision": mark.decision or None,
            "request": mark.request or None,
            "comment": mark.comment,
        }
        names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        with self._lock:
            known = self._db.execute(
                "SELECT id FROM mark WHERE request = :request AND student = :student", row
            ).fetchone()
            if known:
                return int(known[0])
            sql = f"INSERT INTO mark ({names}) VALUES ({values})"  # noqa: S608
            return int(self._db.execute(sql, row).lastrowid or 0)

    def all(self, student: str, item: str | None = None) -> list[Mark]:
        """All marks a person gave this student, oldest first."""
        found = self._marks("student = ? AND item = coalesce(?, item)", student, item)
        return [mark for _, mark in found]

    def counting(self, student: str) -> list[Mark]:
        """Those that may count, oldest first: of an item's the last does."""
        return [mark for _, mark in self._marks(f"student = ? AND {COUNTS}", student)]

    def of_item(self, item: str) -> list[tuple[str, Mark]]:
        """All marks of an item with their students, oldest first."""
        return self._marks("item = ?", item)

    def given(self, item: str, whom: str, round_: int) -> list[tuple[str, Mark]]:
        """What somebody gave for an item in one round, and did not take back; the oldest first.

        Of the first round those alone that counted when they were given.
        """
        where = (
            f"item = ? AND by_whom = ? AND round = ? AND (counts OR round > 1) AND NOT {IS_BACK}"
        )
        return self._marks(where, item, whom, round_)

    def comments(self, item: str, most: int, by: str | None = None) -> list[tuple[str, int]]:
        """Comments that people, or one of them, gave for an item, each with how often.

        The most used first.
        """
        sql = (
            "SELECT comment, count(*) AS uses FROM mark WHERE item = ? AND trim(comment) != '' "
            "AND by_whom = coalesce(?, by_whom) "
            "GROUP BY comment ORDER BY uses DESC, max(id) DESC LIMIT ?"
        )
        with self._lock:
            return self._db.execute(sql, (item, by, most)).fetchall()

    def by(self, whom: str, most: int) -> list[tuple[str, Mark]]:
        """The newest marks that somebody gave, and did not take back; the newest first."""
        where = f"by_whom = ? AND NOT {IS_BACK}"
        return self._marks(where, whom, order="id DESC LIMIT ?", more=(most,))

    def of_request(self, request: str) -> list[tuple[str, Mark]]:
        """The marks that a request has led to."""
        return self._marks("request = ?", request)

    def of_decision(self, number: int) -> list[tuple[str, Mark]]:
        """The marks that were given by one decision, with their students."""
        return self._marks("decision = ?", number)

    def _marks(
        self, where: str, *values: object, order: str = "id", more: tuple[object, ...] = ()
    ) -> list[tuple[str, Mark]]:
        sql = f"SELECT student, {COLUMNS} FROM mark WHERE {where} ORDER BY {order}"  # noqa: S608
        with self._lock:
            rows = self._db.execute(sql, (*values, *more)).fetchall()
        with foreign.reading(self._path):
            return [(row[0], _mark(*row[1:])) for row in rows]

    def owners(self) -> list[tuple[str, str]]:
        """Every student and item that ever had a mark, in order."""
        return self._owners("1")

    def unbound(self) -> list[tuple[str, str]]:
        """Likewise of marks that don't hold what they were given for."""
        return self._owners("answer = ''")

    def _owners(self, where: str) -> list[tuple[str, str]]:
        sql = f"SELECT DISTINCT student, item FROM mark WHERE {where} ORDER BY 1, 2"  # noqa: S608
        with self._lock:
            return self._db.execute(sql).fetchall()

    def newest(self, student: str, item: str) -> int:
        """The number of the newest mark of an item, whether it counts or not; 0 without one."""
        with self._lock:
            row = self._db.execute(
                "SELECT max(id) FROM mark WHERE student = ? AND item = ? AND round = 1",
                (student, item),
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
    number: int,
    item: str,
    points: str,
    reason: str,
    by: str,
    at: str,
    answer: str,
    out_of: str | None,
    before: str | None,
    round_: int,
    steps: str,
    adjustment: str,
    decision: int | None,
    request: str | None,
    comment: str,
    taken_back: int,
    counts: int,
) -> Mark:
    return Mark(
        item=item,
        points=foreign.points(points),
        reason=reason,
        by=by,
        at=bounded.time(at),
        answer=answer,
        out_of=_decimal(out_of),
        before=_decimal(before),
        counts=bool(counts),
        round=round_,
        steps=tuple(int(number) for number in bounded.json_value(steps)),
        adjustment=foreign.points(adjustment),
        decision=decision or 0,
        request=request or "",
        comment=comment,
        taken_back=bool(taken_back),
        id=number,
    )


def _text(points: Decimal | None) -> str | None:
    return None if points is None else str(points)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else foreign.points(text)
