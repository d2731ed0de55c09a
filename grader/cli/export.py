"""`grader export`: marks and feedback as a learning platform takes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import output_files
from grader.cli.options import RECEIVING_PLATFORM
from grader.cli.result_folder import assignment_option, results_argument
from grader.core.untrusted_text import printable

if TYPE_CHECKING:
    from grader.core.model import Assignment
    from grader.intake.platform import Outgoing, Result, Template
    from grader.marking.grades import Results

MANY = 20
"""Names that still help a person at a terminal."""


@click.command()
@results_argument
@assignment_option
@click.option("--to", "target", type=RECEIVING_PLATFORM, required=True, help="The platform.")
@click.option(
    "--worksheet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The platform's own table: Moodle's grading worksheet, downloaded just now; Canvas' "
    "gradebook.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("export"),
    show_default=True,
    help="The folder for the files.",
)
@click.option("--provisional", is_flag=True, help="Send grades for which a person must still mark.")
@click.option("--all", "again", is_flag=True, help="Send again what an earlier export held.")
@click.option(
    "--language",
    type=click.Choice(["en", "de"]),
    default="en",
    show_default=True,
    help="Of the platform's pages, where no worksheet tells.",
)
def export(
    results: Path,
    assignment: str | None,
    target: str,
    worksheet: Path | None,
    out: Path,
    provisional: bool,
    again: bool,
    language: str,
) -> None:
    """Write marks and feedback for a learning platform, and say what will arrive.

    Each export holds what changed since the last one. Grades that are provisional stay back.
    """
    from grader.cli import result_folder
    from grader.marking.grades import Results
    from grader.platforms import PLATFORMS

    platform = next(one for one in PLATFORMS if one.name == target)
    with result_folder.opened(results, write=True) as store:
        chosen = result_folder.unchanged(store, assignment)
        graded = Results(store, chosen)
        waiting = [g.submission.name for g in graded.bare() if g.provisional and not provisional]
        found = {one.student: one for one in _results(graded, chosen, provisional)}
        digests = {student: _digest(one) for student, one in found.items()}
        noted = f"exported to {target}"
        known = {} if again else json.loads(store.setting(noted) or "{}")
        new = [one for student, one in found.items() if known.get(student) != digests[student]]
        made = platform.back(new, chosen.title, _template(worksheet), language)
        assert made is not None
        output_files.write_all(out, made.files, "choose another --out folder")
        sent = {who.partition(", ")[0] for who in made.arriving}
        known |= {student: digests[student] for student in sent}
        store.note(**{noted: json.dumps(known)})
    _tell(out, made, waiting, len(found) - len(new))


def _results(graded: Results, assignment: Assignment, provisional: bool) -> list[Result]:
    """What each person or team is to get back."""
    from grader.intake.platform import Result
    from grader.reports import html
    from grader.reports.feedback_comment import sentences

    made = []
    for grade in graded:
        if grade.provisional and not provisional:
            continue
        pages = dict(html.stream([grade], assignment))
        made.append(
            Result(
                student=grade.submission.student,
                name=grade.submission.name,
                person=grade.submission.person,
                points=grade.points,
                highest=grade.max_points,
                sentences=sentences(grade, assignment),
                page=pages[f"students/{grade.submission.student}.html"],
            )
        )
    return made


def _digest(result: Result) -> str:
    text = f"{result.points} {result.sentences}".encode() + result.page
    return hashlib.sha256(text).hexdigest()[:16]


def _template(path: Path | None) -> Template | None:
    from grader.core.errors import UsageError
    from grader.intake import tables
    from grader.intake.platform import Template

    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError as bad:
        raise UsageError(f"{path} cannot be read ({bad.strerror})") from None
    return Template(name=path.name, table=tables.read(path.name, content))


def _tell(out: Path, made: Outgoing, waiting: Sequence[str], unchanged: int) -> None:
    for name in made.files:
        click.echo(f"{out / name}")
    click.echo(f"{len(made.arriving)} marks will arrive.")
    if unchanged:
        click.echo(f"{unchanged} are as in an earlier export (--all sends them again).")
    if waiting:
        told = ", ".join(printable(name) for name in waiting[:MANY])
        more = f", and {len(waiting) - MANY} more" if len(waiting) > MANY else ""
        click.echo(
            f"{len(waiting)} stay back, for a person has yet to mark (--provisional sends them): "
            f"{told}{more}"
        )
    for who, why in made.passed_over.items():
        click.echo(f"not arriving: {printable(who)}: {why}")
    for step in made.steps:
        click.echo(step)
