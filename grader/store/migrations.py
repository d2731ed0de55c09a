"""The tables of a result folder's database, and how older ones become like them. Trusted side."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

from grader.core.errors import UsageError


def _first(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT")
    db.execute(
        "CREATE TABLE evidence (key TEXT PRIMARY KEY, body TEXT NOT NULL, "
        "made TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT"
    )
    db.execute(
        "CREATE TABLE override (id INTEGER PRIMARY KEY, student TEXT NOT NULL, "
        "item TEXT NOT NULL, points TEXT NOT NULL, reason TEXT NOT NULL, "
        "by_whom TEXT NOT NULL, at TEXT NOT NULL) STRICT"
    )


def _second(db: sqlite3.Connection) -> None:
    """What marking again needs. `place` orders the students of the last batch; others have none."""
    db.execute("ALTER TABLE evidence ADD COLUMN ending TEXT NOT NULL DEFAULT ''")
    db.execute(
        "CREATE TABLE submission (student TEXT PRIMARY KEY, name TEXT NOT NULL, "
        "place INTEGER, body BLOB NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX submission_place ON submission (place)")
    db.execute(
        "CREATE TABLE run (student TEXT NOT NULL, task TEXT NOT NULL, key TEXT NOT NULL, "
        "seed INTEGER NOT NULL, PRIMARY KEY (student, task)) STRICT"
    )
    db.execute(
        "CREATE TABLE judged (student TEXT PRIMARY KEY, body BLOB NOT NULL, "
        "marks TEXT NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE expected (reference TEXT NOT NULL, question TEXT NOT NULL, "
        "body TEXT NOT NULL, PRIMARY KEY (reference, question)) STRICT"
    )


def _third(db: sqlite3.Connection) -> None:
    """Answers apart, by far the largest part of evidence: reports need the rest alone.

    And the contents of helper files, which until now lay in memory while a batch was run.
    """
    db.execute(
        "CREATE TABLE helper (student TEXT NOT NULL, path TEXT NOT NULL, "
        "body BLOB NOT NULL, PRIMARY KEY (student, path)) STRICT"
    )
    db.execute("ALTER TABLE evidence ADD COLUMN answers TEXT NOT NULL DEFAULT '{}'")
    for (key,) in db.execute("SELECT key FROM evidence").fetchall():
        (body,) = db.execute("SELECT body FROM evidence WHERE key = ?", (key,)).fetchone()
        shown = json.loads(body)
        answers = json.dumps(shown.pop("answers", {}))
        db.execute(
            "UPDATE evidence SET body = ?, answers = ? WHERE key = ?",
            (json.dumps(shown), answers, key),
        )


def _fourth(db: sqlite3.Connection) -> None:
    """A mark knows what it was given for, and whether it counts.

    Of older ones that is unknown: they count, and the next batch or regrade ties them to the
    answers that are there until then.
    """
    db.execute(
        "CREATE TABLE mark (id INTEGER PRIMARY KEY AUTOINCREMENT, student TEXT NOT NULL, "
        "item TEXT NOT NULL, points TEXT NOT NULL, reason TEXT NOT NULL, by_whom TEXT NOT NULL, "
        "at TEXT NOT NULL, answer TEXT NOT NULL, out_of TEXT, before TEXT, "
        "counts INTEGER NOT NULL) STRICT"
    )
    db.execute(
        "INSERT INTO mark SELECT id, student, item, points, reason, by_whom, at, '', NULL, NULL, 1 "
        "FROM override ORDER BY id"
    )
    db.execute("DROP TABLE override")
    db.execute("CREATE INDEX mark_owner ON mark (student, item)")


def _owned(db: sqlite3.Connection) -> None:
    """Whose an id is. Until now that followed from who else was in the batch."""
    db.execute(
        "CREATE TABLE owner (identity TEXT PRIMARY KEY, student TEXT NOT NULL UNIQUE) STRICT"
    )


def _review(db: sqlite3.Connection) -> None:
    """What several people need who mark in a browser. Rows are appended, and none is changed.

    A mark can come of steps, be a second and blind one, and be one of many by one decision. A
    request that is sent twice is one mark. What is taken back stays, but does not count.
    """
    for column in (
        "round INTEGER NOT NULL DEFAULT 1",
        "steps TEXT NOT NULL DEFAULT '[]'",
        "adjustment TEXT NOT NULL DEFAULT '0'",
        "decision INTEGER",
        "request TEXT",
        "comment TEXT NOT NULL DEFAULT ''",
    ):
        db.execute(f"ALTER TABLE mark ADD COLUMN {column}")
    db.execute("CREATE UNIQUE INDEX mark_request ON mark (request, student)")
    db.execute(
        "CREATE TABLE decision (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, "
        "student TEXT NOT NULL, item TEXT NOT NULL, body TEXT NOT NULL, by_whom TEXT NOT NULL, "
        "at TEXT NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE taken_back (what TEXT NOT NULL, number INTEGER NOT NULL, "
        "decision INTEGER NOT NULL, PRIMARY KEY (what, number)) STRICT"
    )
    db.execute(
        "CREATE TABLE step (id INTEGER PRIMARY KEY AUTOINCREMENT, item TEXT NOT NULL, "
        "name TEXT NOT NULL, text TEXT NOT NULL, points TEXT NOT NULL, of_group TEXT NOT NULL, "
        "exclusive INTEGER NOT NULL, hidden INTEGER NOT NULL, decision INTEGER NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE appeal (id INTEGER PRIMARY KEY AUTOINCREMENT, student TEXT NOT NULL, "
        "item TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL, at TEXT NOT NULL, "
        "UNIQUE (student, item, text)) STRICT"
    )


def _found(db: sqlite3.Connection) -> None:
    """What pages for marking look up each time: marks of an item or a person, steps, decisions."""
    for table, column in (
        ("mark", "item"),
        ("mark", "by_whom"),
        ("step", "item"),
        ("decision", "kind"),
    ):
        db.execute(f"CREATE INDEX {table}_{column} ON {table} ({column})")


Migration = Callable[[sqlite3.Connection], None]

MIGRATIONS: tuple[Migration, ...] = (
    _first,
    _second,
    _third,
    _fourth,
    _owned,
    _review,
    _found,
)
"""In order; each is applied once, in a transaction with the record that it was."""


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Brings a database to the newest version; `path` is for the words.

    Raises:
        UsageError: it is of a newer grader.
    """
    done = int(db.execute("PRAGMA user_version").fetchone()[0])
    if done > len(MIGRATIONS):
        raise UsageError(f"{path} was written by a newer grader; update the grader to read it")
    for number, migration in enumerate(MIGRATIONS[done:], done + 1):
        db.execute("BEGIN IMMEDIATE")
        if int(db.execute("PRAGMA user_version").fetchone()[0]) < number:  # no other was faster
            migration(db)
            db.execute(f"PRAGMA user_version = {number}")
        db.execute("COMMIT")
