"""Pseudonyms: the same for the same person, nobody in what is kept, everybody in what goes back."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from grader.core.model import Assignment, Submission
from grader.intake.pseudonyms import Key, Veil
from grader.intake.submissions import ingest
from grader.platforms import PLATFORMS
from grader.store import serialisation
from tests import course

KEY = Key(secret="s")
PEOPLE = (
    "name,email,number,submitted\n"
    "Ada Strong,ada.strong@x.org,2026001,2021-05-01 10:00\n"
    "Max Doppelmann,max.a@x.org,2026007,\nMax Doppelmann,max.b@x.org,2026008,\n"
    "Otto Fremd,otto@x.org,2026099,\n"
)


@pytest.fixture
def like(tmp_path: Path) -> Assignment:
    return course.assignment(tmp_path / "reference")


def cell(text: str) -> str:
    made = {"cell_type": "code", "id": "a", "metadata": {}, "source": text, "outputs": []}
    return json.dumps({"cells": [made], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def handed_in(folder: Path, source: str = "1", **files: bytes) -> Path:
    ada = folder / "batch" / "Ada Strong"
    ada.mkdir(parents=True, exist_ok=True)
    (ada / "Strong_Sums.ipynb").write_text(cell(source))
    for name, content in files.items():
        (ada / name.replace("__", ".")).write_bytes(content)
    (folder / "people.csv").write_text(PEOPLE)
    return folder


def veiled(folder: Path, like: Assignment, key: Key = KEY) -> tuple[Veil, list[Submission]]:
    found = ingest([folder / "batch"], like, PLATFORMS, [folder / "people.csv"])
    veil = Veil(key, like.name, found.submissions, found.others)
    return veil, list(veil)


def texts(submissions: Sequence[Submission]) -> str:
    kept = [serialisation.submission_to_json(one) for one in submissions]
    return "".join([*kept, *(str(dict(one.files)) for one in submissions)])


def test_nobody_is_in_a_submission_and_its_code_still_finds_its_files(
    tmp_path: Path, like: Assignment
) -> None:
    source = (
        "# Ada Strong (2026001), with Otto Fremd, ada.strong@x.org\n"
        "import ada_strong\nseed = 2026001\nopen('ada_strong.csv')"
    )
    files = {"ada_strong__py": b"by = 'strong, ada'", "ada_strong__csv": b"1"}
    _, (ada,) = veiled(handed_in(tmp_path, source, **files), like)
    for word in ("Strong", "ada_strong", "Otto", "Fremd", "x.org", "2026001"):
        assert word not in texts([ada])
    name = ada.student
    lines = ada.notebooks["sums"].cells[0].source.splitlines()
    assert lines[1] == f"import {name}"
    assert lines[3] == f"open('{name}.csv')"
    assert {*ada.files} == {f"{name}.py", f"{name}.csv"}
    assert ada.files[f"{name}.py"] == f"by = '{name}'".encode()
    assert len(lines[2]) == len("seed = 2026001")
    assert lines[2].partition(" = ")[2].isdigit()
    assert ada.submitted_at is not None


def test_the_same_person_has_the_same_pseudonym_in_each_batch_of_an_assignment(
    tmp_path: Path, like: Assignment
) -> None:
    _, (first,) = veiled(handed_in(tmp_path), like)
    (tmp_path / "batch" / "Ada Strong").rename(tmp_path / "batch" / "2026001")
    veil, (again,) = veiled(tmp_path, like, KEY)
    assert first.student == again.student == again.name
    assert (first.identity, veil.names()) == (again.identity, [first.student])
    assert veiled(tmp_path, like, Key(secret="t"))[1][0].student != first.student


def test_the_key_leads_back_to_everybody_that_was_met(tmp_path: Path, like: Assignment) -> None:
    veil, (ada,) = veiled(handed_in(tmp_path), like)
    assert sorted(known.name for known in veil.key.people.values()) == [
        "Ada Strong",
        "Max Doppelmann",
        "Max Doppelmann",
        "Otto Fremd",
    ]
    known = veil.key.people[ada.student]
    assert (known.name, known.person.email) == ("Ada Strong", "ada.strong@x.org")
    assert (
        veil.key.resolved(f"{ada.student}_x is {ada.student}0") == f"Ada Strong_x is {ada.student}0"
    )
    page = veil.key.resolved_page(f"<h1>{ada.student}</h1>".encode())
    assert page == b"<h1>Ada Strong</h1>"
    assert (
        veil.told("Otto Fremd (r.csv, row 4) fits nobody")
        != "Otto Fremd (r.csv, row 4) fits nobody"
    )


def test_a_packed_file_that_names_somebody_is_not_kept_and_a_person_decides(
    tmp_path: Path, like: Assignment
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("docProps/core.xml", "<creator>Ada Strong</creator>")
    handed_in(tmp_path, table__xlsx=out.getvalue(), other__xlsx=b"\xff\x00")
    _, (ada,) = veiled(tmp_path, like)
    assert {*ada.files} == {"other.xlsx"}
    assert ada.doubts["sums"] == "table.xlsx names a person and is not kept."
    assert ada.problems[-1] == ada.doubts["sums"]


def test_what_was_taken_is_told_without_parts_of_the_own_name(
    tmp_path: Path, like: Assignment
) -> None:
    _, (ada,) = veiled(handed_in(tmp_path), like)
    assert f"{ada.student}_Sums.ipynb was taken for Sums.ipynb." in ada.problems


def test_a_key_learns_and_forgets_nobody(tmp_path: Path, like: Assignment) -> None:
    veil, (ada,) = veiled(handed_in(tmp_path), like)
    (tmp_path / "people.csv").write_text("name,email,number\nA. Strong,new@x.org,2026001\n")
    (tmp_path / "batch" / "Ada Strong").rename(tmp_path / "batch" / "2026001")
    later, _ = veiled(tmp_path, like, veil.key)
    assert len(later.key.people) == 4
    known = later.key.people[ada.student]
    assert set(known.names) == {"A. Strong", "Ada Strong"}
    assert {"new@x.org", "ada.strong@x.org"} <= set(known.addresses)


def test_of_a_part_the_rest_is_still_known(tmp_path: Path, like: Assignment) -> None:
    veil, (ada,) = veiled(handed_in(tmp_path), like)
    (one,) = veil.identities()
    assert (one.student, one.name, one.decides) == (ada.student, "Ada Strong", ada.identity)
    assert [given.student for given in veil.only({ada.student})] == [ada.student]
    assert (len(veil), len(veil.only(set()))) == (1, 0)


def test_people_do_not_stand_in_the_order_of_their_names(tmp_path: Path, like: Assignment) -> None:
    for name in ("Bea", "Cem", "Dora", "Emil", "Finn"):
        (tmp_path / "batch" / name).mkdir(parents=True)
        (tmp_path / "batch" / name / "Sums.ipynb").write_text(cell("1"))
    veil, found = veiled(handed_in(tmp_path), like)
    assert [one.student for one in found] == veil.names() == sorted(veil.names())
    assert len(found) == 6
