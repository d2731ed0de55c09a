"""A person's marks: what is refused, what is kept, and the table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.core.model import Assignment, Grade
from grader.marking import hand_marks
from grader.marking.grades import Results
from grader.marking.hand_marks import Mark
from grader.marking.stored_work import StoredWork
from grader.store.store import Store
from tests.course import assignment, batch, graded, submission, with_text

NOW = datetime(2021, 6, 1, 12, tzinfo=UTC)


def give(folder: Path, of: Assignment, *wanted: Mark, by: str = "Jo") -> int:
    with Store(folder / "grader.sqlite") as store:
        return hand_marks.apply(store, of, wanted, by, NOW)


def given(folder: Path, student: str = "s0010") -> list[tuple[str, str, str, str]]:
    with Store(folder / "grader.sqlite") as store:
        return [(o.item, str(o.points), o.reason, o.by) for o in store.overrides(student)]


def grades(folder: Path, of: Assignment) -> list[Grade]:
    with Store(folder / "grader.sqlite") as store:
        return list(Results(store, of))


def mark(points: str = "1", student: str = "s0010", item: str = "sums/words", **more: str) -> Mark:
    return Mark(
        student=student,
        item=item,
        points=points,
        reason=more.get("reason", "good"),
        where=more.get("where", ""),
    )


def test_a_mark_counts_with_name_time_and_reason(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)
    assert give(tmp_path, of, mark("1,5")) == 1
    (grade,) = grades(tmp_path, of)
    override = grade.tasks[0].items[1].override
    assert override is not None
    assert (override.points, override.by, override.at) == (Decimal("1.5"), "Jo", NOW)
    assert (f"{grade.points:.2f}", grade.provisional) == ("4.50", False)


def test_the_latest_mark_counts_and_the_earlier_ones_stay(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)
    give(tmp_path, of, mark("2"))
    give(tmp_path, of, mark("0.5", reason="on second thoughts"), by="Max")
    assert given(tmp_path) == [
        ("sums/words", "2", "good", "Jo"),
        ("sums/words", "0.5", "on second thoughts", "Max"),
    ]
    assert f"{grades(tmp_path, of)[0].points:.2f}" == "3.50"


def test_an_automatic_mark_is_overridden_the_same_way(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)
    give(tmp_path, of, mark("0", item="sums/number"))
    assert f"{grades(tmp_path, of)[0].points:.2f}" == "1.00"


def test_an_item_is_known_without_its_task(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)
    give(tmp_path, of, mark(item="words"))
    assert given(tmp_path)[0][0] == "sums/words"


def test_the_same_mark_again_is_not_written_again(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)
    assert [give(tmp_path, of, mark()) for _ in range(2)] == [1, 0]
    assert len(given(tmp_path)) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (mark("2.5"), "2.5 points for sums/words are out of range; it is worth 0 to 2"),
        (mark("-1"), "-1 points for sums/words are out of range; it is worth 0 to 2"),
        (
            mark("1.555"),
            "points are '1.555'; expected a number such as 1,5 with two decimals at most",
        ),
        (mark("NaN"), "points are 'NaN'; expected a number such as 1,5 with two decimals at most"),
        (
            mark("01. Mai"),
            "points are '01. Mai'; expected a number such as 1,5 with two decimals at most",
        ),
        (mark(student="eve"), "there is no student 'eve'; use the names of the files in students/"),
        (mark(item="poem"), "'poem' is no item; known are sums/number, sums/words, more/again"),
        (
            mark(where="w.csv, row 3: "),
            "w.csv, row 3: s0010 has two marks for sums/words; keep one",
        ),
    ],
)
def test_a_wrong_mark_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, wrong: Mark, sentence: str
) -> None:
    of = graded(tmp_path, 1, start=10)
    with pytest.raises(UsageError) as refusal:
        give(tmp_path, of, mark(), wrong)
    assert str(refusal.value) == sentence
    assert given(tmp_path) == []


# --- the table --------------------------------------------------------------------------------


def exported(folder: Path, of: Assignment) -> list[list[str]]:
    with Store(folder / "grader.sqlite") as store:
        content, _ = hand_marks.export(Results(store, of))
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
    give(tmp_path, of, mark())
    header, row = exported(tmp_path, of)
    assert tuple(header) == hand_marks.HEADER
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


def test_a_filled_table_comes_back(tmp_path: Path) -> None:
    of = graded(tmp_path, 3, start=10)

    def fill(rows: list[list[str]]) -> None:
        rows[1][9:] = ["1,5", "gut; aber\nkurz"]
        rows[3][9:] = ["2.0", ""]

    found = hand_marks.read("w.csv", filled(exported(tmp_path, of), fill))
    assert give(tmp_path, of, *found) == 2
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
        rows[0][9] = "Punkte"

    with pytest.raises(UsageError, match=r"^w\.csv: the first row was changed; expected student,"):
        hand_marks.read("w.csv", filled(exported(tmp_path, of), change))


def test_a_reason_without_points_names_its_row(tmp_path: Path) -> None:
    of = graded(tmp_path, 2, start=10)

    def change(rows: list[list[str]]) -> None:
        rows[2][10] = "good"

    with pytest.raises(UsageError) as refusal:
        hand_marks.read("w.csv", filled(exported(tmp_path, of), change))
    assert str(refusal.value) == (
        "w.csv, row 3: there is a reason but no points; fill in both, or neither"
    )


def test_one_wrong_row_of_a_table_and_nothing_is_written(tmp_path: Path) -> None:
    of = graded(tmp_path, 2, start=10)

    def fill(rows: list[list[str]]) -> None:
        rows[1][9] = "1"
        rows[2][9] = "3"

    with pytest.raises(UsageError, match=r"^w\.csv, row 3: 3 points for sums/words are out of"):
        give(tmp_path, of, *hand_marks.read("w.csv", filled(exported(tmp_path, of), fill)))
    assert given(tmp_path) == given(tmp_path, "s0011") == []


def test_spaces_and_empty_columns_of_a_spreadsheet_do_not_matter(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)

    def change(rows: list[list[str]]) -> None:
        rows[0] += ["", ""]
        rows[1] += ["", ""]
        rows[1][9] = " 1,5 "

    (found,) = hand_marks.read("w.csv", filled(exported(tmp_path, of), change))
    assert (found.points, found.where) == ("1,5", "w.csv, row 2: ")


def test_submissions_of_an_earlier_batch_are_no_longer_of_it(tmp_path: Path) -> None:
    of = graded(tmp_path, 2, start=10)
    with Store(tmp_path / "grader.sqlite") as store:
        batch(of, store).results([submission(11)])
    with pytest.raises(UsageError, match="there is no student 's0010'"):
        give(tmp_path, of, mark())
