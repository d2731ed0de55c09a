"""Checks the answers to the autodiff quiz, value by value, against the computed graph. Trusted."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from grader.autodiff import graph as graphs
from grader.autodiff.answers import by_name, number
from grader.checks.base import Case, Check, failed, partial, passed
from grader.model import Outcome


class AutodiffValues(Check):
    """One group of the quiz's values; each right one earns an equal part of the points."""

    observes: ClassVar[bool] = False

    group: Literal["forward", "adjoints", "gradient"]
    graph: str = "autodiff.toml"
    relative_tolerance: float = 0.005

    def judge(self, case: Case) -> Outcome:
        """A share for each value within half a digit of what was asked for, or the tolerance."""
        graph = graphs.read(case.reference_dir / self.graph)
        solution = graphs.solution(graph)
        expected = solution[self.group]
        if case.quiz is None:
            return failed("No answers to the quiz were handed in.")
        given = by_name(case.quiz, {group: list(values) for group, values in solution.items()})
        slack = 0.5 * 10.0**-graph.digits
        rows, right = [], 0
        for name, value in expected.items():
            text = given.get(name, "").strip()
            answer = number(text)
            verdict = (
                "empty" if text in ("", "-") else "not a number" if answer is None else "wrong"
            )
            if answer is not None:
                near = abs(answer - value) <= max(
                    slack * 1.01, self.relative_tolerance * abs(value)
                )
                verdict = "right" if near else "wrong"
            right += verdict == "right"
            rows.append({"name": name, "expected": f"{value:.{graph.digits}f}",
                         "given": text, "verdict": verdict})  # fmt: skip
        details = {"values": rows, "source": case.quiz.source}
        told = f"{right} of {len(rows)} values are right."
        if right == len(rows):
            return passed(told, **details)
        if right == 0:
            return failed(told, **details)
        return partial(Decimal(right) / Decimal(len(rows)), told, **details)
