"""What people decided beside single marks, and what students asked for. Trusted side.

Rows are appended. What is taken back stays, and is marked so by a row of its own.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from grader.core import bounded
from grader.store import foreign


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision. `kind` says what `body` holds."""

    kind: str
    by: str
    at: datetime
    student: str = ""  # "" if it is about no single one
    item: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    taken_back: bool = False
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepVersion:
    """A step of an item as it was from some decision on. Marks name versions."""

    item: str
    name: str  # the same for all versions of a step
    text: str
    points: Decimal
    group: str = ""
    exclusive: bool = False
    hidden: bool = False  # no longer offered
    decision: int = 0  # that made it
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """A student's request to look at an item again."""

    student: str
    item: str
    text: str
    source: str  # file and row, or mail
    at: datetime  # of the import
    id: int = 0


class Decisions:
    """The decisions, steps and appeals of a store."""

    def __init__(self, db: sqlite3.Connection, lock: threading.Lock, path: Path) -> None:
        self._db, self._lock, self._path = db, lock, path

    def add(self, decision: Decision) -> int:
        """Appends a decision; its number."""
        values = (
            decision.kind,
            decision.student,
            decision.item,
            json.dumps(decision.body),
            decision.by,
            decision.at.isoformat(),
        )
        with self._lock:
            done = self._db.execute(
                "INSERT INTO decision (kind, student, item, body, by_whom, at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
            return int(done.lastrowid or 0)

    def all(self, kind: str | None = None) -> list[Decision]:
        """The decisions of a kind, or all; the oldest first."""
        sql = (
            "SELECT kind, student, item, body, by_whom, at, id, EXISTS (SELECT 1 FROM taken_back "
            "WHERE what = 'decision' AND number = decision.id) FROM decision "
        )
        of_kind, values = ("WHERE kind = ? ", (kind,)) if kind is not None else ("", ())
        with self._lock:
            rows = self._db.execute(f"{sql}{of_kind}ORDER BY id", values).fetchall()
        with foreign.reading(self._path):
            return [
                Decision(
                    kind=kind,
                    student=student,
                    item=item,
                    body=bounded.json_value(body),
                    by=by,
                    at=bounded.time(at),
                    id=number,
                    taken_back=bool(back),
                )
                for kind, student, item, body, by, at, number, back in rows
            ]

    def take_back(self, what: str, numbers: Iterable[int], decision: int) -> None:
        """Notes that marks or decisions ("mark", "decision") no longer count, by a decision."""
        with self._lock:
            self._db.executemany(
                "INSERT OR IGNORE INTO taken_back VALUES (?, ?, ?)",
                ((what, number, decision) for number in numbers),
            )

    # -- steps -------------------------------------------------------------------------------

    def add_step(self, step: StepVersion, decision: int) -> int:
        """Appends a version of a step; its number."""
        values = (
            step.item,
            step.name,
            step.text,
            str(step.points),
            step.group,
            int(step.exclusive),
            int(step.hidden),
            decision,
        )
        with self._lock:
            done = self._db.execute(
                "INSERT INTO step (item, name, text, points, of_group, exclusive, hidden, decision)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            return int(done.lastrowid or 0)

    def steps(self, item: str) -> list[StepVersion]:
        """All versions of an item's steps that were not taken back, oldest first."""
        sql = (
            "SELECT id, name, text, points, of_group, exclusive, hidden, decision FROM step "
            "WHERE item = ? AND NOT EXISTS (SELECT 1 FROM taken_back WHERE what = 'decision' "
            "AND number = step.decision) ORDER BY id"
        )
        with self._lock:
            rows = self._db.execute(sql, (item,)).fetchall()
        with foreign.reading(self._path):
            return [
                StepVersion(
                    id=number,
                    item=item,
                    name=name,
                    text=text,
                    points=foreign.points(points),
                    group=group,
                    exclusive=bool(exclusive),
                    hidden=bool(hidden),
                    decision=decision,
                )
                for number, name, text, points, group, exclusive, hidden, decision in rows
            ]

    # -- appeals -----------------------------------------------------------------------------

    def add_appeal(self, appeal: Appeal) -> bool:
        """Appends an appeal; whether it is new."""
        values = (
            appeal.student,
            appeal.item,
            appeal.text,
            appeal.source,
            appeal.at.isoformat(),
        )
        with self._lock:
            done = self._db.execute(
                "INSERT OR IGNORE INTO appeal (student, item, text, source, at) "
                "VALUES (?, ?, ?, ?, ?)",
                values,
            )
            return done.rowcount > 0

    def appeals(self) -> list[Appeal]:
        """All appeals, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id, student, item, text, source, at FROM appeal ORDER BY id"
            ).fetchall()
        with foreign.reading(self._path):
            return [
                Appeal(
                    id=number,
                    student=student,
                    item=item,
                    text=text,
                    source=source,
                    at=bounded.time(at),
                )
                for number, student, item, text, source, at in rows
            ]
