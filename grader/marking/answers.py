"""What a person's mark is given for, as a digest: changes when that changes. Trusted, pure."""

from __future__ import annotations

import hashlib
import json

from grader.core.model import JSON, Cell, Item, Outcome, Submission, Task


def digest(submission: Submission, task: Task, item: Item, outcome: Outcome) -> str:
    """Of the written answer where there is one, else of the code and words of its notebook.

    Neither saved outputs nor empty lines count: a notebook that was only run again is no new
    answer, and a mark stays valid while the student works on another task. Where nothing could be
    read, a person looked at all that was handed in.
    """
    text = json.dumps(_answer(submission, task, item, outcome), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _answer(submission: Submission, task: Task, item: Item, outcome: Outcome) -> JSON:
    given, notebook = outcome.details.get("given"), submission.notebooks.get(task.id)
    if task.notebook is None and submission.quiz is not None:
        return ["quiz", sorted(submission.quiz.values.items())]
    if notebook is None:
        return ["nothing", submission.digest]
    if not item.check.observes and isinstance(given, str):
        return ["text", given.split()]
    return ["notebook", [_source(cell) for cell in notebook.cells if cell.source.strip()]]


def _source(cell: Cell) -> JSON:
    """Of code every line as it begins, of words the words."""
    if cell.kind != "code":
        return cell.source.split()
    return [line.rstrip() for line in cell.source.splitlines() if line.strip()]
