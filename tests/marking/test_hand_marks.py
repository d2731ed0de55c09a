"""A person's marks: what is refused, what is kept, and what they were given for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.core.model import Assignment, Grade
from grader.marking import hand_marks
from grader.marking.grades import Results
from grader.marking.hand_marks import Entry, Present, Written
from grader.store.store import Store
from tests.course import batch, graded, submission

NOW = datetime(2021, 6, 1, 12, tzinfo=UTC)


def give(folder: Path, of: Assignment, *wanted: Entry, by: str = "Jo") -> Written:
    with Store(folder / "grader.sqlite") as store:
        return hand_marks.apply(store, of, wanted, by, NOW)


def given(folder: Path, student: str = "s0010") -> list[tuple[str, str, str, str]]:
    with Store(folder / "grader.sqlite") as store:
        return [(o.item, str(o.points), o.reason, o.by) for o in store.hand_marks.all(student)]


def grades(folder: Path, of: Assignment) -> list[Grade]:
    with Store(folder / "grader.sqlite") as store:
        return list(Results(store, of))


def mark(points: str = "1", student: str = "s0010", item: str = "sums/words", **more: str) -> Entry:
    return Entry(
        student=student,
        item=item,
        points=points,
        reason=more.get("reason", "good"),
        where=more.get("where", ""),
    )


def test_a_mark_counts_with_name_time_and_reason(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)
    assert give(tmp_path, of, mark("1,5")) == Written(count=1)
    (grade,) = grades(tmp_path, of)
    given = grade.tasks[0].items[1].mark
    assert given is not None
    assert (given.points, given.by, given.at) == (Decimal("1.5"), "Jo", NOW)
    assert (str(given.out_of), given.before, len(given.answer)) == ("2", None, 16)
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
    assert [give(tmp_path, of, mark()) for _ in range(2)] == [Written(count=1), Written(known=1)]
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
        *(
            (
                mark(text),
                f"points are '{text}'; expected a number such as 1,5 with two decimals at most",
            )
            for text in ("1E+999999", "1E+30", "1e-99999")
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
    tmp_path: Path, wrong: Entry, sentence: str
) -> None:
    of = graded(tmp_path, 1, start=10)
    with pytest.raises(UsageError) as refusal:
        give(tmp_path, of, mark(), wrong)
    assert str(refusal.value) == sentence
    assert given(tmp_path) == []


def test_a_mark_holds_what_counted_before(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)
    give(tmp_path, of, mark("0", item="sums/number"), mark("2"))
    give(tmp_path, of, mark("1"))
    with Store(tmp_path / "grader.sqlite") as store:
        before = [(m.item, str(m.before), str(m.points)) for m in store.hand_marks.all("s0010")]
    assert before == [
        ("sums/number", "2.00", "0"),
        ("sums/words", "None", "2"),
        ("sums/words", "2", "1"),
    ]


# --- what it was given for --------------------------------------------------------------------


def grade_again(folder: Path, of: Assignment, number: int) -> None:
    """Student 10 hands in another number."""
    with Store(folder / "grader.sqlite") as store:
        batch(of, store).results([replace(submission(number), student="s0010", name="Student 10")])


def test_a_mark_for_another_answer_waits_with_the_old_one_beside_it(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)
    give(tmp_path, of, mark("1.5"))
    grade_again(tmp_path, of, 11)
    (grade,) = grades(tmp_path, of)
    words = grade.tasks[0].items[1]
    assert (words.mark, words.is_open) == (None, True)
    assert f"{words.points:.2f} of {grade.points:.2f}" == "0.00 of 3.00"
    assert words.stale is not None
    assert words.stale.points == Decimal("1.5")
    assert words.outcome.message == (
        "Jo gave 1.5 points for an answer that has changed since; a person must look again. "
        "A person marks this."
    )
    give(tmp_path, of, mark("1.5"))  # the same again is a new mark, for the new answer
    assert [f"{grade.points:.2f}" for grade in grades(tmp_path, of)] == ["4.50"]


def test_a_mark_counts_again_when_the_answer_is_what_it_was(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)
    give(tmp_path, of, mark("1.5"))
    for number in (11, 10):
        grade_again(tmp_path, of, number)
    assert [f"{grade.points:.2f}" for grade in grades(tmp_path, of)] == ["4.50"]


def test_a_mark_of_an_older_grader_counts_until_the_answer_changes(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)
    give(tmp_path, of, mark("1.5"))
    with Store(tmp_path / "grader.sqlite") as store, store.transaction():
        (kept,) = store.hand_marks.all("s0010")
        store.hand_marks.add("s0010", replace(kept, answer="", out_of=None))
    grade_again(tmp_path, of, 10)
    assert [f"{grade.points:.2f}" for grade in grades(tmp_path, of)] == ["4.50"]
    grade_again(tmp_path, of, 11)
    (grade,) = grades(tmp_path, of)
    assert grade.tasks[0].items[1].stale is not None


def test_two_who_marked_the_same_page_are_both_kept_and_the_first_counts(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)
    with Store(tmp_path / "grader.sqlite") as store:
        seen = Present(store, of).given_for("s0010", "sums/words")
    jo, max_ = replace(mark("2"), given_for=seen), replace(mark("1"), given_for=seen)
    assert give(tmp_path, of, jo) == Written(count=1)
    late = Written(count=1, overtaken=("s0010 sums/words",))
    assert give(tmp_path, of, max_, by="Max") == late
    assert give(tmp_path, of, max_, by="Max") == Written(known=1)
    assert [row[1] for row in given(tmp_path)] == ["2", "1"]
    assert [f"{grade.points:.2f}" for grade in grades(tmp_path, of)] == ["5.00"]
