"""What this machine lacks for a student's own check, in sentences. Trusted side."""

from __future__ import annotations

from pathlib import Path

from grader.checks.base import review
from grader.core import extras
from grader.core.errors import GraderError, UsageError
from grader.core.model import Evidence, Outcome, Task
from grader.marking import libraries
from grader.marking.judge import MISSING_MODULE
from grader.retraining.datasets import fashion_mnist


def for_task(task: Task, data_dir: Path | None) -> str:
    """What a run of the task's notebook can't begin without, and is not here; "" if all is.

    Raises:
        UsageError: the folder that was named for the data does not hold it.
    """
    if missing := extras.missing(*libraries.of_fixtures(task)):
        return extras.sentence(str(task.notebook), missing)
    if fashion_mnist.FIXTURE in task.prepare:
        try:
            fashion_mnist.prepare(data_dir, fetch=False)
        except UsageError:
            raise
        except GraderError as reason:
            return f"{task.notebook}: {reason}"
    return ""


def for_imports(notebook: str, evidence: Evidence) -> str:
    """What a notebook that was run imports, and is not here; "" if all is."""
    found = [match[1] for cell in evidence.cells if (match := MISSING_MODULE.match(cell.error))]
    names = [name for name in dict.fromkeys(found) if name in extras.LIBRARIES]
    return f"{extras.sentence(notebook, names)}." if names else ""


def skipped(reason: str) -> Outcome:
    """What is known of an item that can't be checked here: nothing, and by nobody's fault."""
    return review(f"Not checked here: {reason}.", skipped=True)
