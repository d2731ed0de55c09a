"""Which door to student code a student's own check takes on this machine. Trusted side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from grader.core import extras
from grader.core.model import Evidence, Notebook, Question
from grader.sandbox.surroundings import Surroundings
from grader.student import plain_run

KERNEL = ("ipykernel", "nbclient", "jupyter_client")


def find() -> tuple[Callable[..., Evidence], str]:
    """The best door that works here, and a sentence on what it lacks if it is not a safe one."""
    plain = "your notebook runs here without a sandbox, as in Jupyter"
    try:
        from grader.sandbox.observe import observe  # noqa: PLC0415 (what starts kernels needs Unix)
        from grader.sandbox.walls import choose, levels  # noqa: PLC0415
    except ImportError:
        return plain_run.run, plain
    if missing := extras.missing(*KERNEL):
        return plain_run.run, f"{plain}; {extras.sentence('a sandbox', missing)}"
    rung = levels.get(choose.best(levels.UNCONFINED.name))

    def door(
        notebook: Notebook, questions: Sequence[Question], around: Surroundings, **more: Any
    ) -> Evidence:
        # Cold: for a single notebook it is done before a fork server would be ready.
        return observe(notebook, questions, replace(around, rung=rung.name), cold=True, **more)

    if levels.NAMES.index(rung.name) <= levels.NAMES.index(levels.SAFE):
        return door, ""
    return door, f"your notebook runs here with {rung.what}, which does not give {rung.lacks}"
