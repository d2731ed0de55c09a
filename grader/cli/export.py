"""`grader export`: marks and feedback as a learning platform takes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import output_files
from grader.cli.key_file import pseudonyms_option
from grader.cli.options import RECEIVING_PLATFORM
from grader.cli.result_folder import assignment_option, results_argument
from grader.cli.say import say
from grader.core import busy_files
from grader.core.untrusted_text import printable

if TYPE_CHECKING:
    from grader.core.model import Assignment
    from grader.intake.platform import Outgoing, Result, Template
    from grader.intake.pseudonyms import Key
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
@pseudonyms_option
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
    key_file: Path | None,
    again: bool,
    language: str,
) -> None:
    """Write marks and feedback for a learning platform, and say what will arrive.

    Each export holds what changed since the last one. Grades that are provisional stay back.
    """
    from grader.cli import key_file as keys
    from grader.cli import result_folder
    from grader.marking.grades import Results
    from grader.platforms import PLATFORMS

    platform = next(one for one in PLATFORMS if one.name == target)
    with result_folder.opened(results, write=True) as store:
        chosen = result_folder.unchanged(store, assignment)
        key = keys.of(store, key_file)
        graded = Results(store, chosen)
        waiting = [g.submission for g in graded.bare() if g.provisional and not provisional]
        found = _results(graded, chosen, provisional, key)
        digests = {student: _digest(one) for student, one in found.items()}
        noted = f"exported to {target}"
        before = store.noted(noted, dict[str, str])
        known = {} if again else before
        new = {
            who: replace(one, was_sent=who in before)
            for who, one in found.items()
            if known.get(who) != digests[who]
        }
        template = _template(worksheet)
        made = platform.back([*new.values()], chosen.title, template, language)
        assert made is not None
        output_files.write_all(out, made.files, "choose another --out folder")
        sent = {who.partition(", ")[0] for who in made.arriving}
        known |= {who: digests[who] for who, one in new.items() if one.student in sent}
        store.note(**{noted: json.dumps(known)})
    names = [key.resolved(one.name) if key else one.name for one in waiting]
    _tell(out, made, names, len(found) - len(new))


def _results(
    graded: Results, assignment: Assignment, provisional: bool, key: Key | None
) -> dict[str, Result]:
    """What each person or team is to get back, by the id in the result folder."""
    from grader.intake.platform import Result
    from grader.reports import html
    from grader.reports.feedback_comment import sentences

    made = {}
    for grade in graded:
        if grade.provisional and not provisional:
            continue
        student = grade.submission.student
        result = Result(
            student=student,
            name=grade.submission.name,
            person=grade.submission.person,
            points=grade.points,
            highest=grade.max_points,
            sentences=sentences(grade, assignment),
            page=html.of_student(grade, assignment),
        )
        made[student] = _named(result, key) if key else result
    return made


def _named(result: Result, key: Key) -> Result:
    """The same for the person behind a pseudonym."""
    from grader.core.errors import UsageError

    known = key.people.get(result.student)
    if known is None:
        raise UsageError(f"the key file does not know {result.student}; name that of the batch")
    return replace(
        result,
        student=known.student,
        name=known.name,
        person=known.person,
        sentences=tuple(map(key.resolved, result.sentences)),
        page=key.resolved_page(result.page),
    )


def _digest(result: Result) -> str:
    import hashlib

    text = f"{result.points} {result.sentences}".encode() + result.page
    return hashlib.sha256(text).hexdigest()[:16]


def _template(path: Path | None) -> Template | None:
    from grader.intake import tables
    from grader.intake.platform import Template

    if path is None:
        return None
    content = busy_files.read(path)
    return Template(name=path.name, table=tables.read(path.name, content))


def _tell(out: Path, made: Outgoing, waiting: Sequence[str], unchanged: int) -> None:
    for name in made.files:
        say(f"{out / name}")
    say(f"{len(made.arriving)} marks will arrive.")
    if unchanged:
        say(f"{unchanged} are as in an earlier export (--all sends them again).")
    if waiting:
        told = ", ".join(printable(name) for name in waiting[:MANY])
        more = f", and {len(waiting) - MANY} more" if len(waiting) > MANY else ""
        say(
            f"{len(waiting)} stay back, for a person has yet to mark (--provisional sends them): "
            f"{told}{more}"
        )
    for who, why in made.passed_over.items():
        say(f"not arriving: {printable(who)}: {why}")
    for step in made.steps:
        say(step)
