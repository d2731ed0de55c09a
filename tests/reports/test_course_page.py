"""What the course's page says of all: in which order, what waits, and for which reason."""

from __future__ import annotations

from grader.core.model import Grade, ItemGrade, Status
from grader.reports import course_page, html
from tests.reports import grades
from tests.reports.grades import item, task

WORDS = "A person marks this answer."


def waits(id: str, message: str = WORDS, points: str = "1") -> ItemGrade:
    return item(Status.REVIEW, id=id, message=message, points=points)


def test_students_stand_by_surname() -> None:
    of = [
        grades.grade(student=f"s{n}", name=name)
        for n, name in enumerate(["Zoe Adler", "Ada Öztürk", "Al Zorn", "Bo Olsen"])
    ]
    page = html.render(of, grades.assignment(of[0]))["index.html"].decode()
    names = [g.submission.name for g in of]
    assert sorted(names, key=page.index) == ["Zoe Adler", "Bo Olsen", "Ada Öztürk", "Al Zorn"]


def five() -> list[Grade]:
    return [
        grades.grade(
            task(waits("why"), waits("how"), item(id="tanh")),
            task(waits("matrix"), waits("plot", "Only Bo's axis.") if n == 1 else item(), id="e"),
            student=f"s{n}",
            name=f"N{n}",
        )
        for n in range(5)
    ]


def test_a_student_that_waits_is_one_row_and_a_shared_reason_is_told_once() -> None:
    rows, reasons = course_page.waiting(five())
    assert reasons == [WORDS]
    assert [row.grade.submission.student for row in rows] == ["s0", "s1", "s2", "s3", "s4"]
    told = [
        (group.number, group.why, [(t, [i.item.id for i in items]) for t, items in group.tasks])
        for group in rows[1].groups
    ]
    assert told == [
        (1, WORDS, [("activation", ["why", "how"]), ("e", ["matrix"])]),
        (0, "Only Bo's axis.", [("e", ["plot"])]),
    ]


def test_the_page_tells_a_reason_once_and_links_each_item() -> None:
    of = five()
    page = html.render(of, grades.assignment(of[0]))["index.html"].decode()
    assert page.count(WORDS) == 1
    assert page.count("Only Bo&#39;s axis.") == 1
    for n in range(5):
        for anchor in ("activation-why", "activation-how", "e-matrix"):
            assert f'href="students/s{n}.html#{anchor}"' in page


def test_a_column_of_points_has_one_number_format() -> None:
    of = [
        grades.grade(task(item(Status.PARTIAL, points=points)), student=f"s{n}", name=f"N{n}")
        for n, points in enumerate(["30", "18.80", "24.66"])
    ]
    page = html.render(of, grades.assignment(of[0]))["index.html"].decode()
    shown = [page.partition(f">N{n}</a>")[2].partition("</tr>")[0] for n in range(3)]
    for row, points in zip(shown, ["15.00", "9.40", "12.33"], strict=True):
        assert row.count(f">{points}<") == 2
