"""A check for tests: it asks for a number of its own, and wants the reference's answer back."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from grader.checks.base import Check, passed
from grader.core.model import Case, Outcome, Question


class Echo(Check):
    """Passes if the first answer is the number it asked for."""

    reference: ClassVar[bool] = True

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        return (Question(probe="echo", params={"x": int(rng.integers(1 << 30))}),)

    def judge(self, case: Case) -> Outcome:
        assert case.answers[0].value == case.expected[0].value
        return passed("right")
