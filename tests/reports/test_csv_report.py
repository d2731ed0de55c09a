"""grades.csv: one row a student, readable by spreadsheets, and never a formula."""

from __future__ import annotations

import csv
import io
import re

import pytest

from grader.core.model import Grade, Status
from grader.reports import csv_report
from tests.reports import grades
from tests.reports.grades import item, task

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("x")',
    "-A1",
    "=cmd|' /C calc'!A0",
    "--1",
    "+",
    "\n=1+1",
]


def render(*of: Grade) -> bytes:
    content = csv_report.render(of, grades.assignment(of[0] if of else None))
    assert list(content) == ["grades.csv"]
    return content["grades.csv"]


def rows(*of: Grade) -> list[dict[str, str]]:
    return list(
        csv.DictReader(io.StringIO(render(*of).decode("utf-8-sig"), newline=""), delimiter=";")
    )


def test_there_is_a_row_for_each_student_with_a_column_for_each_item() -> None:
    of = grades.grade(
        task(item(id="logistic"), item(Status.REVIEW, id="vanishing_1", points="3")),
        task(item(Status.PARTIAL, id="mlp", points="5"), id="fmssvrc"),
    )
    assert rows(of) == [
        {
            "student": "ada",
            "name": "Ada Lovelace",
            "points": "4,00",
            "max_points": "9,50",
            "passed": "no",
            "provisional": "yes",
            "open_points": "3,00",
            "submitted_at": "",
            "deduction": "0,00",
            "activation": "1,50",
            "fmssvrc": "2,50",
            "activation/logistic": "1,50",
            "activation/vanishing_1": "0,00",
            "fmssvrc/mlp": "2,50",
        }
    ]


def test_a_spreadsheet_reads_it_as_utf_8() -> None:
    content = render(grades.grade(name="Jörg 李梅"))
    assert content.startswith(b"\xef\xbb\xbfstudent;")
    assert "Jörg 李梅" in content.decode("utf-8-sig")


def test_lines_end_as_in_the_standard() -> None:
    content = render(grades.grade(), grades.grade(student="bob"))
    assert content.endswith(b"\r\n")
    assert content.count(b"\r\n") == content.count(b"\n") == 3


@pytest.mark.parametrize("name", FORMULAS)
def test_a_name_is_never_a_formula(name: str) -> None:
    (row,) = rows(grades.grade(name=name))
    assert row["name"] == "'" + re.sub("(?<=[\t\r\n])=", "'=", name)


@pytest.mark.parametrize("name", ["Ada", "O'Neil", "Anne-Marie", "a=b", "-5", "+3.5", "", "1"])
def test_a_harmless_name_is_left_alone(name: str) -> None:
    (row,) = rows(grades.grade(name=name))
    assert row["name"] == name


@pytest.mark.parametrize("separator", [",", ";", "\t", "\n"])
def test_no_cell_is_a_formula_whatever_the_spreadsheet_takes_for_a_separator(
    separator: str,
) -> None:
    """An English Excel parts the lines of a CSV at commas, within semicolons' cells too."""
    content = render(grades.grade(name=f"Ada{separator}=1+1")).decode("utf-8-sig")
    cells = re.split(r"[,\t]", content) if separator in ",\t" else rows_as_cells(content)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


def rows_as_cells(content: str) -> list[str]:
    return [
        cell for row in csv.reader(io.StringIO(content, newline=""), delimiter=";") for cell in row
    ]


@pytest.mark.parametrize("name", ['a"b', "a,b", "a\nb", "a\r\nb", "'", '"', "{{7*7}}", "<script>"])
def test_a_name_stays_in_its_cell(name: str) -> None:
    found = rows(grades.grade(name=name), grades.grade(student="bob", name="Bob"))
    assert [row["student"] for row in found] == ["ada", "bob"]
    assert found[0]["name"] == name


def test_half_a_character_in_a_folders_name_does_not_lose_the_report() -> None:
    (row,) = rows(grades.grade(name="Ada \udcff"))
    assert row["student"] == "ada"
    assert row["name"].startswith("Ada ")


def test_no_submission_is_a_header() -> None:
    assert rows() == []
    assert render().count(b"\r\n") == 1


def test_three_hundred_grades_render() -> None:
    of = [
        grades.grade(task(item(), item(Status.REVIEW, id="tanh")), student=f"s{n}")
        for n in range(300)
    ]
    assert [row["student"] for row in rows(*of)] == [f"s{n}" for n in range(300)]
