"""Cells that are code by what they hold, though not by their kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.assignment import rubric
from grader.core.model import Cell, Notebook
from grader.marking import readable

TASK = next(task for task in rubric.find("dais2021-a4").tasks if task.id == "activation")
DEFINITION = "def tanh(x):\n    return x"


def kinds(*cells: tuple[str, str]) -> tuple[list[str], tuple[str, ...]]:
    made = [Cell(id=str(n), kind=kind, source=source) for n, (kind, source) in enumerate(cells)]
    found = readable.notebook(Notebook(name="A.ipynb", cells=tuple(made)), TASK)
    return [cell.kind for cell in found.cells], found.repairs


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize(
    "text", [DEFINITION, f"```python\n{DEFINITION}\n```", f"```\n{DEFINITION}\n```"]
)
def test_a_text_that_defines_what_is_asked_is_code(kind: str, text: str) -> None:
    told = ("cell 2 was no code cell, but defines tanh",)
    assert kinds(("code", "x = 1"), (kind, text)) == (["code", "code"], told)


def test_the_fence_is_not_run() -> None:
    cell = Cell(id="a", kind="raw", source=f"```python\n{DEFINITION}\n```")
    found = readable.notebook(Notebook(name="A.ipynb", cells=(cell,)), TASK)
    assert found.cells == (replace(cell, kind="code", source=DEFINITION),)


@pytest.mark.parametrize(
    "text",
    ["def tanh(x):", "Here is def tanh(x): return x", "def other(x):\n    return x", "tanh = 3"],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert kinds(("markdown", text)) == (["markdown"], ())


def test_an_old_try_in_a_text_does_not_replace_the_code() -> None:
    assert kinds(("code", DEFINITION), ("markdown", DEFINITION)) == (["code", "markdown"], ())


def test_a_notebook_of_empty_lines_is_searched_once() -> None:
    """From each line to the end, it took hours."""
    empty = Cell(id="a", kind="code", source="\n" * 1_000_000)
    made = Cell(id="b", kind="code", source="\n\t def  tanh(x): ...")
    given = Notebook(name="A.ipynb", cells=(empty, made))
    assert readable.notebook(given, TASK) == given


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("\n ```py \nx = 1\n\n  ``` \n", "x = 1\n"),
        ("```\n```", ""),
        ("```\n\n```", ""),
        ("```\nx = 1```", ""),
        ("``` a b\nx = 1\n```", ""),
        ("```\nx" + "\n" * 500_000 + "y", ""),
    ],
)
def test_a_fence_stands_on_lines_of_its_own(text: str, inner: str) -> None:
    cell = Cell(id="a", kind="markdown", source=text)
    assert readable._source(cell) == (inner or ("" if text == "```\n\n```" else text))
