"""A task's reference notebook is read once, with its solutions and as students get it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from grader.checks.autodiff import AutodiffValues
from grader.checks.text import TextAnswer
from grader.core.errors import UsageError
from grader.core.model import Assignment, Mistake
from grader.marking.masters import read_all, read_masters
from tests.course import assignment

SOURCE = (
    "def f(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n"
    "    ### BEGIN STUB\n    # return result\n    ### END STUB"
)


def of(folder: Path, source: str) -> Assignment:
    """An assignment whose first task's reference has a cell with this source."""
    made = assignment(folder)
    cells = [{"cell_type": "code", "id": "f", "metadata": {}, "source": source}]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "Sums.ipynb").write_text(json.dumps(content))
    return made


def test_the_master_has_the_solution_and_the_template_the_stub(tmp_path: Path) -> None:
    found = of(tmp_path, SOURCE)
    masters = read_masters(found, found.tasks[0])
    assert masters.master.cells[0].source == SOURCE
    assert masters.template.cells[0].source == "def f(x):\n    return result"
    assert [cell.id for cell in masters.template.cells] == ["f"]
    assert masters.master.name == masters.template.name == "Sums.ipynb"


def test_a_reference_that_is_missing_is_told_with_its_task(tmp_path: Path) -> None:
    found = assignment(tmp_path)
    lost = replace(found.tasks[0], notebook="Lost.ipynb")
    told = r"Lost\.ipynb is missing: task sums has no reference notebook"
    with pytest.raises(UsageError, match=told):
        read_masters(found, lost)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("no JSON", "is not a readable notebook"),
        ("[]", "is JSON, but not a notebook"),
        ("", "is empty"),
    ],
)
def test_a_reference_that_is_no_notebook_is_told_with_its_place(
    tmp_path: Path, content: str, told: str
) -> None:
    found = assignment(tmp_path)
    (tmp_path / "Sums.ipynb").write_text(content)
    with pytest.raises(UsageError, match=told) as refused:
        read_masters(found, found.tasks[0])
    assert str(refused.value).startswith(f"{tmp_path / 'Sums.ipynb'}: ")


def test_markers_that_do_not_fit_are_told_with_cell_and_line(tmp_path: Path) -> None:
    found = of(tmp_path, "x = 1\n### BEGIN SOLUTION")
    with pytest.raises(UsageError, match="cell f: BEGIN SOLUTION has no END SOLUTION"):
        read_masters(found, found.tasks[0])


# --- does the rubric fit? ---------------------------------------------------------------------


def mistaken(made: Assignment, code: str) -> Assignment:
    """The assignment, with a typical mistake of its first item."""
    sums = made.tasks[0]
    mistake = Mistake(name="wrong.py", code=code, hint="h")
    item = replace(sums.items[0], mistakes=(mistake,))
    return replace(made, tasks=(replace(sums, items=(item, *sums.items[1:])), *made.tasks[1:]))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("# cell: gone\nx = 1\n", "mistakes/wrong.py: the reference has no cell 'gone'"),
        ("def g(x):\n    return x\n", "mistakes/wrong.py defines nothing that Sums.ipynb defines"),
        ("", "mistakes/wrong.py defines nothing that Sums.ipynb defines"),
    ],
)
def test_a_mistake_that_does_not_fit_is_told_when_masters_are_read(
    tmp_path: Path, code: str, told: str
) -> None:
    with pytest.raises(UsageError, match=f"sums.toml: item number: {re.escape(told)}"):
        read_all(mistaken(of(tmp_path, SOURCE), code))


def test_a_mistake_fits_beside_cells_that_are_no_python(tmp_path: Path) -> None:
    made = mistaken(of(tmp_path, SOURCE), "def f(x):\n    return x\n")
    document = json.loads((tmp_path / "Sums.ipynb").read_text())
    magic = {"cell_type": "code", "id": "m", "metadata": {}, "source": "%matplotlib inline"}
    document["cells"].insert(0, magic)
    (tmp_path / "Sums.ipynb").write_text(json.dumps(document))
    assert set(read_all(made)) == {"sums", "more"}


def test_an_answer_without_its_place_is_told(tmp_path: Path) -> None:
    made = of(tmp_path, SOURCE)
    item = replace(made.tasks[0].items[0], check=TextAnswer(cell="gone"))
    wrong = replace(made, tasks=(replace(made.tasks[0], items=(item,)),))
    with pytest.raises(UsageError, match=r"item number: Sums\.ipynb has no cell 'gone'"):
        read_all(wrong)


def test_a_quiz_without_its_graph_is_told(tmp_path: Path) -> None:
    made = of(tmp_path, SOURCE)
    item = replace(made.tasks[0].items[0], check=AutodiffValues(group="forward"))
    wrong = replace(made, tasks=(replace(made.tasks[0], notebook=None, items=(item,)),))
    with pytest.raises(UsageError, match=r"autodiff\.toml is missing"):
        read_all(wrong)
