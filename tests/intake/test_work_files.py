"""Which file is a task's: the work before the handout, then the newer; the rest is named."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from grader.assignment import rubric
from grader.core import notebook
from grader.core.model import Assignment
from grader.intake.submissions import ingest
from grader.intake.work_files import Chosen, choose
from grader.platforms import PLATFORMS

A = "ActivationFunctions.ipynb"
FAULTS = Path(__file__).parents[1] / "data" / "handed_in"


@pytest.fixture(scope="module")
def assignment() -> Assignment:
    return rubric.find("dais2021-a4")


@pytest.fixture(scope="module")
def handout(assignment: Assignment) -> bytes:
    content = (assignment.reference_dir / A).read_bytes()
    return notebook.release(content, A)


def work(code: str = "x = 1") -> bytes:
    cell: dict[str, object] = {
        "cell_type": "code",
        "source": code,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
    ).encode()


def chosen(assignment: Assignment, files: dict[str, bytes], **days: int) -> Chosen:
    times = {path: datetime(2026, 1, days[path[:1]]) for path in files if path[:1] in days}
    return choose(files, assignment, times)


def code_of(found: Chosen) -> str:
    return "\n".join(cell.source for cell in found.notebooks["activation"].cells)


@pytest.mark.parametrize(
    "other",
    [
        "ActivationFunctions (1).ipynb",
        "ActivationFunctions_final.ipynb",
        "v2/ActivationFunctions.ipynb",
        "ActivationFunctions-Copy1.ipynb",
    ],
)
def test_the_work_counts_before_the_handout(
    assignment: Assignment, handout: bytes, other: str
) -> None:
    found = chosen(assignment, {A: handout, other: work("def relu(x): pass")})
    assert code_of(found) == "def relu(x): pass"
    assert found.used == {other}
    assert "activation" not in found.doubts


def test_of_two_works_the_newer_counts_and_the_other_is_for_a_person(
    assignment: Assignment,
) -> None:
    files = {"a/" + A: work("a = 1"), "b/" + A: work("b = 1")}
    for days, counts in (({"a": 1, "b": 2}, "b"), ({"a": 2, "b": 1}, "a")):
        found = chosen(assignment, files, **days)
        assert code_of(found) == f"{counts} = 1"
        other = ({"a", "b"} - {counts}).pop()
        assert f"{other}/{A} could be {A}, too" in found.doubts["activation"]


def test_two_copies_are_one_work(assignment: Assignment) -> None:
    found = chosen(assignment, {A: work(), "copy/" + A: work()})
    assert "activation" not in found.doubts


@pytest.mark.parametrize("path", ["mine.ipynb", "Evaluation/mine.ipynb", "x.ipynb.txt"])
def test_a_notebook_is_found_by_what_it_holds(
    assignment: Assignment, handout: bytes, path: str
) -> None:
    solved = json.loads(handout)
    solved["cells"][-1]["source"] = "mine = 1"
    found = chosen(assignment, {path: json.dumps(solved).encode()})
    assert set(found.notebooks) == {"activation"}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("ActivationFunctions.py", b"# %% [markdown]\n# Text\n# %%\ndef relu(x):\n    return x\n"),
        ("ActivationFunctions.py", b"# In[1]:\n\n\ndef relu(x):\n    return x\n"),
        ("ActivationFunctions.py", b"def relu(x):\n    return x\n"),
        (
            "ActivationFunctions.html",
            b'<div class="jp-MarkdownOutput"><h1>Text</h1></div><div class="highlight hl-ipython3">'
            b'<pre><span class="k">def</span> relu(x):\n    return x\n</pre></div>',
        ),
    ],
)
def test_scripts_and_pages_are_read_as_notebooks_and_that_is_told(
    assignment: Assignment, path: str, content: bytes
) -> None:
    found = chosen(assignment, {path: content})
    made = found.notebooks["activation"]
    code = [cell.source for cell in made.cells if cell.kind == "code"]
    assert code == ["def relu(x):\n    return x"]
    assert "was read as a notebook" in made.repairs[0]


@pytest.mark.parametrize("path", ["a4.rar", "a4.7z", "scan.pdf", "other.ipynb", "onlinetext.html"])
def test_what_may_be_the_work_is_for_a_person_and_no_zero(
    assignment: Assignment, path: str
) -> None:
    found = chosen(assignment, {path: work() if path.endswith("ipynb") else b"x"})
    assert found.doubts["activation"] == f"{path} was handed in, and may be this work."


def test_data_beside_notebooks_is_no_work(assignment: Assignment) -> None:
    found = chosen(assignment, {A: work(), "wine.csv": b"1", "helper.py": b"x = 1", "net.pt": b"1"})
    assert found.doubts == {}
    assert found.missing["evaluation"] == "Evaluation.ipynb was not handed in."


@pytest.mark.parametrize(
    ("fault", "notebooks", "doubts"),
    [
        ("03-template-beats-the-students-copy/Ada", {"activation"}, set[str]()),
        ("05-two-zips/Ada", {"activation"}, set[str]()),
        ("04-zip-beside-a-notebook/Ada", {"activation", "evaluation"}, set[str]()),
        ("10-archive-is-tar-gz/Ada", {"activation"}, set[str]()),
        ("10-archive-is-tar-gz/Bea", set[str](), {"activation", "evaluation", "fmssvrc"}),
        ("10-archive-is-tar-gz/Dora", {"activation"}, set[str]()),
    ],
)
def test_what_people_really_hand_in(
    assignment: Assignment, fault: str, notebooks: set[str], doubts: set[str]
) -> None:
    batch, _, student = fault.partition("/")
    found = {s.name: s for s in ingest([FAULTS / batch], assignment, PLATFORMS).submissions}
    assert set(found[student].notebooks) == notebooks
    assert set(found[student].doubts) == doubts
    assert doubts == set() or found[student].unused


@pytest.mark.parametrize("folder", [".ipynb_checkpoints", ".work"])
def test_who_has_files_in_folders_alone_that_nobody_looks_into_does_not_vanish(
    tmp_path: Path, assignment: Assignment, folder: str
) -> None:
    for student, place in (("Ada", "."), ("Bea", folder), ("data", "."), ("Cem", "data")):
        (tmp_path / student / place).mkdir(parents=True)
        (tmp_path / student / place / A).write_bytes(work())
    found = {s.name: s for s in ingest([tmp_path], assignment, PLATFORMS).submissions}
    assert {name: set(s.notebooks) for name, s in found.items()} == {
        "Ada": {"activation"},
        "Bea": set(),
        "Cem": {"activation"},
        "data": {"activation"},
    }
    assert found["Bea"].unused == (f"{folder}/ (not looked into)",)
    assert set(found["Bea"].doubts) == {"activation", "evaluation", "fmssvrc"}
