"""The marks of a quiz download as a table in the terminal, and as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from grader.checks.autodiff import AutodiffValues
from grader.core import people_table
from grader.core.model import Case, Item, Outcome, Status, Task
from grader.core.untrusted_text import printable
from grader.intake import people
from grader.intake.platform import QuizAttempt
from grader.marking import scoring

COLUMNS = (
    "name",
    "email",
    "points",
    "moodle",
    "difference",
    "value",
    "given",
    "expected",
    "verdict",
    "note",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizResult:
    """One student's quiz."""

    row: QuizAttempt
    outcomes: dict[str, Outcome]
    points: Decimal
    moodle: Decimal | None  # Moodle's grade, rescaled to the task's points

    @property
    def waits(self) -> bool:
        """Whether a person must look."""
        return any(outcome.status is Status.REVIEW for outcome in self.outcomes.values())


def marked(
    rows: Sequence[QuizAttempt],
    task: Task,
    checks: Sequence[tuple[Item, AutodiffValues]],
    reference_dir: Path,
) -> list[QuizResult]:
    """A result for each person with a finished attempt, in the order of the download.

    A name alone tells nobody apart: where a download has no more, each attempt is one of its own.
    """
    attempts: dict[str, list[QuizAttempt]] = {}
    for number, row in enumerate(rows):
        if row.finished:
            who = row.email or row.number or row.username or f"row {number}"
            attempts.setdefault(who.casefold(), []).append(row)
    results = []
    for own in attempts.values():
        row = people.chosen(own, task.attempt)
        response = people.response(row)
        outcomes = {
            item.id: check.judge(Case(quiz=response, reference_dir=reference_dir))
            for item, check in checks
        }
        points = sum(
            (scoring.item_grade(item, outcomes[item.id]).points for item, _ in checks), Decimal(0)
        )
        scaled = None
        if row.grade is not None and row.highest:
            scaled = scoring.rounded(row.grade * task.points / row.highest)
        results.append(QuizResult(row=row, outcomes=outcomes, points=points, moodle=scaled))
    return results


def as_csv(results: Sequence[QuizResult]) -> bytes:
    """A row for each student and value, in the form of all tables for people."""
    rows = [people_table.row(COLUMNS)]
    for result in results:
        moodle = (
            ("", "") if result.moodle is None else (result.moodle, result.points - result.moodle)
        )
        ahead = [result.row.name, result.row.email, result.points, *moodle]
        rows += [
            people_table.row([*ahead, *(value[key] for key in ("name", *COLUMNS[6:]))])
            for outcome in result.outcomes.values()
            for value in outcome.details.get("values", [])
        ]
    return people_table.BEGIN + b"".join(rows)


def _beside(result: QuizResult) -> tuple[str, str]:
    """Moodle's mark and the difference, as text."""
    if result.moodle is None:
        return "", ""
    return f"{result.moodle:.2f}", f"{result.points - result.moodle:+.2f}"


def show(results: Sequence[QuizResult], task: Task) -> None:
    """The table in the terminal."""
    import sys

    from rich.console import Console
    from rich.table import Table

    table = Table()
    table.add_column("student")
    for item in task.items:
        table.add_column(item.id, justify="right")
    for name in ("points", "Moodle", "difference"):
        table.add_column(name, justify="right")
    for result in results:
        shares = [f"{scoring.item_grade(i, result.outcomes[i.id]).points:.2f}" for i in task.items]
        table.add_row(
            printable(result.row.name),
            *shares,
            "a person" if result.waits else f"{result.points:.2f}",
            *_beside(result),
        )
    Console(width=None if sys.stdout.isatty() else 120, markup=False).print(table)
