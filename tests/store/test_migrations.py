"""Databases of other versions: older ones become like new ones, newer ones are left alone."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from grader.core.errors import UsageError
from grader.core.model import Answer, AnswerStatus, CellRun, Ending, Evidence
from grader.store import migrations, serialisation
from grader.store.store import Store


def version(path: Path) -> int:
    with sqlite3.connect(path) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def test_a_new_file_and_an_empty_one_are_brought_to_the_newest_version(tmp_path: Path) -> None:
    for name in ("new", "empty"):
        path = tmp_path / name
        if name == "empty":
            path.touch()
            assert version(path) == 0
        with Store(path) as opened:
            assert opened.batch_seed(3) == 3
        assert version(path) == len(migrations.MIGRATIONS)


def test_an_older_file_is_migrated_and_keeps_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE mark ADD COLUMN note TEXT")

    path = tmp_path / "grader.sqlite"
    with Store(path) as old:
        old.batch_seed(3)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, add))
    for _ in range(2):  # the second time there is nothing left to do
        with Store(path) as new:
            assert new.batch_seed(None) == 3
        assert version(path) == len(migrations.MIGRATIONS)


def test_a_migration_that_breaks_off_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (done TEXT)")
        db.execute("no SQL")

    path = tmp_path / "grader.sqlite"
    with Store(path):
        before = version(path)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, broken))
    with pytest.raises(UsageError):
        Store(path)
    assert version(path) == before
    with sqlite3.connect(path) as db:
        assert not db.execute("SELECT * FROM sqlite_master WHERE name = 'half'").fetchall()


def test_a_file_of_a_newer_grader_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "grader.sqlite"
    newer = len(migrations.MIGRATIONS) + 1
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {newer}")
    with pytest.raises(UsageError) as refusal:
        Store(path)
    assert str(refusal.value) == (
        f"{path} was written by a newer grader; update the grader to read it"
    )
    assert version(path) == newer


def test_evidence_that_was_kept_in_one_piece_is_the_same_in_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "grader.sqlite"
    evidence = Evidence(
        task="t",
        ending=Ending.COMPLETED,
        cells=(CellRun(index=0, id="a", status="ok"),),
        answers={"q": Answer(status=AnswerStatus.OK, value={"x": [0.1, "ü", np.arange(3)]})},
    )
    body, answers = map(json.loads, serialisation.evidence_to_json(evidence))
    with monkeypatch.context() as old:
        old.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:2])
        with Store(path):
            pass
    with sqlite3.connect(path) as db:
        whole = json.dumps(body | {"answers": answers})
        db.execute(
            "INSERT INTO evidence (key, body, ending) VALUES ('k', ?, 'completed')", (whole,)
        )
    with Store(path) as new:
        found, shown = new.get_evidence("k"), new.get_evidence("k", answers=False)
    assert found is not None
    assert found.answers["q"].value["x"][2].tolist() == [0, 1, 2]
    assert found.answers["q"].value["x"][:2] == [0.1, "ü"]
    assert shown == replace(evidence, answers={})


def test_a_mark_of_an_older_grader_counts_and_is_for_an_unknown_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "grader.sqlite"
    with monkeypatch.context() as old:
        old.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:3])
        with Store(path):
            pass
    with sqlite3.connect(path) as db:
        for number, points in ((3, "1.50"), (7, "0.5")):
            db.execute(
                "INSERT INTO override VALUES (?, 'ada', 't/i', ?, 'good', 'Jo', ?)",
                (number, points, "2021-06-01T12:00:00+00:00"),
            )
    with Store(path) as new:
        first, second = new.hand_marks.counting("ada")
        assert new.hand_marks.unbound() == [("ada", "t/i")]
        assert new.hand_marks.add("ada", first) == 8
    assert (first.id, str(first.points), first.by, first.reason) == (3, "1.50", "Jo", "good")
    assert (second.answer, second.out_of, second.before, second.counts) == ("", None, None, True)


class Late:
    """A database that another process brings to the newest version first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = sqlite3.connect(path, isolation_level=None)

    def execute(self, sql: str) -> sqlite3.Cursor:
        if sql.startswith("BEGIN"):
            Store(self._path).__exit__(None, None, None)
        return self._db.execute(sql)


def test_two_that_migrate_at_once_do_it_once(tmp_path: Path) -> None:
    path = tmp_path / "grader.sqlite"
    path.touch()
    migrations.migrate(cast(sqlite3.Connection, Late(path)), path)
    assert version(path) == len(migrations.MIGRATIONS)
    with Store(path) as opened:
        assert opened.students() == []
