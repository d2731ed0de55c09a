"""`grader regrade` as its user meets it. No kernel is started."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from grader.store import migrations
from grader.store.store import Store
from tests.cli.graded_folder import change, points, refused, run


def test_changed_marks_are_shown_and_written_after_a_yes(results: Path) -> None:
    change(results, points="4")
    result = run("regrade", results, answer="y\n")
    assert result.exit_code == 0
    assert "Student 10" in result.stdout
    assert "2.00 passed" in result.stdout
    assert "4.00 passed" in result.stdout
    assert "2 students marked again: 2 marks of 2 students change" in result.stdout
    assert points(results) == ["5.00", "5.00"]


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_a_yes_nothing_changes(results: Path, answer: str) -> None:
    change(results, points="4")
    result = run("regrade", results, answer=answer)
    assert result.exit_code == 1
    assert result.stderr.endswith("Nothing was changed.\n")
    assert points(results) == ["3.00", "3.00"]
    assert "2 marks of 2 students change" in run("regrade", results, "--yes").stdout


def test_a_question_that_is_new_offers_the_command(results: Path) -> None:
    change(results, variant="new")
    result = run("regrade", results)
    assert result.stderr.splitlines() == [
        "These items keep their marks until they are observed anew:",
        "  sums/number: its check asks something new (2 students)",
        f"  grader grade submissions --out {results} --assignment {results / 'reference'}",
    ]
    assert "no mark changes" in result.stdout


@pytest.mark.parametrize("words", [["report"], ["mark", "--export", "w.csv"]])
def test_with_a_changed_rubric_nothing_is_shown_before_it_is_marked_again(
    results: Path, words: list[str]
) -> None:
    change(results, points="4")
    assert refused(run(words[0], results, *words[1:])) == (
        f"the rubric or reference of course was changed since {results} was graded; "
        f"`grader regrade {results}` shows which marks that changes"
    )


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    for command in ("regrade", "report"):
        assert refused(run(command, tmp_path)) == (
            f"{tmp_path} holds no grader.sqlite; name the --out folder of a batch"
        )


def test_a_folder_of_an_older_grader_is_told_and_keeps_its_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "grader.sqlite"
    with monkeypatch.context() as old:
        old.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
        Store(path).__exit__(None, None, None)
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO evidence (key, body) VALUES ('key', '{}')")
        db.commit()
    assert refused(run("regrade", tmp_path)) == (
        f"{tmp_path} was made by an older grader, which kept less; run the same `grader grade` "
        "again"
    )
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT key FROM evidence").fetchall() == [("key",)]
