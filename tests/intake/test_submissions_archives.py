"""Whose files are whose: folders, zips, Moodle's downloads, and archives within archives."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.assignment import rubric
from grader.core.errors import UsageError
from grader.core.model import Submission
from grader.intake import one_submission, submissions, work_files
from grader.platforms import PLATFORMS

A, E = "ActivationFunctions.ipynb", "Evaluation.ipynb"
EMPTY = json.dumps({"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()


def packed(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return stream.getvalue()


def found(tmp_path: Path, files: dict[str, bytes]) -> dict[str, Submission]:
    """The submissions of a zip with these files, by name."""
    path = tmp_path / "course.zip"
    path.write_bytes(packed(files))
    batch = submissions.ingest([path], rubric.find("dais2021-a4"), PLATFORMS)
    return {submission.name: submission for submission in batch.submissions}


@pytest.mark.parametrize("end", ["assignsubmission_file", "assignsubmission_file_"])
def test_moodles_folders_are_students(tmp_path: Path, end: str) -> None:
    students = found(
        tmp_path,
        {
            f"Ada Lovelace_17_{end}/{A}": EMPTY,
            f"Ada Lovelace_17_{end}/model/{E}": EMPTY,
            "Ada Lovelace_17_assignsubmission_onlinetext/onlinetext.html": b"<p>",
            f"Jörg Müller_18_{end}/{A}": EMPTY,
            "__MACOSX/._x": b"",
        },
    )
    assert set(students) == {"Ada Lovelace", "Jörg Müller"}
    assert set(students["Ada Lovelace"].notebooks) == {"activation", "evaluation"}


def test_moodles_download_without_folders_is_not_one_student(tmp_path: Path) -> None:
    students = found(
        tmp_path,
        {
            f"Ada Lovelace_17_assignsubmission_file_{A}": EMPTY,
            f"Ada Lovelace_17_assignsubmission_file_{E}": EMPTY,
            f"Jörg Müller_18_assignsubmission_file_{A}": EMPTY,
        },
    )
    assert {name: set(s.notebooks) for name, s in students.items()} == {
        "Ada Lovelace": {"activation", "evaluation"},
        "Jörg Müller": {"activation"},
    }


def test_a_zip_that_a_student_handed_in_is_opened(tmp_path: Path) -> None:
    end = "assignsubmission_file"
    students = found(
        tmp_path,
        {
            f"Ada_17_{end}/blatt4.zip": packed({f"blatt4/{A}": EMPTY}),
            f"Bob_18_{end}/{A}": EMPTY,
        },
    )
    assert set(students["Ada"].notebooks) == set(students["Bob"].notebooks) == {"activation"}


def test_a_broken_zip_of_one_student_is_one_line_and_the_next_is_graded(tmp_path: Path) -> None:
    students = found(
        tmp_path,
        {
            "Ada_17_assignsubmission_file/x.zip": b"PK broken",
            "Eve.zip": b"PK broken",
            f"Bob_18_assignsubmission_file/{A}": EMPTY,
        },
    )
    for name in ("Ada", "Eve"):
        assert not students[name].notebooks
        assert "is not a readable zip archive" in students[name].problems[0]
    assert set(students["Bob"].notebooks) == {"activation"}


def test_what_was_left_out_of_a_zip_is_told_to_its_student(tmp_path: Path) -> None:
    students = found(tmp_path, {"Ada.zip": packed({A: EMPTY, "../../evil.py": b"x"})})
    assert "'../../evil.py' in Ada.zip points outside the archive" in students["Ada"].problems[0]


def test_zips_within_zips_without_end_are_not_followed(tmp_path: Path) -> None:
    blob = packed({A: EMPTY})
    for _ in range(20):
        blob = packed({"again.zip": blob})
    students = found(tmp_path, {"again.zip": blob})
    assert [s.notebooks for s in students.values()] == [{}]


def test_folders_without_end_are_not_followed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no submission was found"):
        found(tmp_path, {"x/" * 30_000 + A: EMPTY})


def test_names_that_differ_in_case_alone_are_two_students(tmp_path: Path) -> None:
    for name in ("ADA", "ada"):
        (tmp_path / name).mkdir()
        (tmp_path / name / A).write_bytes(EMPTY)
    students = submissions.ingest([tmp_path], rubric.find("dais2021-a4"), PLATFORMS).submissions
    assert len({s.student for s in students}) == 2


@pytest.mark.parametrize("names", [("A\u0308da", "\u00c4da"), ("Ada Lovelace", "ada lovelace")])
def test_two_folders_that_would_be_one_person_are_refused(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / A).write_bytes(EMPTY)
    with pytest.raises(UsageError, match="two submissions would be"):
        submissions.ingest([tmp_path], rubric.find("dais2021-a4"), PLATFORMS)


def test_a_hostile_name_is_no_path(tmp_path: Path) -> None:
    students = found(
        tmp_path,
        {
            f"..\u2215..\u2215etc_1_assignsubmission_file/{A}": EMPTY,
            f"\u202ecod.exe <b>_2_assignsubmission_file/{A}": EMPTY,
        },
    )
    for submission in students.values():
        assert submission.student.replace("-", "").isalnum()
        assert "\u202e" not in submission.name


def test_more_helper_files_than_any_notebook_needs_are_left_out(tmp_path: Path) -> None:
    files = {f"{n}.txt": b"x" for n in range(2000)} | {A: EMPTY}
    (student,) = found(tmp_path, {f"Ada/{name}": body for name, body in files.items()}).values()
    assert len(student.files) == one_submission.MAX_HELPER_FILES


def of_other_kind(tmp_path: Path, convert: Callable[[bytes, str], bytes] | None) -> Submission:
    """What somebody handed in as a 7z."""
    for name, file, content in (("Ada", "work.7z", b"7z"), ("Bob", A, EMPTY)):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_bytes(content)
    batch = submissions.ingest([tmp_path], rubric.find("dais2021-a4"), PLATFORMS, convert=convert)
    ada, _ = batch.submissions
    return ada


def test_other_archives_are_read_as_the_tar_that_a_program_makes_of_them(tmp_path: Path) -> None:
    def converted(content: bytes, name: str) -> bytes:
        assert (content, name) == (b"7z", "work.7z")
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for path, kind in (
                (A, tarfile.REGTYPE),
                ("../E.ipynb", tarfile.REGTYPE),
                (E, tarfile.SYMTYPE),
            ):
                entry = tarfile.TarInfo(path)
                entry.type, entry.linkname = kind, "/etc/passwd"
                entry.size = 0 if kind == tarfile.SYMTYPE else len(EMPTY)
                archive.addfile(entry, io.BytesIO(EMPTY[: entry.size]))
        return out.getvalue()

    ada = of_other_kind(tmp_path, converted)
    assert set(ada.notebooks) == {"activation"}
    assert "'../E.ipynb' in work.7z points outside and was left out." in ada.problems
    assert "'Evaluation.ipynb' in work.7z is no ordinary file and was left out." in ada.problems
    assert set(ada.doubts) == {"evaluation", "fmssvrc"}


def test_other_archives_that_cannot_be_opened_are_named_and_go_to_a_person(tmp_path: Path) -> None:
    def refused(content: bytes, name: str) -> bytes:
        raise UsageError(f"{name} could not be unpacked")

    ada = of_other_kind(tmp_path, refused)
    assert "work.7z could not be unpacked." in ada.problems
    assert ada.doubts["activation"] == "work.7z could not be unpacked."
    assert ada.unused == ("work.7z",)


def test_without_a_program_for_them_other_archives_go_to_a_person(tmp_path: Path) -> None:
    ada = of_other_kind(tmp_path, None)
    assert ada.doubts["activation"] == "work.7z was handed in, and may be this work."


def test_the_only_student_with_an_archive_that_stays_closed_goes_to_a_person(
    tmp_path: Path,
) -> None:
    (tmp_path / "Ada").mkdir()
    (tmp_path / "Ada" / "work.rar").write_bytes(b"Rar!")
    (ada,) = submissions.ingest([tmp_path], rubric.find("dais2021-a4"), PLATFORMS).submissions
    assert ada.name == "Ada"
    assert ada.doubts["activation"] == "work.rar was handed in, and may be this work."


def as_tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("above", ["", "work/", "work/a/"])
@pytest.mark.parametrize("how", ["folder", "zip", "zip in a folder", "zip in a zip"])
def test_work_that_lies_in_a_folder_of_checkpoints_alone_is_for_a_person(
    tmp_path: Path, how: str, above: str
) -> None:
    files = {f"{above}.ipynb_checkpoints/ActivationFunctions-checkpoint.ipynb": EMPTY}
    handed = {
        "folder": {f"Ada/{path}": content for path, content in files.items()},
        "zip": {"Ada.zip": packed(files)},
        "zip in a folder": {"Ada/work.zip": packed(files)},
        "zip in a zip": {"Ada.zip": packed({"work.zip": packed(files)})},
    }[how]
    ada = found(tmp_path, handed | {f"Bob/{A}": EMPTY})["Ada"]
    assert set(ada.doubts) == {"activation", "evaluation", "fmssvrc"}


def test_a_fault_of_a_reader_is_one_persons_and_waits_for_somebody_to_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose = work_files.choose

    def stumble(files: dict[str, bytes], *rest: Any) -> object:
        if "odd.html" in files:
            raise AssertionError("a fault of ours")
        return choose(files, *rest)

    monkeypatch.setattr(work_files, "choose", stumble)
    students = found(tmp_path, {f"Ada/{A}": EMPTY, "Ada/odd.html": b"", f"Bob/{A}": EMPTY})
    assert set(students["Bob"].notebooks) == {"activation"}
    ada = students["Ada"]
    assert set(ada.doubts) == {"activation", "evaluation", "fmssvrc"}
    assert ada.problems == ("The files could not be read (AssertionError: a fault of ours).",)


DOWNLOADS = {
    "moodle": (f"Max Muster_4711001_assignsubmission_file/{A}",),
    "ilias": (f"Muster_Max_mmuster_4711/{A}",),
    "one number twice": (f"Muster_Max_mm_4711/{A}", f"Other_Guy_og_4711/{A}"),
    "nbgrader": (f"submitted/ottook/tiny/{A}",),
    "two assignments": (f"submitted/a/t1/{A}", f"submitted/a/t2/{A}"),
    "gradescope": (f"submission_1/{A}", "submission_metadata.yml"),
}


@pytest.mark.parametrize("kind", DOWNLOADS)
@pytest.mark.parametrize("others", [("Otto Ok",), ("Otto Ok", "ottook", "Ida")])
def test_nobody_hands_in_for_another_by_a_folder_like_a_download(
    tmp_path: Path, kind: str, others: tuple[str, ...]
) -> None:
    path = tmp_path / "course.zip"
    own = {f"Eve X/{inner}": EMPTY for inner in DOWNLOADS[kind]}
    path.write_bytes(packed(own | {f"{name}/{A}": EMPTY for name in others}))
    batch = submissions.ingest([path], rubric.find("dais2021-a4"), PLATFORMS)
    assert {one.name for one in batch.submissions} == {*others, "Eve X"}
    (eve,) = (one for one in batch.submissions if one.name == "Eve X")
    assert (eve.person.platform, eve.person.key) == ("", "")
    assert any("holds what looks like a platform's download" in one for one in eve.problems)
    assert any("Eve X lies among students' folders" in note for note in batch.notes)


def test_groups_beside_a_zip_and_material_are_groups(tmp_path: Path) -> None:
    groups = {
        f"Group {number}/Ada_{number}7_assignsubmission_file/{A}": EMPTY for number in range(2)
    }
    students = found(tmp_path, groups | {"Late.zip": packed({A: EMPTY}), "Sheets/a4.pdf": b"%PDF"})
    assert {"Ada", "Late"} <= set(students)
