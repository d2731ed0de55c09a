"""A result folder that somebody else gave away: its database is data, and no program."""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.core.model import Mark, Submission
from grader.store import foreign, serialisation
from grader.store import store as stores
from grader.store.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with one submission and one mark."""
    with Store(tmp_path / "grader.sqlite") as store:
        store.put_submissions(
            [
                Submission(
                    student="ada", name="Ada", notebooks={}, missing={}, files={"x.py": b"x = 1"}
                )
            ]
        )
        store.hand_marks.add(
            "ada",
            Mark(
                item="t/i",
                points=Decimal(1),
                reason="",
                by="me",
                at=datetime.now(UTC),
                answer="",
                out_of=None,
                before=None,
                counts=True,
            ),
        )
        store.put_outcomes("ada", {}, {"t/i": "1.00"})
    return tmp_path / "grader.sqlite"


def change(path: Path, *lines: str, values: tuple[object, ...] = ()) -> None:
    with closing(sqlite3.connect(path)) as db:
        for line in lines:
            db.execute(line, values)
        db.commit()


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TRIGGER t AFTER INSERT ON setting BEGIN UPDATE mark SET points = '9'; END",
        "CREATE VIEW v AS SELECT 1",
        "CREATE INDEX i ON mark (abs(points))",
        "CREATE TABLE more (a TEXT)",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
        "ALTER TABLE mark ADD COLUMN twice TEXT AS (points)",
    ],
)
def test_what_no_grader_makes_is_refused_by_name(path: Path, made: str) -> None:
    change(path, made)
    with pytest.raises(UsageError, match=r"grader\.sqlite holds the .*, which no grader made"):
        Store(path)


def test_statistics_of_the_database_program_are_no_harm(path: Path) -> None:
    change(path, "ANALYZE")
    with Store(path) as store:
        assert store.students() == ["ada"]


def test_a_damaged_database_is_refused(path: Path) -> None:
    content = bytearray(path.read_bytes())
    size = int.from_bytes(content[16:18])
    content[2 * size : 3 * size] = b"\xff" * size
    path.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be used"):
        Store(path)


def test_a_body_that_unpacks_to_more_than_any_work_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "MOST_TEXT", 1 << 20)
    change(path, "UPDATE submission SET body = ?", values=(zlib.compress(bytes(2 << 20)),))
    change(path, "UPDATE judged SET body = ?", values=(zlib.compress(bytes(2 << 20)),))
    with Store(path) as store:
        for read in (store.submission, store.outcomes):
            with pytest.raises(UsageError, match=r"no grader wrote .*larger than 1 MiB"):
                read("ada")


def test_a_text_that_is_none_is_told_as_that(path: Path) -> None:
    change(path, "UPDATE judged SET marks = CAST(x'5b22ff225d' AS TEXT)")
    with Store(path) as store, pytest.raises(UsageError, match="no grader wrote"):
        store.marks("ada")


@pytest.mark.parametrize("points", ["1E+999999", "NaN", "x", ""])
def test_a_mark_that_is_no_number_is_told_as_that(path: Path, points: str) -> None:
    change(path, "UPDATE mark SET points = ?", values=(points,))
    with Store(path) as store, pytest.raises(UsageError, match="no grader wrote"):
        store.hand_marks.all("ada")


@pytest.mark.parametrize("body", [b"", b"x", zlib.compress(b"[]"), zlib.compress(b'{"a": 1}')])
def test_values_of_another_form_are_told_as_that(path: Path, body: bytes) -> None:
    change(path, "UPDATE submission SET body = ?", values=(body,))
    change(path, "UPDATE helper SET body = ?", values=(body[:1],))
    change(path, "UPDATE judged SET marks = '[[1]]'")
    with Store(path) as store:
        for read in (store.submission, store.files, store.marks):
            with pytest.raises(UsageError, match="no grader wrote"):
                read("ada")


def test_a_journal_that_names_another_file_is_refused_before_sqlite_removes_that(
    path: Path, tmp_path: Path
) -> None:
    change(path, "PRAGMA journal_mode = DELETE")
    content, named = path.read_bytes(), tmp_path / "thesis.tex"
    named.write_text("years of work")
    page = int.from_bytes(content[16:18], "big")
    numbers = (0, 12345, len(content) // page, 512, page)
    head = foreign.JOURNAL + b"".join(number.to_bytes(4, "big") for number in numbers)
    name = str(named).encode()
    tail = (len(name), sum(name))
    record = (0x40000000 // page + 1).to_bytes(4, "big") + name
    record += b"".join(number.to_bytes(4, "big") for number in tail) + foreign.JOURNAL
    path.with_name("grader.sqlite-journal").write_bytes(head.ljust(512, b"\0") + record)
    link = tmp_path / "link"
    link.symlink_to(path)
    for place in (path, link):
        with pytest.raises(UsageError, match=r"grader\.sqlite-journal names another file"):
            Store(place)
    assert named.read_text() == "years of work"


def test_a_journal_of_ones_own_is_no_harm(path: Path) -> None:
    for journal in (b"", foreign.JOURNAL[:4], bytes(600)):
        path.with_name("grader.sqlite-journal").write_bytes(journal)
        with Store(path) as store:
            assert store.students() == ["ada"]


@pytest.mark.parametrize("name", ["../out", "/tmp/x", "", "a/b", "..", "a\nb", "-x"])
def test_an_id_that_is_no_name_of_a_file_is_told_as_that(path: Path, name: str) -> None:
    change(path, "UPDATE submission SET student = ?", values=(name,))
    with Store(path) as store, pytest.raises(UsageError, match="is no student's id"):
        store.students()


def test_an_id_that_only_the_body_holds_is_told_as_that(path: Path) -> None:
    with Store(path) as store:
        one = store.submission("ada")
    body = stores._packed(serialisation.submission_to_json(replace(one, student="../ada")))
    change(path, "UPDATE submission SET body = ?", values=(body,))
    with Store(path) as store, pytest.raises(UsageError, match="is no student's id"):
        store.submission("ada")


def test_settings_of_another_form_are_told_as_that(path: Path) -> None:
    with Store(path) as store:
        assert store.noted("remarks", list[str]) == []
        store.note(seed="x", remarks='[1, "a"]', checks='{"a": null}')
        with pytest.raises(UsageError, match="no grader wrote"):
            store.batch_seed(None)
        with pytest.raises(UsageError, match="no grader wrote"):
            store.noted("remarks", list[str])
        with pytest.raises(UsageError, match="no grader wrote"):
            store.noted("checks", dict[str, str])
        store.note(remarks='["a"]', checks='{"a": "b"}')
        assert store.noted("remarks", list[str]) == ["a"]
        assert store.noted("checks", dict[str, str]) == {"a": "b"}


@pytest.mark.parametrize("wrong", [{"message": 1}, {"details": []}, {"share": "x"}, {"more": 1}])
def test_an_outcome_of_another_form_is_told_as_that(path: Path, wrong: dict[str, object]) -> None:
    outcome = {"status": "passed", "share": "1", "message": "", "details": {}} | wrong
    body = zlib.compress(json.dumps({"t": {"i": outcome}}).encode())
    change(path, "UPDATE judged SET body = ?", values=(body,))
    with Store(path) as store, pytest.raises(UsageError, match="no grader wrote"):
        store.outcomes("ada")
