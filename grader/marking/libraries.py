"""Which libraries an assignment's notebooks import: asked before anything runs. Trusted, pure."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Mapping

from grader.checks.autodiff import AutodiffValues
from grader.core import extras
from grader.core.model import Assignment, Notebook, Task
from grader.core.notebook import parsed
from grader.marking.masters import Masters

FIXTURES = {"fashion_mnist": ("torch", "torchvision"), "training": ("torch",)}
"""What a task's fixtures can't be installed without."""

KERNEL = ("ipykernel", "jupyter_client", "nbclient")
RETRAINING = ("onnx", "scipy")
PICTURES = ("pygraphviz", "PIL")


def imported(notebook: Notebook) -> set[str]:
    """The top-level names of what a notebook's cells import; a cell that is no Python has none."""
    found: set[str] = set()
    for cell in notebook.cells:
        if cell.kind != "code":
            continue
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            for node in ast.walk(parsed(cell.source)):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    found.add(str(node.module).partition(".")[0])
    return found


def of_fixtures(task: Task) -> list[str]:
    """What a run of the task's notebook can't begin without."""
    return list(dict.fromkeys(name for one in task.prepare for name in FIXTURES.get(one, ())))


def of_notebooks(assignment: Assignment, masters: Mapping[str, Masters]) -> list[str]:
    """What a run of the reference's notebooks needs, of what an extra brings."""
    names: list[str] = []
    for task in assignment.tasks:
        names += of_fixtures(task)
        if task.id in masters:
            names += sorted(imported(masters[task.id].master) & extras.LIBRARIES.keys())
    return list(dict.fromkeys(names))


def require(assignment: Assignment, masters: Mapping[str, Masters]) -> None:
    """Holds that all is there that grading the assignment on this machine needs.

    Raises:
        MissingLibraryError: a library is not; names the extra.
    """
    names = [*(KERNEL if masters else ()), *of_notebooks(assignment, masters)]
    for task in assignment.tasks:
        names += RETRAINING if of_fixtures(task) else ()
        quiz = any(isinstance(item.check, AutodiffValues) for item in task.items)
        names += PICTURES if quiz else ()
    extras.require(f"grading {assignment.name}", *dict.fromkeys(names))
