"""What a table beside submissions is, as the platforms see it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from grader.core.errors import UsageError
from grader.intake import platform_tables
from grader.intake.platform import Entry, Platform, QuizAttempt, Table
from grader.intake.platform_tables import Known

ROW = QuizAttempt(source="r.csv, row 2", name="A", reversed_name="A", finished=True, responses={})
PERSON = Entry(source="p.csv, row 2", name="A")


class Quizzes(Platform):
    """Knows a table that begins with `quiz`, and complains of one that begins with `grades`."""

    name = "quizzes"

    def attempts(self, name: str, table: Table) -> Sequence[QuizAttempt] | None:
        if table[0][0] == "broken":
            raise UsageError(f"{name} says of nobody whose it is")
        return [ROW] if table[0][0] == "quiz" else None

    def complaint(self, name: str, table: Table) -> str:
        return f"{name} has grades alone" if table[0][0] == "grades" else ""


class People(Platform):
    """Knows a table that begins with `people`."""

    name = "people"

    def people(self, name: str, table: Table) -> Sequence[Entry] | None:
        return [PERSON] if table[0][0] == "people" else None


PLATFORMS = [People(), Quizzes()]


@pytest.mark.parametrize(
    ("first", "known"),
    [
        ("quiz", Known(attempts=[ROW])),
        ("people", Known(people=[PERSON])),
        ("grades", Known(complaint="t.csv has grades alone")),
        ("broken", Known(complaint="t.csv says of nobody whose it is")),
        ("other", Known()),
    ],
)
def test_a_table_is_what_the_first_platform_that_knows_it_says(first: str, known: Known) -> None:
    assert (
        platform_tables.look("t.csv", {"t.csv": f"{first},b\n1,2\n".encode()}, PLATFORMS) == known
    )


@pytest.mark.parametrize("path", ["notes.txt", "A.ipynb", "picture.png"])
def test_another_file_is_not_read(path: str) -> None:
    assert platform_tables.look(path, {}, PLATFORMS) == Known()


def test_what_only_looks_like_a_table_is_told() -> None:
    known = platform_tables.look("t.xlsx", {"t.xlsx": b"no spreadsheet"}, PLATFORMS)
    assert (known.attempts, known.people) == (None, None)
    assert "t.xlsx" in known.complaint


def test_the_attempts_of_a_download_are_read() -> None:
    assert platform_tables.attempts("t.csv", b"quiz,b\n", PLATFORMS) == [ROW]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"other,b\n", "t.csv is no download of a quiz's answers"),
        (b"people,b\n", "t.csv is no download of a quiz's answers"),
        (b"grades,b\n", "t.csv has grades alone"),
    ],
)
def test_what_is_no_download_of_answers_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(UsageError) as refusal:
        platform_tables.attempts("t.csv", content, PLATFORMS)
    assert str(refusal.value) == told
