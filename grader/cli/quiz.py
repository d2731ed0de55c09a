"""`grader quiz`: makes the Moodle quiz from the graph, and marks its download."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import output_files
from grader.cli.options import assignment_option
from grader.cli.say import say
from grader.core import busy_files
from grader.core.untrusted_text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.checks.autodiff import AutodiffValues
    from grader.core.model import Assignment, Item, Task
    from grader.quiz.quiz import Quiz

ELSEWHERE = "choose another --out"
variants_option = click.option(
    "--variants", type=click.IntRange(0, 1000), help="How many; default: as the graph's file says."
)
seed_option = click.option("--seed", type=int, help="Of the numbers; default: as the file says.")


@click.group()
def quiz() -> None:
    """Make the autodiff quiz for Moodle, and mark its download."""


@quiz.command()
@assignment_option
@variants_option
@seed_option
@click.option("--language", type=click.Choice(["en", "de"]), default="en", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("quiz.xml"),
    show_default=True,
    help="The file for Moodle's question bank.",
)
def make(
    assignment: str | None, variants: int | None, seed: int | None, language: str, out: Path
) -> None:
    """Write a question for each variant as Moodle XML, with picture and worked solution."""
    from grader.assignment import rubric
    from grader.quiz import moodle_xml
    from grader.quiz import quiz as quizzes

    chosen = rubric.find(assignment)
    _, checks = _checks(chosen)
    path = chosen.reference_dir / checks[0][1].graph
    made = quizzes.read(path, variants, seed)
    worth: dict[str, moodle_xml.Worth] = {
        check.group: moodle_xml.Worth(points=item.points, relative=check.relative_tolerance)
        for item, check in checks
    }
    page = moodle_xml.write(made.variants, worth, chosen.title, "de" if language == "de" else "en")
    output_files.write(out, page, ELSEWHERE)
    say(f"{out}: {len(made.variants)} variant{'s' if len(made.variants) > 1 else ''}")
    if (variants, seed) != (None, None) and made.variants != quizzes.read(path).variants:
        say(
            f"note: write variants = {variants or 0} and seed = {seed or 0} into {path}, so that "
            "`grader grade` knows these numbers",
            err=True,
        )


@quiz.command()
@click.argument("download", type=click.Path(path_type=Path))
@assignment_option
@variants_option
@seed_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("quiz.csv"),
    show_default=True,
    help="A row for each student and value.",
)
def mark(
    download: Path, assignment: str | None, variants: int | None, seed: int | None, out: Path
) -> None:
    """Mark a "Responses" download (CSV, XLSX, ODS or JSON), with credit for what follows.

    Moodle's own mark stands beside ours; every difference is named. `grader grade` does the same
    for a download that lies in the batch folder.
    """
    from grader.assignment import rubric
    from grader.cli import quiz_table
    from grader.intake import people, platform_tables
    from grader.platforms import PLATFORMS
    from grader.quiz import quiz as quizzes

    chosen = rubric.find(assignment)
    task, checks = _checks(chosen)
    known = quizzes.read(chosen.reference_dir / checks[0][1].graph, variants, seed)
    content = busy_files.read(download)
    rows = platform_tables.attempts(download.name, content, PLATFORMS)
    _must_fit(download, known, [people.response(row) for row in rows if row.finished])
    changed = {"variants": variants, "seed": seed}
    asked = [(item, check.model_copy(update=changed)) for item, check in checks]
    results = quiz_table.marked(rows, task, asked, chosen.reference_dir)
    output_files.write(out, quiz_table.as_csv(results), ELSEWHERE)
    for remark in (people.unfinished(row) for row in rows):
        if remark:
            say(f"note: {printable(remark)}", err=True)
    quiz_table.show(results, task)
    say(f"Marks: {out}")


def _checks(assignment: Assignment) -> tuple[Task, list[tuple[Item, AutodiffValues]]]:
    from grader.checks.autodiff import AutodiffValues
    from grader.core.errors import UsageError

    for task in assignment.tasks:
        found = [(i, i.check) for i in task.items if isinstance(i.check, AutodiffValues)]
        if found:
            return task, found
    raise UsageError(f"assignment {assignment.name} has no item with a check 'autodiff_values'")


def _must_fit(download: Path, known: Quiz, responses: Sequence[object]) -> None:
    from grader.core.errors import UsageError
    from grader.core.model import QuizResponse
    from grader.quiz import quiz as quizzes

    if not any(isinstance(r, QuizResponse) and quizzes.fits(known, r) for r in responses):
        sizes = {group: len(names) for group, names in known.names.items()}
        told = ", ".join(f"{size} {group}" for group, size in sizes.items())
        raise UsageError(
            f"{download} holds no finished attempt at this quiz ({told} values); is "
            "it the download of another one?"
        )
