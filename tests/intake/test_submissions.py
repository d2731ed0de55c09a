"""What is found in a batch folder, and what is said of the rest: nobody is overlooked."""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from grader.assignment import rubric
from grader.core.model import Assignment
from grader.intake.submissions import Batch, ingest, told
from grader.platforms import PLATFORMS

NAMES = ("ActivationFunctions", "Evaluation", "FMSSVRC")
HEADER = "Nachname,Vorname,Status,Antwort 1"


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return rubric.find("dais2021-a4")


def notebook(cells: int = 1) -> str:
    cell: dict[str, object] = {
        "cell_type": "code",
        "source": "x = 1",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell] * cells})


def hand_in(batch: Path, student: str, **files: str) -> None:
    """A folder in which nothing is missing, but for what is given."""
    folder = batch / student
    folder.mkdir(parents=True)
    for name in NAMES:
        (folder / f"{name}.ipynb").write_text(files.pop(name, notebook()))
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)


def remarks(batch: Batch) -> tuple[str, ...]:
    """On what is no submission, and on each submission."""
    return (*batch.notes, *filter(None, map(told, batch.submissions)))


def test_each_fault_is_one_line_and_the_rest_is_found(
    tmp_path: Path, assignment: Assignment
) -> None:
    hand_in(tmp_path, "Änne Öztürk von der Höh")
    hand_in(tmp_path, "No Json", Evaluation="<html>")
    hand_in(tmp_path, "Ten Thousand", FMSSVRC=notebook(10_000))
    hand_in(tmp_path, "Missing")
    (tmp_path / "Missing" / "Evaluation.ipynb").unlink()
    (tmp_path / "Nothing").mkdir()
    (tmp_path / "Text").mkdir()
    (tmp_path / "Text" / "hello.txt").write_text("hello")
    (tmp_path / "Broken.zip").write_text("no zip")
    batch = ingest([tmp_path], assignment, PLATFORMS)
    assert sorted(remarks(batch)) == [
        "Broken: Broken.zip is not a readable zip archive (File is not a zip file); "
        "download it again.",
        "Missing: Evaluation.ipynb was not handed in.",
        "No Json: Evaluation.ipynb is not a readable notebook: the file is damaged at line 1.",
        "Nothing: the folder is empty and was left out",
        "Ten Thousand: FMSSVRC.ipynb has 10000 cells; more than 2000 are not graded.",
        "Text: The submission has no notebooks.",
    ]
    whole = next(s for s in batch.submissions if s.student == "aenne-oeztuerk-von-der-hoeh")
    assert whole.name == "Änne Öztürk von der Höh"
    assert set(whole.notebooks) == {"activation", "evaluation", "fmssvrc"}


@pytest.mark.parametrize("place", ["Ada.zip", "Lovelace/Ada.zip"])
def test_a_zip_that_cannot_be_read_is_for_a_person_and_no_zero(
    tmp_path: Path, assignment: Assignment, place: str
) -> None:
    hand_in(tmp_path, "Someone Else")
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_bytes(b"PK\3\4 broken off")
    submission, _ = ingest([tmp_path], assignment, PLATFORMS).submissions
    assert set(submission.doubts) == {"activation", "evaluation", "fmssvrc"}
    (reason,) = set(submission.missing.values())
    assert reason.startswith("Ada.zip is not a readable zip archive")


def test_a_file_that_cannot_be_read_any_more_is_for_a_person_and_not_the_end(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(tmp_path, "Ada")
    hand_in(tmp_path, "Bob")
    read = Path.read_bytes

    def fails(path: Path) -> bytes:
        if path == tmp_path / "Ada" / "FMSSVRC.ipynb":
            raise OSError(5, "Input/output error")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", fails)
    ada, bob = ingest([tmp_path], assignment, PLATFORMS).submissions
    assert set(ada.doubts) == {"activation", "evaluation", "fmssvrc"}
    assert ada.problems == ("FMSSVRC.ipynb cannot be read any more (Input/output error).",)
    assert len(bob.notebooks) == 3


def test_a_file_that_nobody_needs_and_cannot_be_read_any_more_is_one_line(
    tmp_path: Path, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(tmp_path, "Ada", weights_bin="x")
    hand_in(tmp_path, "Bob")
    (tmp_path / "Responses.csv").write_text("x")
    read = Path.read_bytes

    def fails(path: Path) -> bytes:
        if path.name in ("weights.bin", "Responses.csv"):
            raise OSError(5, "Input/output error")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", fails)
    batch = ingest([tmp_path], assignment, PLATFORMS)
    assert [len(submission.notebooks) for submission in batch.submissions] == [3, 3]
    assert remarks(batch) == (
        f"{tmp_path.name}: Responses.csv cannot be read any more (Input/output error); the file "
        "was left out",
        "Ada: weights.bin cannot be read any more (Input/output error).",
    )


@pytest.mark.parametrize("second", ["Ada.zip", "Ada.ZIP"])
def test_what_a_student_has_in_two_places_is_one_submission(
    tmp_path: Path, assignment: Assignment, second: str
) -> None:
    content = notebook().encode()
    if second == "Ada.zip":
        (tmp_path / "Ada").mkdir()
        (tmp_path / "Ada" / "FMSSVRC.ipynb").write_bytes(content)
    else:
        (tmp_path / "Ada.zip").write_bytes(packed(FMSSVRC_ipynb=content))
    (tmp_path / second).write_bytes(
        packed(ActivationFunctions_ipynb=content, Evaluation_ipynb=content)
    )
    hand_in(tmp_path, "Bob")
    ada, _ = ingest([tmp_path], assignment, PLATFORMS).submissions
    assert set(ada.notebooks) == {"activation", "evaluation", "fmssvrc"}


def test_an_empty_zip_in_a_students_folder_is_told(tmp_path: Path, assignment: Assignment) -> None:
    hand_in(tmp_path, "Bob")
    (tmp_path / "Ada").mkdir()
    (tmp_path / "Ada" / "work.zip").write_bytes(packed())
    assert remarks(ingest([tmp_path], assignment, PLATFORMS)) == (
        "Ada: The submission has no notebooks.",
    )


def test_there_may_be_more_zips_than_open_files(tmp_path: Path, assignment: Assignment) -> None:
    paths = [tmp_path / f"Student {n}.zip" for n in range(60)]
    for path in paths:
        path.write_bytes(packed(FMSSVRC_ipynb=notebook().encode()))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(fd.name) for fd in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 20, hard))
    try:
        batch = ingest(paths, assignment, PLATFORMS)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(batch.submissions) == 60
    assert all("fmssvrc" in submission.notebooks for submission in batch.submissions)


def packed(**files: bytes) -> bytes:
    """A zip with these files, not compressed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return stream.getvalue()


@pytest.mark.parametrize("how", ["folders", "zips", "one zip", "zips in a zip"])
def test_a_large_course_needs_no_more_memory_than_a_submission(
    tmp_path: Path, assignment: Assignment, how: str
) -> None:
    students, size = [f"Student {n:02}" for n in range(20)], 2 << 20
    work = {
        "FMSSVRC_ipynb": notebook().encode(),
        "weights_bin": os.urandom(size),
        "data_csv": os.urandom(1 << 20),
    }
    path = tmp_path / "course"
    path.mkdir()
    for student in students:
        if "zips" in how:
            (path / f"{student}.zip").write_bytes(packed(**work))
            continue
        (path / student).mkdir()
        for name, content in work.items():
            (path / student / name.replace("_", ".")).write_bytes(content)
    if how.endswith("zip"):
        path = Path(shutil.make_archive(str(path), "zip", path))
    tracemalloc.start()
    found = ingest([path], assignment, PLATFORMS).submissions
    seen = [(one.name, [*one.notebooks], *map(len, one.files.values())) for one in found]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seen == [(student, ["fmssvrc"], 1 << 20) for student in students]
    assert peak < 6 * size


def quiz(tmp_path: Path, assignment: Assignment, **downloads: str) -> Batch:
    """A batch with downloads: name → the row's answer."""
    for name, answer in downloads.items():
        text = f"{HEADER}\nLovelace,Ada,Beendet,{answer}\n"
        (tmp_path / f"{name}.csv").write_text(text)
    return ingest([tmp_path], assignment, PLATFORMS)


def test_moodles_row_counts_before_an_answer_file(tmp_path: Path, assignment: Assignment) -> None:
    """An answer file can be written when the quiz is over."""
    hand_in(tmp_path, "Ada Lovelace", autodiff_toml="v1 = 1.2")
    (without,) = quiz(tmp_path, assignment).submissions
    assert without.quiz is not None
    assert without.quiz.values == {"v1": "1.2"}
    (submission,) = quiz(tmp_path, assignment, r="5").submissions
    assert submission.quiz is not None
    assert submission.quiz.values == {"response 1": "5"}
    assert submission.problems == (
        "autodiff.toml was left out: the answers in r.csv, row 2 count.",
    )


@pytest.mark.parametrize("file", [{}, {"autodiff_toml": "v1 = 1.2"}])
@pytest.mark.parametrize(
    ("rows", "is_doubt"),
    [
        ("Lovelace,Ada,Beendet,5\nLovelace,Ada,Beendet,6\n", True),
        ("Lovelace,Ada,In Bearbeitung,5\n", False),
    ],
)
def test_who_took_the_quiz_can_not_choose_to_be_marked_by_a_file(
    tmp_path: Path, assignment: Assignment, rows: str, is_doubt: bool, file: dict[str, str]
) -> None:
    hand_in(tmp_path, "Ada Lovelace", **file)
    (tmp_path / "r.csv").write_text(f"{HEADER}\n{rows}")
    (ada,) = ingest([tmp_path], assignment, PLATFORMS).submissions
    assert (ada.quiz is None) is (is_doubt or not file)  # else the file counts
    assert ("autodiff" in ada.doubts) is is_doubt
    told = any("autodiff.toml was handed in, too" in one for one in ada.problems)
    assert told is (is_doubt and bool(file))


@pytest.mark.parametrize("file", [{}, {"autodiff_toml": "v1 = 1.2"}])
def test_a_file_of_whom_no_row_names_counts(
    tmp_path: Path, assignment: Assignment, file: dict[str, str]
) -> None:
    hand_in(tmp_path, "Ada Lovelace", **file)
    (tmp_path / "r.csv").write_text(f"{HEADER}\nFremd,Otto,Beendet,5\n")
    (ada,) = ingest([tmp_path], assignment, PLATFORMS).submissions
    assert (ada.quiz is None) is ("autodiff" in ada.doubts) is (not file)


def test_of_two_downloads_with_one_student_the_first_counts_and_it_is_told(
    tmp_path: Path, assignment: Assignment
) -> None:
    hand_in(tmp_path, "Ada Lovelace")
    batch = quiz(tmp_path, assignment, a="5", b="6")
    (submission,) = batch.submissions
    assert submission.quiz is not None
    assert submission.quiz.source == "a.csv, row 2"
    assert batch.notes == ("b.csv, row 2: ada-lovelace is in a.csv, row 2, too, which counts",)


def test_a_grades_download_is_told_with_the_mend(tmp_path: Path, assignment: Assignment) -> None:
    hand_in(tmp_path, "Ada Lovelace")
    (tmp_path / "grades.csv").write_text('Nachname,Vorname,"F 1 /2,50"\nL,A,"1,00"\n')
    batch = ingest([tmp_path], assignment, PLATFORMS)
    (note,) = batch.notes
    assert "download the quiz's report 'Responses', not 'Grades'" in note
    (ada,) = batch.submissions  # it is not her fault
    assert ada.doubts["autodiff"].startswith("The quiz could not be read: grades.csv has no column")


STUDENTS_OWN = {
    "a zip": ("Ada.zip", {"Responses.csv", "Ada/Evaluation.ipynb"}),
    "a zip with others": (
        "Ada.zip",
        {"Responses.csv", "Ada/Evaluation.ipynb", "Bea/Evaluation.ipynb"},
    ),
    "a zip like a platform's": (
        "Ada.zip",
        {"Responses.csv", "Bea_18_assignsubmission_file_/Evaluation.ipynb"},
    ),
    "a folder": ("", {"Ada/Responses.csv", "Ada/x/Evaluation.ipynb"}),
    "a folder beside another's": (
        "",
        {"Ada/Responses.csv", "Ada/x/Evaluation.ipynb", "Cem/Evaluation.ipynb"},
    ),
}


@pytest.mark.parametrize("case", STUDENTS_OWN)
def test_a_table_that_a_student_may_have_put_there_is_not_the_courses(
    tmp_path: Path, assignment: Assignment, case: str
) -> None:
    zipped, files = STUDENTS_OWN[case]
    table = f"{HEADER}\nAda,,Beendet,5\nBea,,Beendet,6\nCem,,Beendet,0\n"
    contents = {name: notebook() if name.endswith(".ipynb") else table for name in files}
    if zipped:
        with zipfile.ZipFile(tmp_path / zipped, "w") as packed:
            for name, text in contents.items():
                packed.writestr(name, text)
    else:
        for name, text in contents.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
    batch = ingest([tmp_path], assignment, PLATFORMS)
    for submission in batch.submissions:
        assert submission.quiz is None
        assert "lies where a student may have put it" in submission.doubts["autodiff"]
    assert "give it as a path of its own" in batch.notes[0]


def test_the_only_submissions_own_zip_has_no_table_of_the_course(
    tmp_path: Path, assignment: Assignment
) -> None:
    with zipfile.ZipFile(tmp_path / "Ada.zip", "w") as packed:
        packed.writestr("Responses.csv", f"{HEADER}\nAda,,Beendet,5\n")
        packed.writestr("Ada/Evaluation.ipynb", notebook())
    (ada,) = ingest([tmp_path / "Ada.zip"], assignment, PLATFORMS).submissions
    assert ada.quiz is None
