"""What changes the digest of what a mark was given for, and what must not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from grader.checks.base import Check
from grader.core.model import (
    Cell,
    Limits,
    Notebook,
    Outcome,
    QuizResponse,
    Status,
    Submission,
    Task,
)
from grader.marking import answers
from tests.course import Words, item

CODE = Cell(id="a", kind="code", source="if x:\n    y\nz")
TEXT = Cell(id="b", kind="markdown", source="Because  it\nsaturates.")
ADA = Submission(
    student="ada",
    name="Ada",
    notebooks={"t": Notebook(name="T.ipynb", cells=(CODE, TEXT))},
    missing={},
    digest="files",
)


def digest(
    by: Submission = ADA,
    check: Check | None = None,
    notebook: str | None = "T",
    **details: Any,
) -> str:
    asked = item("i", check or Check())
    task = Task(
        id="t",
        title="T",
        points=Decimal(2),
        notebook=notebook,
        limits=Limits(),
        items=(asked,),
    )
    outcome = Outcome(status=Status.REVIEW, share=Decimal(0), message="why", details=details)
    return answers.digest(by, task, asked, outcome)


def with_cells(*cells: Cell) -> Submission:
    return replace(ADA, notebooks={"t": Notebook(name="T.ipynb", cells=cells)})


@pytest.mark.parametrize(
    "other",
    [
        with_cells(replace(CODE, outputs=("1.0",), id="z", tags=("seen",)), TEXT),
        with_cells(CODE, Cell(id="c", kind="code", source=" \n"), TEXT),
        with_cells(replace(CODE, source="if x:  \n\n    y\nz\n"), TEXT),
        with_cells(CODE, replace(TEXT, source="Because it saturates.")),
        replace(ADA, name="Ada L.", student="ada-2", digest="other files"),
    ],
    ids=["run again", "an empty cell", "empty lines", "wrapped words", "another file"],
)
def test_the_same_work_in_another_form_is_the_same_answer(other: Submission) -> None:
    assert digest(other) == digest()


@pytest.mark.parametrize(
    "other",
    [
        with_cells(replace(CODE, source="if x:\n    y\n    z"), TEXT),
        with_cells(CODE, replace(TEXT, source="Because it does not saturate.")),
        with_cells(CODE),
        with_cells(CODE, replace(TEXT, kind="code")),
        replace(ADA, notebooks={}),
    ],
    ids=["indentation", "words", "a cell less", "kind", "none"],
)
def test_other_work_is_another_answer(other: Submission) -> None:
    assert digest(other) != digest()


def test_of_a_written_answer_its_words_count_and_the_rest_of_the_notebook_does_not() -> None:
    words, other = Words(), with_cells(CODE)
    assert digest(check=words, given="It\nis 1.") == digest(other, check=words, given="It is 1.")
    assert digest(check=words, given="It is 1.") != digest(check=words, given="It is 2.")


def test_what_a_run_gave_is_no_answer_of_the_students() -> None:
    assert digest(given="0.1") == digest(given="0.2")


def test_of_a_quiz_the_values_count() -> None:
    first = replace(ADA, quiz=QuizResponse(values={"v1": "1", "v2": "2"}, source="a.csv"))
    turned = replace(ADA, quiz=QuizResponse(values={"v2": "2", "v1": "1"}, source="b.csv"))
    other = replace(ADA, quiz=QuizResponse(values={"v1": "1", "v2": "3"}, source="a.csv"))
    assert digest(first, notebook=None) == digest(turned, notebook=None)
    assert digest(first, notebook=None) != digest(other, notebook=None)


def test_where_nothing_could_be_read_all_files_count() -> None:
    nothing = replace(ADA, notebooks={})
    assert digest(nothing) != digest(replace(nothing, digest="other files"))
