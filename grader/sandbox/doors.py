"""Which door to student code a student's own check takes on this machine. Trusted side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from grader.core.model import Evidence, Notebook, Question
from grader.sandbox import rungs
from grader.sandbox.observe import Surroundings, observe


def find() -> tuple[Callable[..., Evidence], str]:
    """The best door that works here, and a sentence on what it lacks if it is not a safe one."""
    rung = rungs.get(rungs.best(rungs.UNCONFINED.name))

    def door(
        notebook: Notebook, questions: Sequence[Question], around: Surroundings, **more: Any
    ) -> Evidence:
        # Cold: for a single notebook it is done before a fork server would be ready.
        return observe(notebook, questions, replace(around, rung=rung.name), cold=True, **more)

    if rungs.NAMES.index(rung.name) <= rungs.NAMES.index(rungs.SAFE):
        return door, ""
    return door, f"your notebook runs here with {rung.what}, which does not give {rung.lacks}"
