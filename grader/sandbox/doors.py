"""Which door to student code a student's own check takes on this machine. Trusted side."""

from __future__ import annotations

from collections.abc import Callable

from grader.errors import GraderError
from grader.model import Evidence
from grader.sandbox import bwrap, observe


def find() -> tuple[Callable[..., Evidence], str]:
    """The best door that works here, and a sentence on what it lacks if it is not the best.

    Raises:
        GraderError: none works.
    """
    if reason := bwrap.works():
        raise GraderError(f"{reason} (`grader doctor` says more; %check in a notebook needs none)")
    return observe.observe, ""
