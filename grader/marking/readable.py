"""Reads as code what a student turned into text: a cell's kind is a click. Trusted side, pure."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from grader.core.model import Assignment, Cell, Notebook, Submission, Task

FENCE = "```"


def submission(given: Submission, assignment: Assignment) -> Submission:
    """The submission with all its notebooks read so."""
    notebooks = {
        task.id: notebook(given.notebooks[task.id], task)
        for task in assignment.tasks
        if task.id in given.notebooks
    }
    return replace(given, notebooks={**given.notebooks, **notebooks})


def notebook(given: Notebook, task: Task) -> Notebook:
    """The notebook, with cells that are code where the task asks for what only they define.

    A Markdown or raw cell counts as code if it is Python that defines a function that a check is
    about, and no code cell mentions such a definition. It is told as a repair.
    """
    asked = {item.check.subject for item in task.items} - {""}
    code = "\n".join(cell.source for cell in given.cells if cell.kind == "code")
    defined = r"^[ \t]*def[ \t]+%s\b"  # no line ends: each would be searched from each
    missing = {name for name in asked if not re.search(defined % name, code, re.M | re.I)}
    cells, repairs = [], list(given.repairs)
    for number, cell in enumerate(given.cells, 1):
        found = _defined(cell) & missing if missing and cell.kind != "code" else set()
        if found:
            named = ", ".join(sorted(found))
            repairs.append(f"cell {number} was no code cell, but defines {named}")
        cells.append(replace(cell, kind="code", source=_source(cell)) if found else cell)
    return replace(given, cells=tuple(cells), repairs=tuple(repairs))


def _source(cell: Cell) -> str:
    """The text without the fence around it."""
    first, _, rest = cell.source.strip().partition("\n")
    inner, is_line, last = rest.rpartition("\n")
    is_fenced = re.fullmatch(rf"{FENCE}\w*\s*", first) and is_line and last.strip() == FENCE
    return inner if is_fenced else cell.source


def _defined(cell: Cell) -> set[str]:
    """The functions that a cell's text defines, if it is Python."""
    if "def " not in cell.source:
        return set()
    try:
        body = ast.parse(_source(cell)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {part.name for part in body if isinstance(part, ast.FunctionDef)}
