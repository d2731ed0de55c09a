"""Whose files are whose in a folder, without reading them."""

from __future__ import annotations

from functools import partial

import pytest

from grader.core.errors import UsageError
from grader.intake import folder_layout
from grader.intake.files import Files
from grader.intake.folder_layout import Beside, Found
from grader.platforms import PLATFORMS

A = "A.ipynb"
PEOPLE = b'Student,ID,SIS User ID,SIS Login ID,Section\n"Strong, Ada",1,2,3,S\n'


def folder(*paths: str, **contents: bytes) -> Files:
    """Files of these paths; `_` in a keyword is a point."""
    named = dict.fromkeys(paths, b"") | {k.replace("_", "."): v for k, v in contents.items()}
    return Files({path: partial(bytes, content) for path, content in named.items()})


def split(files: Files, **more: bool) -> tuple[dict[str, list[str]], Beside]:
    """Whose which files are, and what lies beside them."""
    beside = Beside(platforms=PLATFORMS, wanted=[A])
    found = folder_layout.split("course", files, [], beside, **more)
    return {one.name: sorted(one.files) for one in found}, beside


# --- students ---------------------------------------------------------------------------------


@pytest.mark.parametrize("top", [A, "a.IPYNB", "autodiff.toml", "autodiff.csv"])
def test_with_work_at_the_top_all_is_one_students(top: str) -> None:
    assert split(folder(top, "img/x.png"))[0] == {"course": sorted([top, "img/x.png"])}


def test_each_folder_and_each_zip_is_a_student_and_both_of_one_name_are_one() -> None:
    found, beside = split(folder(f"Ada/{A}", "Mei.zip", f"Ada/x/{A}", "Ada.zip"))
    assert found == {"Ada": ["A.ipynb", "Ada.zip", "x/A.ipynb"], "Mei": ["Mei.zip"]}
    assert beside.notes == []


@pytest.mark.parametrize(
    "parts", [("Aufgabe 1", "Aufgabe 2"), ("task1", "src"), ("Übung_3_final", "notebooks")]
)
def test_folders_named_as_parts_are_one_students_work(parts: tuple[str, str]) -> None:
    paths = [f"{part}/{A}" for part in parts]
    assert split(folder(*paths))[0] == {"course": sorted(paths)}


@pytest.mark.parametrize("parts", [("Aufgabe 1", "Ada"), ("Taskin", "Worker")])
def test_one_other_name_and_they_are_people(parts: tuple[str, str]) -> None:
    assert set(split(folder(*(f"{part}/{A}" for part in parts)))[0]) == set(parts)


def test_wrappers_around_the_students_are_opened() -> None:
    found, _ = split(folder(f"download/2021/Ada/{A}", f"download/2021/Mei/{A}"))
    assert found == {"Ada": [A], "Mei": [A]}


def test_ignored_folders_are_nobody() -> None:
    assert set(split(folder(f"Ada/{A}", f"Mei/{A}", f".git/{A}", f"__MACOSX/{A}"))[0]) == {
        "Ada",
        "Mei",
    }


def test_files_of_several_students_side_by_side_are_refused() -> None:
    with pytest.raises(UsageError) as refusal:
        split(folder(f"ada-{A}", f"mei-{A}"))
    assert str(refusal.value) == (
        f"course holds files of several students, such as 'ada-{A}' and 'mei-{A}', and no known "
        "platform names them so; put each student's files into a folder"
    )


# --- beside them ------------------------------------------------------------------------------


def test_a_table_beside_students_is_the_courses() -> None:
    _, beside = split(folder(f"Ada/{A}", f"Mei/{A}", people_csv=PEOPLE))
    ((entry,),) = beside.people
    assert (entry.name, entry.key) == ("Ada Strong", "1")
    assert beside.notes == beside.unusable == []


def test_a_table_where_a_student_may_have_put_it_is_not_taken() -> None:
    _, beside = split(folder(f"Ada/{A}", f"Mei/{A}", people_csv=PEOPLE), is_course=False)
    assert beside.people == []
    assert beside.unusable == [f"people.csv {folder_layout.MAYBE_OWN}"]


def test_a_file_of_nobody_is_told() -> None:
    _, beside = split(folder(f"Ada/{A}", f"Mei/{A}", "list.pdf", "readme.md"))
    assert beside.notes == ["course: list.pdf belongs to no student; the file was left out"]


def test_a_file_that_cannot_be_read_any_more_is_told() -> None:
    def gone() -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    files = folder(f"Ada/{A}", f"Mei/{A}") | Files({"people.csv": gone})
    _, beside = split(files)
    (note,) = beside.notes
    assert note.startswith("course: people.csv cannot be read any more (No such file")
    assert note.endswith("; the file was left out")


@pytest.mark.parametrize(
    ("paths", "several"),
    [
        (["a/x"], False),
        (["a/x", "b/x"], True),
        (["a.zip", "b.ZIP"], True),
        (["x", "y", "a/x"], False),
    ],
)
def test_several_folders_or_zips_are_hardly_one_students(paths: list[str], several: bool) -> None:
    assert folder_layout.holds_several(folder(*paths)) is several


# --- several downloads ------------------------------------------------------------------------


def placed(name: str, key: str, path: str) -> Found:
    return Found(name=name, files=folder(path), platform="moodle", key=key)


def test_one_number_in_two_downloads_is_one_submission() -> None:
    found = folder_layout.merged(
        [placed("Ada", "1", A), placed("Mei", "2", A), placed("Ada", "1", "B.ipynb")]
    )
    assert {one.name: sorted(one.files) for one in found} == {"Ada": [A, "B.ipynb"], "Mei": [A]}


def test_who_has_no_number_is_never_joined() -> None:
    found = folder_layout.merged([placed("Ada", "", A), placed("Ada", "", "B.ipynb")])
    assert [sorted(one.files) for one in found] == [[A], ["B.ipynb"]]


def test_one_number_of_two_people_is_two_assignments() -> None:
    with pytest.raises(
        UsageError, match=r"^number 1 is Ada in one download and Mei in another: they"
    ):
        folder_layout.merged([placed("Ada", "1", A), placed("Mei", "1", A)])


# --- the only student -------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["work.7z", "work.rar", "work.tar.gz", "work.pdf", "work.py"])
def test_the_only_students_folder_is_one_whatever_is_in_it(file: str) -> None:
    found, beside = split(folder(f"Ada/{file}"))
    assert found == {"Ada": [file]}
    assert beside.notes == []


def test_a_folder_of_tables_alone_is_no_student() -> None:
    found, beside = split(folder(**{"lists/people_csv": PEOPLE}))
    assert found == {}
    assert beside.people == []
    assert beside.notes == [
        "lists: people.csv lies where a student may have put it; if it is the course's, give it as "
        "a path of its own; the file was left out"
    ]


@pytest.mark.parametrize("name", ["a__" * 80 + "X", "A4 Code v2.1", "teil_1", "7", "Ada"])
def test_the_name_of_a_part_is_known_at_once(name: str) -> None:
    """By a pattern of two ways for each sign it took years."""
    assert bool(folder_layout.PARTS.fullmatch(name)) is (name in ("A4 Code v2.1", "teil_1"))
