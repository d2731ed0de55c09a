"""The table of what waits, for a spreadsheet, and its way back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.core.errors import Mistakes, UsageError
from grader.core.model import Assignment
from grader.marking import mark_table
from grader.marking.hand_marks import Present, Written
from grader.marking.stored_work import StoredWork
from grader.store.store import Store
from tests.course import assignment, batch, graded, submission, with_text
from tests.marking.test_hand_marks import give, given, grade_again, mark


def exported(folder: Path, of: Assignment) -> list[list[str]]:
    with Store(folder / "grader.sqlite") as store:
        content, _ = mark_table.export(Present(store, of))
    text = content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def filled(rows: list[list[str]], change: Callable[[list[list[str]]], None]) -> bytes:
    """The table as a spreadsheet program saves it after somebody changed it."""
    change(rows)
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def test_the_table_holds_what_waits_with_the_answer_beside_the_model(tmp_path: Path) -> None:
    of = graded(tmp_path, 2, start=10)
    header, _, row = exported(tmp_path, of)
    assert tuple(header) == mark_table.HEADER
    assert re.fullmatch(r"a-[0-9a-f]{16}-2_00-0", row.pop(9))
    assert row == [
        "s0011",
        "Student 11",
        "sums/words",
        "Item words",
        "2,00",
        "review",
        "A person marks this.",
        "11",
        "42",
        "",
        "",
    ]


def test_marks_that_exist_are_in_the_table_and_come_back_as_known(tmp_path: Path) -> None:
    of = graded(tmp_path, 2, start=10)
    give(tmp_path, of, mark("1.5"))
    rows = exported(tmp_path, of)
    assert [row[10:] for row in rows[1:]] == [["1,50", "good"], ["", ""]]
    table = filled(rows, lambda rows: None)
    assert give(tmp_path, of, *mark_table.read("w.csv", table)) == Written(known=1)
    give(tmp_path, of, mark("0.5"), by="Max")
    assert give(tmp_path, of, *mark_table.read("w.csv", table)) == Written(known=1)
    rows[1][10] = "2"
    late = Written(count=1, overtaken=("s0010 sums/words",))
    assert give(tmp_path, of, *mark_table.read("w.csv", filled(rows, lambda rows: None))) == late


def test_a_filled_table_comes_back(tmp_path: Path) -> None:
    of = graded(tmp_path, 3, start=10)

    def fill(rows: list[list[str]]) -> None:
        rows[1][10:] = ["1,5", "gut; aber\nkurz"]
        rows[3][10:] = ["2.0", ""]

    found = mark_table.read("w.csv", filled(exported(tmp_path, of), fill))
    assert give(tmp_path, of, *found) == Written(count=2)
    assert given(tmp_path) == [("sums/words", "1.5", "gut; aber\nkurz", "Jo")]
    assert given(tmp_path, "s0011") == []
    assert given(tmp_path, "s0012") == [("sums/words", "2.0", "Marked by hand.", "Jo")]


def test_a_text_that_looks_like_a_formula_is_a_text(tmp_path: Path) -> None:
    of = assignment(tmp_path / "reference")
    with Store(tmp_path / "grader.sqlite") as store:
        found = with_text('=HYPERLINK("http://evil";"x")')
        store.put_submissions([found])
        outcomes = StoredWork(of, store, None).verdicts(found).outcomes
        store.put_outcomes(found.student, outcomes, {})
    (_, row) = [row for row in exported(tmp_path, of) if row[2] in ("item", "sums/words")]
    assert row[7] == '\'=HYPERLINK("http://evil";"x")'


def test_a_changed_header_is_refused(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)

    def change(rows: list[list[str]]) -> None:
        rows[0][10] = "Punkte"

    with pytest.raises(UsageError, match=r"^w\.csv has no column points; export the table again"):
        mark_table.read("w.csv", filled(exported(tmp_path, of), change))


def test_a_reason_without_points_names_its_row(tmp_path: Path) -> None:
    of = graded(tmp_path, 2, start=10)

    def change(rows: list[list[str]]) -> None:
        rows[2][11] = "good"

    with pytest.raises(UsageError) as refusal:
        give(tmp_path, of, *mark_table.read("w.csv", filled(exported(tmp_path, of), change)))
    assert str(refusal.value) == (
        "w.csv, row 3: there is a reason but no points; fill in both, or neither"
    )


def test_one_wrong_row_of_a_table_and_nothing_is_written(tmp_path: Path) -> None:
    of = graded(tmp_path, 2, start=10)

    def fill(rows: list[list[str]]) -> None:
        rows[1][10] = "1"
        rows[2][10] = "3"

    with pytest.raises(UsageError, match=r"^w\.csv, row 3: 3 points for sums/words are out of"):
        give(tmp_path, of, *mark_table.read("w.csv", filled(exported(tmp_path, of), fill)))
    assert given(tmp_path) == given(tmp_path, "s0011") == []


def test_every_mistake_of_a_table_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    of = graded(tmp_path, 5, start=10)

    def fill(rows: list[list[str]]) -> None:
        rows[1][10] = "1"
        rows[2][10] = "3"
        rows[3][11] = "good"
        rows[4][9:11] = ["a-0", "2"]
        rows[5][10] = "viel"

    with pytest.raises(Mistakes) as refusal:
        give(tmp_path, of, *mark_table.read("w.csv", filled(exported(tmp_path, of), fill)))
    assert [sentence.partition(": ")[0] for sentence in refusal.value.sentences] == [
        "w.csv, row 3",
        "w.csv, row 4",
        "w.csv, row 5",
        "w.csv, row 6",
    ]
    assert given(tmp_path) == []


def test_a_name_that_is_not_the_ids_is_refused(tmp_path: Path) -> None:
    """As when one column of the table was sorted without the others."""
    of = graded(tmp_path, 2, start=10)

    def change(rows: list[list[str]]) -> None:
        rows[1][1], rows[2][1] = rows[2][1], rows[1][1].upper()
        rows[1][10] = rows[2][10] = "1"

    with pytest.raises(Mistakes) as refusal:
        give(tmp_path, of, *mark_table.read("w.csv", filled(exported(tmp_path, of), change)))
    first, second = refusal.value.sentences
    assert first == (
        "w.csv, row 2: s0010 is Student 10, and the row says Student 11; were the columns sorted "
        "apart? Export the table again"
    )
    assert second.startswith("w.csv, row 3: s0011 is Student 11, and the row says STUDENT 10;")


def test_columns_of_somebodys_own_and_a_line_for_excel_do_not_matter(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)

    def change(rows: list[list[str]]) -> None:
        rows[0].insert(3, "seen by")
        rows[1].insert(3, "Max")
        rows[1][11] = "1,5"

    table = b"sep=;\r\n" + filled(exported(tmp_path, of), change).removeprefix(b"\xef\xbb\xbf")
    (found,) = mark_table.read("w.csv", table)
    assert (found.points, found.item, found.where) == ("1,5", "sums/words", "w.csv, row 2: ")


def test_spaces_and_empty_columns_of_a_spreadsheet_do_not_matter(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)

    def change(rows: list[list[str]]) -> None:
        rows[0] += ["", ""]
        rows[1] += ["", ""]
        rows[1][10] = " 1,5 "

    (found,) = mark_table.read("w.csv", filled(exported(tmp_path, of), change))
    assert (found.points, found.where) == ("1,5", "w.csv, row 2: ")


def test_submissions_of_an_earlier_batch_are_no_longer_of_it(tmp_path: Path) -> None:
    of = graded(tmp_path, 2, start=10)
    with Store(tmp_path / "grader.sqlite") as store:
        batch(of, store).results([submission(11)])
    with pytest.raises(UsageError, match="there is no student 's0010'"):
        give(tmp_path, of, mark())


def test_a_mark_for_an_answer_of_before_is_kept_and_the_item_waits(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)

    def fill(rows: list[list[str]]) -> None:
        rows[1][10] = "2"

    table = filled(exported(tmp_path, of), fill)
    grade_again(tmp_path, of, 11)
    found = mark_table.read("w.csv", table)
    stale = Written(count=1, changed=("s0010 sums/words",))
    assert [give(tmp_path, of, *found) for _ in range(2)] == [stale, Written(known=1)]
    (_, row) = exported(tmp_path, of)
    assert row[6].startswith("Jo gave 2 points for an answer that has changed since;")


def test_a_row_that_somebody_marked_in_between_does_not_replace_that_mark(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)

    def fill(rows: list[list[str]]) -> None:
        rows[1][10] = "2"

    table = filled(exported(tmp_path, of), fill)
    give(tmp_path, of, mark("0.5"), by="Max")
    late = Written(count=1, overtaken=("s0010 sums/words",))
    assert give(tmp_path, of, *mark_table.read("w.csv", table)) == late
    with Store(tmp_path / "grader.sqlite") as store:
        graded_, _ = Present(store, of).item("s0010", "sums/words")
    assert f"{graded_.points:.2f}" == "0.50"


def test_a_table_of_an_older_grader_is_for_the_answers_of_now(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)

    def older(rows: list[list[str]]) -> None:
        rows[1][10] = "2"
        for row in rows:
            del row[9]

    found = mark_table.read("w.csv", filled(exported(tmp_path, of), older))
    assert give(tmp_path, of, *found) == Written(count=1)


def test_a_changed_key_names_its_row(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)

    def change(rows: list[list[str]]) -> None:
        rows[1][9:11] = ["a-0", "2"]

    with pytest.raises(UsageError) as refusal:
        give(tmp_path, of, *mark_table.read("w.csv", filled(exported(tmp_path, of), change)))
    assert str(refusal.value) == (
        "w.csv, row 2: the key was changed; copy it from the exported table, or export it again"
    )
