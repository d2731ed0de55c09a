"""Opens a database that may be somebody else's: it must hold data, and no program. Trusted side."""

from __future__ import annotations

import contextlib
import functools
import re
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from grader.core import bounded
from grader.core.errors import UsageError
from grader.store import migrations

STATISTICS = ("sqlite_stat1", "sqlite_stat4")
"""What `ANALYZE` leaves; nothing in them is run."""

LONGEST = 640 << 20
"""Bytes of one value: more than all answers of a notebook."""


JOURNAL = bytes.fromhex("d9d505f920a163d7")
"""What a journal ends with that names another (and what each begins with): see SQLite's format."""

WRITING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
"""Error codes of a disk that takes no more."""


class _Connection(sqlite3.Connection):
    """A connection to a file whose disk, once it is full, is told in one sentence."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """See `sqlite3.Connection`; so below."""
        with self._telling():
            return super().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        with self._telling():
            return super().executemany(sql, parameters)

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as bad:
            if bad.sqlite_errorcode & 0xFF not in WRITING:
                raise
            (*_, path) = super().execute("PRAGMA database_list").fetchone()
            raise UsageError(
                f"{path} cannot be written ({bad}); make room there and run the same command "
                "again: what is done is kept"
            ) from None


def open_database(path: Path) -> sqlite3.Connection:
    """A connection on which nothing in the file can act: no function of a schema is trusted.

    Raises:
        sqlite3.DatabaseError: it is no database, or a damaged one.
        UsageError: it holds more than tables and indexes, or a journal beside it is not its own.
    """
    _look_beside(path.resolve())
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, factory=_Connection)
    db.text_factory = _text
    try:
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
        db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        db.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 0)
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA cell_size_check = ON")
        _look(db, path)
    except UnicodeDecodeError:  # SQLite's own words about a damaged schema hold pieces of it
        db.close()
        raise sqlite3.DatabaseError("its schema is damaged") from None
    except BaseException:
        db.close()
        raise
    return db


def _look_beside(path: Path) -> None:
    """Raises if the journal of a change that broke off names a journal of several databases.

    SQLite removes whatever file that is. A grader never changes several at once.
    """
    journal = path.with_name(f"{path.name}-journal")
    with contextlib.suppress(FileNotFoundError), journal.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - len(JOURNAL)))
        if file.read() == JOURNAL:
            raise UsageError(
                f"{journal} names another file, as no grader's does; use another folder, and ask "
                "whoever gave you this one"
            )


def _text(content: bytes) -> str:
    """What is no UTF-8 is no error of the database's, but a value that no grader wrote."""
    return content.decode("utf-8", "replace")


def _look(db: sqlite3.Connection, path: Path) -> None:
    """Raises if it holds more than the tables and indexes that some version of a grader makes."""
    if int(db.execute("PRAGMA user_version").fetchone()[0]) > len(migrations.MIGRATIONS):
        return  # of a newer grader, and refused as such
    known = _known(migrations.MIGRATIONS)
    for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_schema").fetchall():
        own = (kind == "index" and sql is None) or (kind == "table" and name in STATISTICS)
        if not own and (kind, name, sql) not in known:
            raise UsageError(
                f"{path} holds the {kind} {str(name)[:40]!r}, which no grader made; use another "
                "folder, and ask whoever gave you this one"
            )
    (told,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if told != "ok":
        raise sqlite3.DatabaseError(f"it is damaged: {str(told)[:200]}")


@functools.lru_cache(maxsize=1)
def _known(steps: tuple[migrations.Migration, ...]) -> frozenset[tuple[str, str, str]]:
    """Type, name and SQL of whatever stood in a database after any of the migrations."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        found: set[tuple[str, str, str]] = set()
        for step in steps:
            step(db)
            found.update(db.execute("SELECT type, name, sql FROM sqlite_schema"))
    return frozenset(found)


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Within, values are taken from a database; what no grader wrote is told as that.

    Raises:
        UsageError: in place of what a malformed value raised.
    """
    try:
        yield
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as bad:
        raise UsageError(
            f"{path} holds something that no grader wrote ({type(bad).__name__}: "
            f"{' '.join(str(bad).split())[:120]}); don't use this folder"
        ) from None


def student(name: str) -> str:
    """A student's id as the store keeps it: it is the name of a file, too.

    Raises:
        ValueError: no grader wrote this.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ValueError(f"{name[:40]!r} is no student's id")
    return name


def points(text: str) -> Decimal:
    """Points as the store keeps them.

    Raises:
        ValueError: no grader wrote this.
    """
    found = bounded.decimal(text)
    if found is None:
        raise ValueError(f"points are {text[:40]!r}")
    return found
