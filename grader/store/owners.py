"""Whose ids these are: an identity keeps the id under which a store first met it. Trusted side."""

from __future__ import annotations

import sqlite3
import threading


class Owners:
    """The people of a store, by what decides who they are."""

    def __init__(self, db: sqlite3.Connection, lock: threading.Lock) -> None:
        self._db, self._lock = db, lock

    def student(self, identity: str) -> str | None:
        """The id of somebody; None if he was never met."""
        with self._lock:
            row = self._db.execute(
                "SELECT student FROM owner WHERE identity = ?", (identity,)
            ).fetchone()
        return row[0] if row else None

    def is_taken(self, student: str) -> bool:
        """Whether an id is somebody's, of this or of an older grader."""
        with self._lock:
            row = self._db.execute(
                "SELECT 1 FROM owner WHERE student = ? UNION SELECT 1 FROM submission "
                "WHERE student = ?",
                (student, student),
            ).fetchone()
        return row is not None

    def put(self, identity: str, student: str) -> None:
        """Notes whose an id is, for good."""
        with self._lock:
            self._db.execute("INSERT INTO owner VALUES (?, ?)", (identity, student))

    def former(self) -> list[tuple[str, str]]:
        """Id and name of students of an older grader, whose ids followed from the batch."""
        with self._lock:
            return self._db.execute(
                "SELECT student, name FROM submission WHERE student NOT IN "
                "(SELECT student FROM owner) ORDER BY student"
            ).fetchall()
