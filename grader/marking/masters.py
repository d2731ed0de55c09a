"""A task's reference notebook, with its solutions and as students get it. Trusted side."""

from __future__ import annotations

from dataclasses import dataclass

from grader.core import notebook
from grader.core.errors import UsageError
from grader.core.model import Assignment, Notebook, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Masters:
    """A task's reference notebook with solutions, and as students get it."""

    master: Notebook
    template: Notebook


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
