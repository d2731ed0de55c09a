"""Reports of large courses: piece by piece, and a course page that is cut into several."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterator
from dataclasses import fields

import pytest

from grader import reports
from grader.core.model import Ending, Evidence, Grade, Status
from grader.reports import FORMATS, html
from grader.reports.summary import Summaries, collected
from tests.reports import grades
from tests.reports.grades import item, task

STREAMS = {name: format.stream for name, format in FORMATS.items() if format.stream}


class Watched(Grade):
    """A grade of which can be seen whether it is still held."""

    __slots__ = ("__weakref__",)


def course(count: int) -> list[Grade]:
    return [
        grades.grade(task(item(), item(Status.REVIEW, id="tanh")), student=f"s{n}", name=f"N{n}")
        for n in range(count)
    ]


@pytest.mark.parametrize("name", sorted(STREAMS))
def test_a_stream_reads_each_grade_once_and_is_the_same_as_the_whole(name: str) -> None:
    of, read = course(4), list[str]()

    def once() -> Iterator[Grade]:
        for grade in of:
            read.append(grade.submission.student)
            yield grade

    like = grades.assignment(of[0])
    assert collected(reports.together([STREAMS[name]], once(), like)) == FORMATS[name].files(
        of, like, {}
    )
    assert read == ["s0", "s1", "s2", "s3"]


def test_streams_in_turns_are_the_same_as_one_by_one_and_hold_no_grade_for_long() -> None:
    of, read = course(9), list[weakref.ref[Grade]]()

    def once() -> Iterator[Grade]:
        for grade in of:
            copy = Watched(**{part.name: getattr(grade, part.name) for part in fields(grade)})
            read.append(weakref.ref(copy))
            yield copy

    files, alive = dict[str, bytes](), list[int]()
    for name, chunk in reports.together(
        [*STREAMS.values()], once(), like := grades.assignment(of[0])
    ):
        files[name] = files.get(name, b"") + chunk
        alive.append(sum(grade() is not None for grade in read))
    expected = {k: v for name in STREAMS for k, v in FORMATS[name].files(of, like, {}).items()}
    assert files == expected
    assert len(read) == 9
    assert max(alive) <= 4


def test_a_students_page_is_there_before_the_next_grade_is_read() -> None:
    of, read = course(2), list[str]()

    def told() -> Iterator[Grade]:
        for grade in of:
            read.append(grade.submission.student)
            yield grade

    like = grades.assignment(of[0])
    pages = html.stream(told(), like)
    assert next(pages) == ("students/s0.html", html.of_student(of[0], like))
    assert read == ["s0"]


def test_a_large_course_has_several_pages_with_every_student_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(html, "ROWS", 2)
    of = course(5)
    rendered = html.render(of, grades.assignment(of[0]))
    pages = [rendered[name].decode() for name in ("index.html", "index-2.html", "index-3.html")]
    assert "index-4.html" not in rendered
    tables = [page.partition("</table>")[0] for page in pages]
    listed = [re.findall(r'href="students/(s\d)\.html"', table) for table in tables]
    assert listed == [["s0", "s1"], ["s2", "s3"], ["s4"]]
    assert re.findall(r'href="(index[^"]*)"', pages[1]) == ["index.html", "index-3.html"]
    assert "5 submissions" in pages[0]
    assert "and 3 more" in pages[0]  # of those that wait for a person, two are shown


def test_a_small_course_has_one_page_without_links_to_others() -> None:
    of = course(3)
    rendered = html.render(of, grades.assignment(of[0]))
    assert [name for name in rendered if name.startswith("index")] == ["index.html"]
    assert b"index" not in rendered["index.html"]


def test_a_summary_keeps_points_and_what_waits_and_shares_the_rest() -> None:
    evidence = Evidence(task="activation", ending=Ending.COMPLETED)
    whole = [
        grades.grade(
            task(item(details={"given": "x"}), item(Status.REVIEW, id="t"), evidence=evidence),
            student=student,
        )
        for student in ("ada", "bob")
    ]
    summaries = Summaries()
    ada, bob = (summaries.small(grade) for grade in whole)
    assert (ada.points, ada.open_points) == (whole[0].points, whole[0].open_points)
    assert ada.tasks[0] is bob.tasks[0]
    assert ada.tasks[0].evidence is None
    assert [entry.outcome.details for entry in ada.tasks[0].items] == [{}, {}]
    assert [entry.outcome.message for entry in ada.tasks[0].items] == ["", "All values are right."]
