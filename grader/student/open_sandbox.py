"""Which door to student code a student's own check takes on this machine. Trusted side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from grader.core.errors import UsageError
from grader.core.model import Evidence, Notebook, Question
from grader.sandbox.surroundings import Surroundings


def find() -> tuple[Callable[..., Evidence], str]:
    """The best door that works here, and a sentence on what it lacks if it is not a safe one.

    Raises:
        UsageError: no notebook can be run on this system.
    """
    try:
        from grader.sandbox.observe import observe  # noqa: PLC0415 (what starts kernels needs Unix)
        from grader.sandbox.walls import choose, levels  # noqa: PLC0415
    except ImportError as missing:
        raise UsageError(
            f"a whole notebook can't be run on this system (Python has no {missing.name} here); "
            "ask your functions in the notebook itself, with %check, or run this in WSL"
        ) from None
    rung = levels.get(choose.best(levels.UNCONFINED.name))

    def door(
        notebook: Notebook, questions: Sequence[Question], around: Surroundings, **more: Any
    ) -> Evidence:
        # Cold: for a single notebook it is done before a fork server would be ready.
        return observe(notebook, questions, replace(around, rung=rung.name), cold=True, **more)

    if levels.NAMES.index(rung.name) <= levels.NAMES.index(levels.SAFE):
        return door, ""
    return door, f"your notebook runs here with {rung.what}, which does not give {rung.lacks}"
