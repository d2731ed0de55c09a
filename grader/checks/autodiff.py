"""Checks the answers to the autodiff quiz, value by value, with credit for consequences."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from grader.checks.base import Check, failed, partial, passed, review
from grader.checks.settings import Share, Tolerance, file_name
from grader.core.model import Case, Outcome
from grader.quiz import graph as graphs
from grader.quiz import marking, quiz
from grader.quiz.answers import by_name, session
from grader.quiz.graph import Graph
from grader.quiz.marking import ValueMark, ValueVerdict


class AutodiffValues(Check):
    """One group of the quiz's values; each earns an equal part of the points."""

    observes: ClassVar[bool] = False

    group: Literal["forward", "adjoints", "gradient"] = Field(examples=["forward"])
    """Which of the quiz's values; each earns an equal part of the points."""
    graph: Annotated[str, *file_name("toml")] = "autodiff.toml"
    """The file of the graph, in the assignment's folder below `reference/`."""
    relative_tolerance: Tolerance = 0.005
    """Where it is wider than that of rounding."""
    follow_share: Share = Decimal(1)
    """Of a value that is right given the student's own earlier ones."""
    variants: Annotated[int, Field(ge=0, le=1000)] | None = Field(default=None, examples=[30])
    """How many, in place of the number in the graph's file."""
    seed: int | None = Field(default=None, examples=[7])
    """Of the variants' numbers, likewise."""
    strict: bool = False
    """Whether numbers are what Moodle reads: no decimal comma in English, no typographic minus."""

    def judge(self, case: Case) -> Outcome:
        """A share for each value that is right, or follows from the student's own."""
        if case.quiz is None:
            return failed("No answers to the quiz were handed in.")
        known = _quiz(case.reference_dir / self.graph, self.variants, self.seed)
        if not quiz.fits(known, case.quiz):
            shown = [f"{name}: {text}" for name, text in case.quiz.values.items()]
            reason = f"The answers in {case.quiz.source} are not those of this quiz."
            return review(reason, given=shown)
        variant = quiz.find(known, case.quiz)
        given = by_name(case.quiz.values, known.names)
        if variant is None and not any(text.strip(" -–—") for text in given.values()):
            return failed("The attempt at the quiz is empty.")
        if variant is None:
            shown = [f"{name} = {text}" for name, text in given.items()]
            return review("Which numbers this student was given could not be told.", given=shown)
        marks = marking.mark(
            variant,
            given,
            self.relative_tolerance,
            session=session(case.quiz.values),
            strict=self.strict,
        )
        own = [m for m in marks if m.group == self.group]
        share = sum((self._worth(m) for m in own), Decimal(0)) / len(own)
        details = self._details(case, variant, marks, own)
        told = summary(own)
        if share == 1:
            return passed(told, **details)
        return partial(share, told, **details) if share > 0 else failed(told, **details)

    def _worth(self, mark: ValueMark) -> Decimal:
        follows = mark.verdict is ValueVerdict.FOLLOWS
        return self.follow_share if follows else Decimal(mark.verdict is ValueVerdict.RIGHT)

    def _details(
        self, case: Case, variant: Graph, marks: list[ValueMark], own: list[ValueMark]
    ) -> dict[str, Any]:
        """The table for the report; with the first group the graph, and Moodle's own grade."""
        rows = [
            {
                "name": m.name,
                "given": m.given,
                "expected": f"{m.expected:.{variant.digits}f}",
                "verdict": m.verdict.value,
                "note": m.note,
                "operation": _operation(variant, m),
            }
            for m in own
        ]
        assert case.quiz is not None
        details: dict[str, Any] = {"values": rows, "source": case.quiz.source}
        if self.group == "forward":
            point = ", ".join(f"{name} = {value:g}" for name, value in variant.point.items())
            details |= {
                "graph": {
                    "expression": variant.expression,
                    "point": point,
                    "nodes": [[n.name, n.operator, list(n.operands)] for n in variant.nodes],
                    "wrong": [m.name for m in marks if self._worth(m) == 0],
                },
            }
            if case.quiz.moodle_grade is not None:
                details["moodle"] = str(case.quiz.moodle_grade)
                details["moodle_max"] = str(case.quiz.moodle_max or "")
        return details


@lru_cache(maxsize=8)
def _quiz(path: Path, variants: int | None, seed: int | None) -> quiz.Quiz:
    return quiz.read(path, variants, seed)


def _operation(variant: Graph, mark: ValueMark) -> str:
    """What the value is: for a forward value its operation."""
    found = [node for node in variant.nodes if node.name == mark.name]
    return graphs.written(found[0]) if found else ""


def summary(marks: list[ValueMark]) -> str:
    """How many values are right, and how many of these follow from the student's own slips."""
    right = sum(m.verdict is ValueVerdict.RIGHT for m in marks)
    follow = sum(m.verdict is ValueVerdict.FOLLOWS for m in marks)
    text = f"{right} of {len(marks)} values are right"
    if follow:
        text += f", {follow} more follow{'s' if follow == 1 else ''} from an earlier slip"
    return f"{text}."
