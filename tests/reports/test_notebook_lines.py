"""The line of a cell's source in a notebook's file."""

from __future__ import annotations

import json

import pytest

from grader.checks.base import Check
from grader.checks.functions.values import FunctionValues
from grader.core.model import CellRun, Ending, Evidence, Item, Visibility
from grader.core.notebook import read
from grader.reports import notebook_lines
from tests.bundle import cell, notebook

CONTENT = notebook(
    cell('# Title\n[not a cell]("source")\n', "title", "markdown"),
    cell("import numpy\n\n\ndef relu(x):\n    return x", "relu-cell"),
    cell("'''\ndef tanh(x): no\n'''\nprint(1)", "other"),
    cell("x = 1", "class-accuracy"),
)


def item(id: str, function: str = "") -> Item:
    check: Check = FunctionValues(function=function) if function else Check()
    return Item(id=id, title=id, points=1, visibility=Visibility.PUBLIC, hint="", check=check)  # type: ignore[arg-type]


def line_of(text: str, content: bytes = CONTENT) -> int:
    """Where a text stands in the file, the first time."""
    return next(n for n, line in enumerate(content.decode().split("\n"), 1) if text in line)


def place(wanted: Item, content: bytes = CONTENT, failed: int = -1) -> notebook_lines.Place:
    cells = (CellRun(index=failed, id="", status="error"),) if failed >= 0 else ()
    evidence = Evidence(task="t", ending=Ending.COMPLETED, cells=cells)
    return notebook_lines.of_item(
        wanted, read(content, "a.ipynb"), content, "work/a.ipynb", evidence
    )


def test_a_functions_line_is_that_of_its_definition() -> None:
    expected = notebook_lines.Place(path="work/a.ipynb", line=line_of("def relu"), cell=1)
    assert place(item("relu", "relu")) == expected


def test_an_item_without_a_function_stands_at_its_cell() -> None:
    found = place(item("class_accuracy"))
    assert (found.line, found.cell) == (line_of("x = 1"), 3)


def test_else_the_first_cell_that_failed_or_the_files_first_line() -> None:
    assert place(item("mlp"), failed=2).line == line_of("'''")
    assert place(item("mlp")) == notebook_lines.Place(path="work/a.ipynb")


@pytest.mark.parametrize("indent", [None, 4])
def test_any_way_of_writing_json_will_do(indent: int | None) -> None:
    document = json.loads(CONTENT)
    document["cells"][1]["source"] = "".join(document["cells"][1]["source"])
    content = json.dumps(document, indent=indent).encode()
    assert place(item("relu", "relu"), content).line == line_of("def relu", content)


def test_a_source_of_very_many_lines_has_each_where_it_stands() -> None:
    source = [f"x = {number}\n" for number in range(80_000)]
    text = json.dumps({"cells": [{"source": ["\n"]}, {"source": source}]}, indent=1)
    first = 1 + text[: text.index('"x = 0')].count("\n")
    assert notebook_lines.source_lines(text)[1] == list(range(first, first + 80_000))


@pytest.mark.parametrize("text", ["", "[]", '{"cells": 1}', '{"cells": [1]}', '{"cells": ['])
def test_what_is_no_notebook_is_refused(text: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        notebook_lines.source_lines(text)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("def f(x):\n    return x\n\nf(1)", "def f(x):\n    return x"),
        (
            "import a\ndef f(\n    x,\n):\n# so\n    return x\n@g\ndef h(): 1",
            "def f(\n    x,\n):\n# so\n    return x",
        ),
        ("f = lambda x: x\ny = 2", "f = lambda x: x"),
        ("def f(x):\n    return (", "def f(x):\n    return ("),
    ],
)
def test_the_work_on_a_function_is_its_definition_alone(source: str, shown: str) -> None:
    mine = read(notebook(cell("y = 1"), cell(source)), "a.ipynb")
    assert notebook_lines.work_of(item("f", "f"), mine) == (1, shown)


def test_the_work_on_an_item_without_a_function_is_the_cell_named_most_like_it() -> None:
    mine = read(notebook(cell("train()", "training"), cell("plot()", "plots")), "a.ipynb")
    assert notebook_lines.work_of(item("training_loop"), mine) == (0, "train()")
    mine = read(notebook(cell("a", "train"), cell("b", "training-plots")), "a.ipynb")
    assert notebook_lines.work_of(item("training_plots"), mine) == (1, "b")
    assert notebook_lines.work_of(item("mlp"), mine) == (-1, "")
