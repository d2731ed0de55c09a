"""Canvas: names of a flat download, and its gradebook there and back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from grader.core.errors import UsageError
from grader.core.model import Person
from grader.intake.platform import Place, Result, Template
from grader.platforms.canvas import Canvas
from tests.platforms.results import back, result

HEAD = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]


def gradebook(*rows: list[str], columns: tuple[str, ...] = ("Blatt 4 (55501)",)) -> Template:
    return Template(name="g.csv", table=[[*HEAD, *columns, "Final Score"], *rows])


def student(name: str, key: str, *cells: str) -> list[str]:
    return [name, key, f"00{key}", f"u{key}", "DAIS", *cells]


def lines(template: Template, *results: Result) -> list[str]:
    made = back(Canvas(), results, template)
    return made.files["canvas-gradebook.csv"].decode().splitlines()


# --- downloads --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("adastrong_111_9001_A.ipynb", Place(key="111", name="adastrong", path="A.ipynb")),
        ("adastrong_LATE_111_9001_A.ipynb", Place(key="111", name="adastrong", path="A.ipynb")),
        ("adastrong_late_111_9001_A.ipynb", Place(key="111", name="adastrong", path="A.ipynb")),
        (
            "müllerjörg_1_2_my_notes_3.ipynb",
            Place(key="1", name="müllerjörg", path="my_notes_3.ipynb"),
        ),
    ],
)
def test_a_files_name_says_whose_it_is(path: str, place: Place) -> None:
    assert Canvas().places("submissions", {path: b""}) == {path: place}


@pytest.mark.parametrize(
    "path", ["A.ipynb", "ada_111_A.ipynb", "ada_x_9001_A.ipynb", "x/ada_111_9001_A.ipynb", "ada1_2"]
)
def test_one_file_of_another_form_and_it_is_no_download(path: str) -> None:
    files = {"adastrong_111_9001_A.ipynb": b"", path: b""}
    assert Canvas().places("submissions", files) == {}


def test_a_table_beside_the_files_is_none_of_them() -> None:
    files = {"adastrong_111_9001_A.ipynb": b"", "gradebook.csv": b""}
    assert list(Canvas().places("submissions", files)) == ["adastrong_111_9001_A.ipynb"]
    assert Canvas().places("submissions", {"gradebook.csv": b""}) == {}


# --- people -----------------------------------------------------------------------------------


def test_people_of_an_export_have_their_numbers_and_both_orders_of_the_name() -> None:
    table = [
        [*HEAD, "Blatt 4 (55501)"],
        ["    Points Possible", "", "", "", "", "50"],
        student("Beispiel, Alex Kim", "7001", "3"),
        student("Plato", "7002"),
        ["Student, Test", "", "", "", "DAIS"],
    ]
    found = Canvas().people("g.csv", table)
    assert found is not None
    alex, plato = found
    assert (alex.name, alex.reversed_name) == ("Alex Kim Beispiel", "Beispiel  Alex Kim")
    assert (alex.platform, alex.key, alex.number) == ("canvas", "7001", "007001")
    assert (alex.username, alex.group, alex.source) == ("u7001", "DAIS", "g.csv, row 3")
    assert (plato.name, plato.source) == ("Plato", "g.csv, row 4")


@pytest.mark.parametrize("table", [[], [["Student", "ID"]], [["Name", "Number", "Section"], ["a"]]])
def test_another_table_tells_of_nobody(table: list[list[str]]) -> None:
    assert Canvas().people("g.csv", table) is None


# --- ways back --------------------------------------------------------------------------------


def test_canvas_gets_its_own_gradebook_with_one_column() -> None:
    table = [
        [*HEAD, "Blatt 3 (55500)", "Blatt 4 (55501)", "Final Score"],
        ["    Points Possible", "", "", "", "", "10", "50.00", "(read only)"],
        ["Beispiel, Alex", "7001", "0012345", "abc1234", "DAIS", "1", "", "0"],
        ["Muster, Robin", "7002", "", "abd2345", "DAIS", "1", "36.75", "0"],
    ]
    given = [
        result("Alex Beispiel", "canvas", "7001"),
        result("Robin Muster", "canvas", "7002"),
        result("No Body", "canvas", "7003"),
    ]
    made = back(Canvas(), given, Template(name="g.csv", table=table))
    assert made.files["canvas-gradebook.csv"].decode().splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Section,Blatt 4 (55501)",
        "    Points Possible,,,,,50.00",
        '"Beispiel, Alex",7001,0012345,abc1234,DAIS,36.75',
    ]
    assert made.arriving == ("alex-beispiel",)
    assert made.passed_over == {
        "robin-muster": "it has this mark already",
        "no-body": "the gradebook has no row for it",
    }


def test_who_handed_in_elsewhere_is_found_by_the_institutions_number() -> None:
    elsewhere = result("Alex Beispiel", "moodle", "7001")
    stranger = Result(
        student="x",
        name="x",
        person=Person(platform="moodle", key="7002"),
        points=Decimal(1),
        highest=Decimal(1),
        sentences=(),
        page=b"",
    )
    table = gradebook(student("Beispiel, Alex", "7001", ""), student("Other, One", "7002", ""))
    made = back(Canvas(), [elsewhere, stranger], table)
    assert made.arriving == ("alex-beispiel",)
    assert made.passed_over == {"x": "the gradebook has no row for it"}


def test_without_a_row_of_possible_points_marks_are_the_points() -> None:
    table = gradebook(student("Beispiel, Alex", "7001", ""))
    assert lines(table, result("Alex", "canvas", "7001"))[1:] == [
        '"Beispiel, Alex",7001,007001,u7001,DAIS,73.51'
    ]


@pytest.mark.parametrize("possible", ["", "(read only)", "NaN", "Infinity", "1E+999999", "0"])
def test_possible_points_that_are_no_number_leave_the_points_as_they_are(possible: str) -> None:
    table = gradebook(
        ["    Points Possible", "", "", "", "", possible], student("Beispiel, Alex", "7001", "")
    )
    assert lines(table, result("Alex", "canvas", "7001"))[1:] == [
        "    Points Possible,,,,,",
        '"Beispiel, Alex",7001,007001,u7001,DAIS,73.51',
    ]


def test_a_mark_with_a_comma_is_the_same_mark() -> None:
    table = gradebook(student("Beispiel, Alex", "7001", "73,51"))
    made = back(Canvas(), [result("Alex", "canvas", "7001")], table)
    assert made.passed_over == {"alex": "it has this mark already"}


@pytest.mark.parametrize("columns", [("Blatt 3 (1)", "blatt 4 (2)"), ("Something else (2)",)])
def test_the_column_is_that_of_the_title_or_the_only_one(columns: tuple[str, ...]) -> None:
    table = gradebook(student("Beispiel, Alex", "7001"), columns=columns)
    assert lines(table, result("Alex", "canvas", "7001"))[0].endswith(f",{columns[-1]}")


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (("Blatt 3 (1)", "Blatt 5 (2)"), r"Blatt 3 \(1\), Blatt 5 \(2\)"),
        (("Blatt 4 (1)", "Blatt 4 (2)"), r"Blatt 4 \(1\), Blatt 4 \(2\)"),
        (("Notes",), "none"),
    ],
)
def test_a_column_in_doubt_is_asked_for(columns: tuple[str, ...], shown: str) -> None:
    with pytest.raises(UsageError, match=rf"columns is 'Blatt 4'\? It has {shown}; export it"):
        lines(gradebook(columns=columns))


@pytest.mark.parametrize(
    "template", [None, Template(name="w.csv", table=[["Identifier", "Grade"]])]
)
def test_without_its_gradebook_the_way_there_is_told(template: Template | None) -> None:
    with pytest.raises(UsageError, match=r"Canvas needs its own gradebook: export it"):
        back(Canvas(), [], template)
