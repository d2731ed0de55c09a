"""A task's reference notebook, with its solutions and as students get it. Trusted side."""

from __future__ import annotations

from dataclasses import dataclass

from grader.checks.autodiff import AutodiffValues
from grader.checks.text import TextAnswer
from grader.core import notebook, notebook_patch
from grader.core.errors import UsageError
from grader.core.model import Assignment, Item, Notebook, Task
from grader.quiz import quiz


@dataclass(frozen=True, slots=True, kw_only=True)
class Masters:
    """A task's reference notebook with solutions, and as students get it."""

    master: Notebook
    template: Notebook


def read_all(assignment: Assignment) -> dict[str, Masters]:
    """The masters of all tasks that have one, by the task's id.

    Raises:
        UsageError: as `read_masters`, or the rubric asks for what the reference does not have.
    """
    found = {task.id: read_masters(assignment, task) for task in assignment.tasks if task.notebook}
    for task in assignment.tasks:
        for item in task.items:
            place = f"{assignment.rubric_dir.name}/{task.id}.toml: item {item.id}"
            if isinstance(item.check, AutodiffValues):
                quiz.read(assignment.reference_dir / item.check.graph, item.check.variants)
            if task.notebook:
                _must_fit(item, found[task.id].master, place)
    return found


def _must_fit(item: Item, master: Notebook, place: str) -> None:
    """Holds that an item's mistakes and answers have their places in the reference."""
    if isinstance(item.check, TextAnswer) and item.check.cell not in {c.id for c in master.cells}:
        raise UsageError(f"{place}: {master.name} has no cell {item.check.cell!r}")
    for mistake in item.mistakes:
        file = f"{place}: mistakes/{mistake.name}"
        if not notebook_patch.parts(master, mistake.code, file).keys() - {""}:
            raise UsageError(f"{file} defines nothing that {master.name} defines")


def read_masters(assignment: Assignment, task: Task) -> Masters:
    """A task's master notebook and the students' version made from it.

    Raises:
        UsageError: the file is missing or not a notebook.
    """
    path = assignment.reference_dir / str(task.notebook)
    try:
        content = path.read_bytes()
    except OSError:
        raise UsageError(f"{path} is missing: task {task.id} has no reference notebook") from None
    try:
        return Masters(
            master=notebook.read(content, path.name),
            template=notebook.read(notebook.release(content, path.name), path.name),
        )
    except notebook.NotebookProblem as problem:
        raise UsageError(f"{path}: {problem}") from None
