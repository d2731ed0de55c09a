"""`grader purge`: people, work and evidence leave a result folder; anonymous statistics stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli import output_files
from grader.cli.key_file import SETTING
from grader.cli.result_folder import assignment_option, results_argument
from grader.cli.say import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.core.model import Assignment, Grade

STATISTICS = "statistics.json"
FEW = 5
"""Of fewer people no averages are kept: they would tell of a person."""

OURS = (
    *("grader.sqlite", "index.html", "grades.csv", "junit.xml", "summary.md"),
    *("results.json", "results.md", "results.txt", "annotations.txt", "outputs.txt"),
    *("gl-code-quality-report.json", "badge.txt"),
)
"""How the names begin of what the grader wrote, beside the folder of pages."""

PAGES = "students"


@click.command()
@results_argument
@assignment_option
@click.option("--yes", is_flag=True, help="Without asking.")
def purge(results: Path, assignment: str | None, yes: bool) -> None:
    """Remove people, work and evidence from a result folder; anonymous statistics stay.

    What was not written by the grader stays, too, and is named.
    """
    from grader.cli import result_folder
    from grader.marking.grades import Results

    with result_folder.opened(results, write=True) as store:
        chosen = result_folder.assignment_of(store, assignment)
        grades = list(Results(store, chosen).bare())
        told = _statistics(grades, chosen)
        own = [
            path
            for path in sorted(results.iterdir())
            if path.name.startswith(OURS) or path.name == PAGES
        ]
        is_veiled = store.setting(SETTING) is not None
        rest = [path.name for path in sorted(results.iterdir()) if path not in own]
        if not yes:
            names = ", ".join(path.name for path in own)
            click.confirm(f"Remove {names} of {len(grades)} people for good?", abort=True, err=True)
    statistics = results / STATISTICS
    content = f"{json.dumps(told, indent=1)}\n".encode()
    output_files.write_all(results, {STATISTICS: content}, "nothing was removed; make room")
    for path in own:
        output_files.remove(path, "mend that, and run the same command again")
    left = f"; not removed: {', '.join(rest)}" if rest else ""
    say(f"{len(grades)} people removed; {statistics} stays{left}")
    if is_veiled:
        say("the key file still tells who they were; remove it when no batch needs it")


def _statistics(grades: Sequence[Grade], assignment: Assignment) -> dict[str, Any]:
    """Numbers, and means where they are of more than a few."""
    told: dict[str, Any] = {"assignment": assignment.name, "people": len(grades)}
    if len(grades) < FEW:
        return told
    told["mean"] = f"{sum(grade.points for grade in grades) / len(grades):.2f}"
    told["passed"] = sum(grade.passed for grade in grades)
    told["items"] = {}
    for number, task in enumerate(assignment.tasks):
        for place, item in enumerate(task.items):
            points = [grade.tasks[number].items[place].points for grade in grades]
            mean = sum(points) / len(points)
            told["items"][f"{task.id}/{item.id}"] = f"{mean:.2f} of {item.points:.2f}"
    return told
