"""Marking again from what is stored: what changes, what can't be known, and a person's marks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from grader.batch.engine import LocalEngine
from grader.batch.worker import Parcel, Tell
from grader.checks.base import failed
from grader.core import codec
from grader.core.model import Assignment, Case, Evidence, LateRule, Mark, Mistake, Outcome, Status
from grader.marking import masters, regrade, typical_mistakes
from grader.marking.grades import Results
from grader.marking.regrade import Change, Remarked
from grader.marking.stored_work import StoredWork
from grader.store.store import Store
from tests import course
from tests.course import assignment, graded


def again(folder: Path, of: Assignment) -> Remarked:
    with Store(folder / "grader.sqlite") as store, store.transaction():
        return regrade.regrade(of, store, None)


def points(folder: Path, of: Assignment) -> list[str]:
    with Store(folder / "grader.sqlite") as store:
        return [f"{grade.points:.2f}" for grade in Results(store, of)]


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> None:
        raise AssertionError("a notebook was run")

    monkeypatch.setattr("grader.batch.worker.observe", run)


def test_without_a_change_no_mark_changes(tmp_path: Path) -> None:
    of = graded(tmp_path)
    found = again(tmp_path, of)
    assert (found.students, found.changes, found.unanswered, found.notes) == (20, [], {}, [])


def test_a_changed_rule_for_late_work_is_applied_and_shown(tmp_path: Path) -> None:
    of = graded(tmp_path, 2, start=10)
    late = replace(course.submission(10), submitted_at=of.due + timedelta(hours=30))
    with Store(tmp_path / "grader.sqlite") as store:
        course.batch(of, store).results([late, course.submission(11)])
    ruled = replace(of, late=LateRule(percent_per_day=Decimal(10)), digest="ruled")
    found = again(tmp_path, ruled)
    assert found.changes == [Change(name="Student 10", item="late", before="–", after="-1.00")]
    assert points(tmp_path, ruled) == ["2.00", "3.00"]
    assert again(tmp_path, of).changes == [
        Change(name="Student 10", item="late", before="-1.00", after="–")
    ]


def test_other_points_of_an_item_change_the_marks_of_who_has_it(tmp_path: Path) -> None:
    graded(tmp_path, 3, start=9)
    new = assignment(tmp_path / "reference", points="4")
    found = again(tmp_path, new)
    assert found.changes == [
        Change(name=name, item="sums/number", before="2.00 passed", after="4.00 passed")
        for name in ("Student 10", "Student 11")
    ]
    assert points(tmp_path, new) == ["0.00", "5.00", "5.00"]


def test_another_tolerance_changes_verdicts(tmp_path: Path) -> None:
    graded(tmp_path, 4, start=9)
    found = again(tmp_path, assignment(tmp_path / "reference", least=2))
    assert [(c.name, c.before, c.after) for c in found.changes] == [
        ("Student 10", "2.00 passed", "0.00 failed"),
        ("Student 11", "2.00 passed", "0.00 failed"),
    ]


def test_a_changed_question_is_told_and_its_item_keeps_its_mark(tmp_path: Path) -> None:
    graded(tmp_path, 3, start=9)
    new = assignment(tmp_path / "reference", variant="new")
    found = again(tmp_path, new)
    assert found.changes == []
    assert found.unanswered == {("sums/number", "its check asks something new"): 3}
    assert points(tmp_path, new) == ["0.00", "3.00", "3.00"]


def test_a_changed_reference_notebook_is_told(tmp_path: Path) -> None:
    of = graded(tmp_path, 3, start=9)
    notebook = tmp_path / "reference" / "More.ipynb"
    notebook.write_text(notebook.read_text().replace('"10"', '"11"'))
    found = again(tmp_path, of)
    assert found.changes == []
    assert found.unanswered == {("more/again", "the reference must be run again"): 3}


def test_a_persons_mark_is_never_touched(tmp_path: Path) -> None:
    graded(tmp_path, 2, start=10)
    mark = Mark(
        item="sums/number",
        points=Decimal("1.5"),
        reason="late idea",
        by="Jo",
        at=datetime(2021, 6, 1, tzinfo=UTC),
    )
    with Store(tmp_path / "grader.sqlite") as store:
        store.hand_marks.add("s0010", mark)
    new = assignment(tmp_path / "reference", points="1")
    found = again(tmp_path, new)
    assert [change.name for change in found.changes] == ["Student 11"]
    assert found.notes == [
        "Student 10, sums/number: Jo gave 1.5 points, more than the 1 that this is worth; "
        "it waits again"
    ]
    with Store(tmp_path / "grader.sqlite") as store:
        (kept,) = store.hand_marks.all("s0010")
    assert (kept.points, kept.reason, kept.by) == (mark.points, mark.reason, mark.by)
    assert points(tmp_path, new) == ["1.00", "2.00"]


def test_marks_that_belong_to_nothing_any_more_are_told_by_name(tmp_path: Path) -> None:
    of = graded(tmp_path, 1, start=10)
    mark = Mark(item="", points=Decimal(1), reason="", by="Jo", at=datetime(2021, 6, 1, tzinfo=UTC))
    with Store(tmp_path / "grader.sqlite") as store:
        store.hand_marks.add("s0010", replace(mark, item="sums/poem"))
        store.hand_marks.add("eve", replace(mark, item="sums/words"))
    assert again(tmp_path, of).notes == [
        "eve has a mark for sums/words, and is not of this batch",
        "s0010 has a mark for sums/poem, which is no item of this assignment",
    ]


def test_what_is_not_committed_changes_nothing(tmp_path: Path) -> None:
    of = graded(tmp_path, 2, start=10)
    new = assignment(tmp_path / "reference", points="4")
    with (
        Store(tmp_path / "grader.sqlite") as store,
        pytest.raises(KeyboardInterrupt),
        store.transaction(),
    ):
        assert regrade.regrade(new, store, None).changes
        raise KeyboardInterrupt
    assert points(tmp_path, of) == ["3.00", "3.00"]
    assert len(again(tmp_path, new).changes) == 2


def test_a_notebook_that_never_ran_stays_an_error(tmp_path: Path) -> None:
    of = assignment(tmp_path / "reference")

    def broken(parcel: Parcel, tell: Tell) -> Evidence:
        if parcel.notebook.cells[0].source == "11":
            raise ZeroDivisionError("oops")
        return course.perform(parcel, tell)

    with Store(tmp_path / "grader.sqlite") as store:
        engine = LocalEngine(1, broken)
        course.batch(of, store, engine=engine).results([course.submission(11)])
    assert again(tmp_path, of).changes == []
    with Store(tmp_path / "grader.sqlite") as store:
        (grade,) = Results(store, of)
    assert grade.tasks[1].items[0].outcome.status is Status.ERROR


def test_what_is_judged_as_before_is_not_judged_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graded(tmp_path, 3, start=9)
    judged: list[int] = []

    def judge(self: course.Sum, case: Case) -> Outcome:
        judged.append(self.least)
        return failed("Judged again.")

    monkeypatch.setattr(course.Sum, "judge", judge)
    again(tmp_path, assignment(tmp_path / "reference", points="4"))
    assert judged == []
    again(tmp_path, assignment(tmp_path / "reference", points="4", least=1))
    assert judged == [1] * 3  # and not `again`, whose check is as it was


def with_mistake(folder: Path, hint: str, code: str = "x = 1") -> Assignment:
    of = assignment(folder / "reference", least=5)
    mistake = Mistake(name="slip.py", code=code, hint=hint)
    item = replace(of.tasks[0].items[0], mistakes=(mistake,))
    task = replace(of.tasks[0], items=(item, of.tasks[0].items[1]))
    return replace(of, tasks=(task, of.tasks[1]))


def test_a_reworded_hint_is_told_and_a_new_mistake_is_still_to_be_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masters, "_must_fit", lambda *_: None)  # the reference here is a number
    graded(tmp_path, 1, start=12)
    first, reworded, new = (
        with_mistake(tmp_path, *how) for how in (("One.",), ("Two.",), ("Two.", "x = 2"))
    )
    assert again(tmp_path, first).unanswered == {
        ("sums/number", "its typical mistakes must be run, for hints"): 1
    }
    with Store(tmp_path / "grader.sqlite") as store:
        work = StoredWork(first, store, None)
        (question,) = work.of(store.submission("s0012"), first.tasks[0]).questions["number"]
        evidence = store.get_evidence((store.run("s0012", "sums") or ("", 0))[0])
        assert evidence is not None
        same = evidence.answers[codec.digest(question)]
        key = typical_mistakes.key("number", "slip.py", question)
        work.reference.begin(first.tasks[0])
        work.reference.keep_mistakes(first.tasks[0], {key: same})
    found = again(tmp_path, first)
    assert (found.remarks, found.changes, found.unanswered) == (1, [], {})
    found = again(tmp_path, reworded)
    assert (found.remarks, found.changes, found.unanswered) == (1, [], {})
    with Store(tmp_path / "grader.sqlite") as store:
        assert store.outcomes("s0012")["sums"]["number"].message == "Too small. Two."
    assert again(tmp_path, new).unanswered == {
        ("sums/number", "its typical mistakes must be run, for hints"): 1
    }
