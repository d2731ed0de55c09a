"""Which files are laid beside a notebook that is run."""

from __future__ import annotations

import json

import pytest

from grader.assignment import rubric
from grader.intake import one_submission

ASSIGNMENT = rubric.find("dais2021-a4")


def notebook(source: str) -> bytes:
    cell = {"cell_type": "code", "source": source, "metadata": {}}
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}).encode()


def beside(source: str, **files: bytes) -> set[str]:
    own = {"ActivationFunctions.ipynb": notebook(source)}
    found = one_submission.submission("Ada", own | files, ASSIGNMENT)
    return set(found.files)


@pytest.mark.parametrize(
    "name",
    ["graph.png", "a/photo.JPG", "weights.npy", "mine.mplstyle", "table.xlsx", "code.py", "t.tsv"],
)
def test_files_of_all_usual_kinds_lie_beside_the_notebook(name: str) -> None:
    assert beside("x = 1", **{name: b"x"}) == {name}


def test_programs_and_archives_do_not() -> None:
    assert beside("x = 1", **{"run.exe": b"x", "weights.pkl": b"x"}) == set()


def test_a_notebook_that_another_one_runs_lies_beside_it_and_no_other() -> None:
    files = {"helpers.ipynb": notebook("y = 2"), "old.ipynb": notebook("y = 3")}
    assert beside("%run helpers.ipynb", **files) == {"helpers.ipynb"}
    assert beside("%run ./helpers", **files) == {"helpers.ipynb"}
    assert beside("x = 1", **files) == set()
