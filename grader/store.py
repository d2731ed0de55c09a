"""Keeps facts in SQLite: evidence, outcomes, a person's marks. Trusted side.

Evidence is stored the moment it exists, under a key of all that determines it, so that an
interrupted batch goes on and an unchanged submission is not run twice.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader import __version__, wire
from grader.errors import UsageError
from grader.model import (
    Answer,
    AnswerStatus,
    CellRun,
    Ending,
    Evidence,
    Override,
    Question,
    Task,
)


def _first(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT")
    db.execute("CREATE TABLE evidence (key TEXT PRIMARY KEY, body TEXT NOT NULL, "
               "made TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT")  # fmt: skip
    db.execute("CREATE TABLE override (id INTEGER PRIMARY KEY, student TEXT NOT NULL, "
               "item TEXT NOT NULL, points TEXT NOT NULL, reason TEXT NOT NULL, "
               "by_whom TEXT NOT NULL, at TEXT NOT NULL) STRICT")  # fmt: skip


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first,)
"""In order; each is applied once, in a transaction with the record that it was."""


class Store:
    """One result folder's database. Usable from several threads."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the database.

        Raises:
            UsageError: the file is not one of ours, or of a newer grader.
        """
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._migrate(path)
        except sqlite3.DatabaseError as bad:
            raise UsageError(
                f"{path} cannot be used ({bad}); choose another --out folder"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Closes the database."""
        self._db.close()

    def _migrate(self, path: Path) -> None:
        done = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if done > len(MIGRATIONS):
            raise UsageError(f"{path} was written by a newer grader; update the grader to read it")
        for number, migration in enumerate(MIGRATIONS[done:], done + 1):
            self._db.execute("BEGIN IMMEDIATE")
            migration(self._db)
            self._db.execute(f"PRAGMA user_version = {number}")
            self._db.execute("COMMIT")

    def batch_seed(self, wanted: int | None) -> int:
        """The seed of all hidden inputs in this folder: drawn once, then always the same.

        Raises:
            UsageError: another seed is wanted than the one this folder was begun with.
        """
        with self._lock:
            row = self._db.execute("SELECT value FROM setting WHERE name = 'seed'").fetchone()
            if row is None:
                seed = secrets.randbits(48) if wanted is None else wanted
                self._db.execute("INSERT INTO setting VALUES ('seed', ?)", (str(seed),))
                return seed
        if wanted is not None and wanted != int(row[0]):
            raise UsageError(
                f"this result folder was begun with --seed {row[0]}; use that, or a new --out"
            )
        return int(row[0])

    # -- evidence ----------------------------------------------------------------------------

    def get_evidence(self, key: str) -> Evidence | None:
        """The evidence kept under a key."""
        with self._lock:
            row = self._db.execute("SELECT body FROM evidence WHERE key = ?", (key,)).fetchone()
        return evidence_from_json(row[0]) if row else None

    def put_evidence(self, key: str, evidence: Evidence) -> None:
        """Keeps evidence; what was under the key before is replaced."""
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO evidence (key, body) VALUES (?, ?)",
                             (key, evidence_to_json(evidence)))  # fmt: skip

    def forget(self, key: str) -> None:
        """Drops the evidence under a key, and of its further runs."""
        with self._lock:
            self._db.execute("DELETE FROM evidence WHERE key = ? OR key GLOB ?", (key, f"{key}/*"))

    # -- a person's marks --------------------------------------------------------------------

    def add_override(self, student: str, override: Override) -> None:
        """Appends a person's mark. Nothing is ever changed or removed."""
        with self._lock:
            self._db.execute(
                "INSERT INTO override (student, item, points, reason, by_whom, at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (student, override.item, str(override.points), override.reason, override.by,
                 override.at.isoformat()),
            )  # fmt: skip

    def overrides(self, student: str) -> list[Override]:
        """All marks a person gave this student, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT item, points, reason, by_whom, at FROM override "
                "WHERE student = ? ORDER BY id",
                (student,),
            ).fetchall()
        return [
            Override(item=item, points=Decimal(points), reason=reason, by=by,
                     at=datetime.fromisoformat(at))
            for item, points, reason, by, at in rows
        ]  # fmt: skip


def evidence_key(
    submission: str, task: Task, questions: Mapping[str, tuple[Question, ...]], seed: int
) -> str:
    """The key of one run: changes with submission, questions, surroundings, seed and grader."""
    asked = sorted({wire.digest(question) for some in questions.values() for question in some})
    parts = [submission, task.id, list(task.prepare), asdict(task.limits), asked, seed, __version__]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def run_key(key: str, number: int) -> str:
    """The key of a further run of the same job; run 0 is the job's own."""
    return f"{key}/{number}" if number else key


def evidence_to_json(evidence: Evidence) -> str:
    """Evidence as text; `evidence_from_json` gives an equal one back."""
    data: dict[str, Any] = {
        name: getattr(evidence, name)
        for name in Evidence.__slots__
        if name not in ("cells", "answers")
    }
    data["cells"] = [
        asdict(cell) | {"images": [base64.b64encode(image).decode() for image in cell.images]}
        for cell in evidence.cells
    ]
    data["answers"] = {
        key: {"status": answer.status.value, "value": answer.value, "error": answer.error}
        for key, answer in evidence.answers.items()
    }
    return wire.encode(data | {"ending": evidence.ending.value, "repairs": list(evidence.repairs)})


def evidence_from_json(text: str) -> Evidence:
    """Evidence from text that `evidence_to_json` wrote."""
    data = wire.decode(text, wire.MAX_DEPTH + 3, None)  # our own text; answers lie so deep in it
    cells = tuple(
        CellRun(**(cell | {"images": tuple(base64.b64decode(image) for image in cell["images"])}))
        for cell in data["cells"]
    )
    answers = {
        key: Answer(status=AnswerStatus(a["status"]), value=a["value"], error=a["error"])
        for key, a in data["answers"].items()
    }
    return Evidence(**(data | {"cells": cells, "answers": answers, "ending": Ending(data["ending"]),
                               "repairs": tuple(data["repairs"])}))  # fmt: skip
