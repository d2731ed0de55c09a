"""Keeps facts in SQLite: submissions, evidence, outcomes, a person's marks. Trusted side.

Evidence is stored the moment it exists, under a key of all that determines it, so that an
interrupted batch goes on and an unchanged submission is not run twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

from pydantic import TypeAdapter

from grader.core import bounded, codec, own_process, seeds
from grader.core.errors import UsageError
from grader.core.model import Answer, Evidence, Submission
from grader.store import foreign, migrations, serialisation
from grader.store.decisions import Decisions
from grader.store.hand_marks import HandMarks
from grader.store.owners import Owners

Noted = TypeVar("Noted", list[str], dict[str, str])

MOST_TEXT, MOST_FILE = 256 << 20, 16 << 20
"""Bytes of what is stored packed: a submission's notebooks or outcomes, and one helper file."""


class Store:
    """One result folder's database. Usable from several threads."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the database.

        Raises:
            UsageError: the file is not one of ours, or of a newer grader.
        """
        self.path = path
        self._lock = threading.Lock()
        self._claim: int | None = None
        try:
            self._db = foreign.open_database(path)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")  # what is done survives a power cut
            migrations.migrate(self._db, path)
            self.hand_marks = HandMarks(self._db, self._lock, path)
            self.owners = Owners(self._db, self._lock)
            self.decisions = Decisions(self._db, self._lock, path)
        except sqlite3.DatabaseError as bad:
            busy = getattr(bad, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            mend = "wait until another grader is done" if busy else "choose another --out folder"
            raise UsageError(f"{path} cannot be used ({bad}); {mend}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Closes the database, and lets others write."""
        with self._lock:  # a thread may just be reading, and SQLite would take the process down
            self._db.close()
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None

    def claim(self) -> Self:
        """Makes this the one that writes, until it is closed or its process dies.

        Raises:
            UsageError: another process works on this folder.
        """
        try:
            self._claim = own_process.lock(self.path.parent)
        except BlockingIOError:
            holder = self.setting("holder") or "unknown"
            self.__exit__(None, None, None)
            raise UsageError(
                f"{self.path.parent} is in use by another grader (process {holder}); "
                "wait until it is done (Ctrl-C ends a review), or choose another result folder"
            ) from None
        self.note(holder=str(os.getpid()))
        return self

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written within, or nothing of it; within another, a part of that."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.OperationalError):  # it went back by itself: a full disk
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def batch_seed(self, wanted: int | None) -> int:
        """The seed of all hidden inputs in this folder: drawn once, then always the same.

        Raises:
            UsageError: another seed is wanted than the one this folder was begun with.
        """
        with self._lock:
            row = self._db.execute("SELECT value FROM setting WHERE name = 'seed'").fetchone()
            if row is None:
                seed = secrets.randbits(seeds.BITS) if wanted is None else wanted
                self._db.execute("INSERT INTO setting VALUES ('seed', ?)", (str(seed),))
                return seed
        with foreign.reading(self.path):
            known = int(row[0])
        if wanted is not None and wanted != known:
            raise UsageError(
                f"this result folder was begun with --seed {known}; use that, or a new --out"
            )
        return known

    def secret(self, name: str) -> str:
        """A secret of this folder, which follows from its seed: always the same."""
        return hashlib.sha256(f"{name} {self.batch_seed(None)}".encode()).hexdigest()

    def setting(self, name: str) -> str | None:
        """What was noted of the batch under this name."""
        row = self._one("SELECT value FROM setting WHERE name = ?", name)
        return str(row[0]) if row else None

    def noted(self, name: str, kind: type[Noted]) -> Noted:
        """What was noted as JSON under this name, a list or dict of texts; empty if nothing was.

        Raises:
            UsageError: it is something else.
        """
        with foreign.reading(self.path):
            told = self.setting(name)
            return kind() if told is None else TypeAdapter(kind).validate_json(told)

    def note(self, **settings: str) -> None:
        """Notes facts of the batch."""
        with self._lock:
            self._db.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?)", settings.items())

    def _one(self, sql: str, *values: str) -> Any:
        with self._lock:
            return self._db.execute(sql, values).fetchone()

    # -- submissions -------------------------------------------------------------------------

    def put_submissions(self, submissions: Iterable[Submission], *, beside: bool = False) -> None:
        """Keeps these as the batch, in their order. Earlier ones stay, but are no longer of it.

        With `beside` they take their places in the batch that is there, new ones at its end. One
        is taken at a time: all together may be too much.
        """
        with self.transaction():
            with self._lock:
                if not beside:
                    self._db.execute("UPDATE submission SET place = NULL")
                    self._db.execute("DELETE FROM helper")
            places = {student: place for place, student in enumerate(self.students())}
            for submission in submissions:
                place = places.setdefault(submission.student, len(places))
                self._put_submission(place, submission)

    def _put_submission(self, place: int, submission: Submission) -> None:
        student, body = submission.student, _packed(serialisation.submission_to_json(submission))
        files = [(student, path, zlib.compress(file, 1)) for path, file in submission.files.items()]
        with self._lock:
            self._db.execute("DELETE FROM helper WHERE student = ?", (student,))
            self._db.execute(
                "INSERT OR REPLACE INTO submission VALUES (?, ?, ?, ?)",
                (student, submission.name, place, body),
            )
            self._db.executemany("INSERT INTO helper VALUES (?, ?, ?)", files)

    def students(self) -> list[str]:
        """The ids of the batch's students, in order."""
        with self._lock:
            rows = self._db.execute(
                "SELECT student FROM submission WHERE place IS NOT NULL ORDER BY place"
            ).fetchall()
        with foreign.reading(self.path):
            return [foreign.student(student) for (student,) in rows]

    def submission(self, student: str) -> Submission:
        """One submission of the batch, without the contents of its helper files: see `files`."""
        row = self._one("SELECT body FROM submission WHERE student = ?", student)
        if row is None:
            raise KeyError(student)
        with foreign.reading(self.path):
            found = serialisation.submission_from_json(_unpacked(row[0]))
            foreign.student(found.student)
            return found

    def files(self, student: str) -> dict[str, bytes]:
        """The helper files of one submission of the batch, by relative path."""
        with self._lock:
            rows = self._db.execute(
                "SELECT path, body FROM helper WHERE student = ? ORDER BY rowid", (student,)
            ).fetchall()
        with foreign.reading(self.path):
            return {path: bounded.unpacked(body, MOST_FILE) for path, body in rows}

    def put_run(self, student: str, task: str, key: str, seed: int) -> None:
        """Notes under which key a student's evidence is kept, and the seed of its questions."""
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?)", (student, task, key, seed)
            )

    def run(self, student: str, task: str) -> tuple[str, int] | None:
        """Key and seed of a student's evidence."""
        sql = "SELECT key, seed FROM run WHERE student = ? AND task = ?"
        return cast(tuple[str, int] | None, self._one(sql, student, task))

    def spent(self, student: str) -> float:
        """The seconds that all stored runs of a student's notebooks took together."""
        row = self._one(
            "SELECT total(json_extract(evidence.body, '$.seconds')) FROM run JOIN evidence "
            "ON evidence.key = run.key OR evidence.key BETWEEN run.key || '/' AND run.key || '/~' "
            "WHERE run.student = ?",
            student,
        )
        return float(row[0])

    def put_outcomes(
        self, student: str, outcomes: serialisation.Outcomes, marks: Mapping[str, str]
    ) -> None:
        """Keeps what the checks said of one student; what they said before is replaced.

        `marks` are the marks that came of it, by item and in words, to tell later what changed.
        """
        body = _packed(serialisation.outcomes_to_json(outcomes))
        with self._lock, self._quickly():
            self._db.execute(
                "INSERT OR REPLACE INTO judged VALUES (?, ?, ?)", (student, body, json.dumps(marks))
            )

    @contextmanager
    def _quickly(self) -> Iterator[None]:
        """For what follows from the rest: it reaches the disk with the next result."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._db.execute("PRAGMA synchronous = FULL")

    def marks(self, student: str) -> dict[str, str]:
        """The automatic marks of one student by item, in words."""
        row = self._one("SELECT marks FROM judged WHERE student = ?", student)
        with foreign.reading(self.path):
            return dict(bounded.json_value(row[0])) if row else {}

    def outcomes(self, student: str) -> serialisation.Outcomes:
        """What the checks said of one student; empty if they were not asked yet."""
        row = self._one("SELECT body FROM judged WHERE student = ?", student)
        with foreign.reading(self.path):
            return serialisation.outcomes_from_json(_unpacked(row[0])) if row else {}

    # -- the reference's answers -------------------------------------------------------------

    def put_expected(self, reference: str, answers: Mapping[str, Answer]) -> None:
        """Keeps the reference's answers by question digest."""
        with self._lock, self.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO expected VALUES (?, ?, ?)",
                (
                    (reference, key, codec.encode(serialisation.answer_to_json(answer)))
                    for key, answer in answers.items()
                ),
            )

    def forget_expected(self, reference: str) -> None:
        """Drops all answers under a key of the reference's or of the mistakes'."""
        with self._lock:
            self._db.execute("DELETE FROM expected WHERE reference = ?", (reference,))

    def expected(self, reference: str, questions: Sequence[str]) -> dict[str, Answer]:
        """Those of the reference's answers to these questions that there are."""
        found = {}
        for key in questions:
            row = self._one(
                "SELECT body FROM expected WHERE reference = ? AND question = ?", reference, key
            )
            if row:
                with foreign.reading(self.path):
                    found[key] = serialisation.answer_from_json(
                        codec.decode(row[0], codec.MAX_DEPTH + 1)
                    )
        return found

    # -- evidence ----------------------------------------------------------------------------

    def get_evidence(self, key: str, *, answers: bool = True) -> Evidence | None:
        """The evidence kept under a key; without `answers` what reports show of it."""
        wanted = "answers" if answers else "'{}'"
        row = self._one(f"SELECT body, {wanted} FROM evidence WHERE key = ?", key)  # noqa: S608
        with foreign.reading(self.path):
            return serialisation.evidence_from_json(*row) if row else None

    def ending(self, key: str) -> str:
        """How the run under a key ended; empty if there is none."""
        row = self._one("SELECT ending FROM evidence WHERE key = ?", key)
        return row[0] if row else ""

    def put_evidence(self, key: str, evidence: Evidence) -> None:
        """Keeps evidence; what was under the key before is replaced."""
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO evidence (key, ending, body, answers) VALUES (?, ?, ?, ?)",
                (key, evidence.ending.value, *serialisation.evidence_to_json(evidence)),
            )

    def forget(self, key: str) -> None:
        """Drops the evidence under a key, and of its further runs."""
        with self._lock:
            self._db.execute("DELETE FROM evidence WHERE key = ? OR key GLOB ?", (key, f"{key}/*"))


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode(), 1)


def _unpacked(body: bytes) -> str:
    return bounded.unpacked(body, MOST_TEXT).decode()
