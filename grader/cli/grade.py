"""`grader grade`: a batch of submissions, from their folders to their reports."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import machine
from grader.cli.exit_codes import DONE, NOT_ALL
from grader.cli.key_file import pseudonyms_option
from grader.cli.options import assignment_option, engine_option, sandbox_options
from grader.cli.say import say
from grader.cli.train import options
from grader.core.untrusted_text import printable

if TYPE_CHECKING:
    from grader.core.model import Assignment, Grade, Submission
    from grader.intake.pseudonyms import Veil
    from grader.intake.submissions import Submissions
    from grader.marking.grades import Results
    from grader.store.store import Store

MANY, MANY_ROWS = 20, 200
"""Names, and rows of a table, that still help a person at a terminal."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("results"),
    show_default=True,
    help="The result folder; the same folder resumes.",
)
@assignment_option
@click.option(
    "--people",
    "--times",
    "--extensions",
    "people",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A table of people, of times of submission or of extensions: a grading worksheet, an "
    "export of the gradebook, or a CSV with any of name, email, number, key, submitted, until, "
    "reason. May be given several times.",
)
@click.option(
    "--quiz",
    "downloads",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A quiz's Responses download that lies elsewhere. May be given several times.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="STUDENT",
    help="Grade this one alone, by name or by id; the others keep what OUT holds. May be given "
    "several times.",
)
@click.option(
    "--from-failed",
    is_flag=True,
    help="Grade those alone of whom OUT has an item as an error or a run that could not be set up.",
)
@click.option("--jobs", type=click.IntRange(1), help="Notebooks at once; default: one per core.")
@click.option("--seed", type=int, help="Seed of the hidden inputs; default: drawn, and recorded.")
@click.option(
    "--data", "data_dir", type=click.Path(path_type=Path), help="Folder that holds Fashion-MNIST."
)
@pseudonyms_option
@engine_option
@click.option("--fresh", is_flag=True, help="Run everything again, take nothing from the store.")
@click.option("--quiet", is_flag=True, help="No progress, only the result.")
@options
@sandbox_options
def grade(
    paths: tuple[Path, ...],
    out: Path,
    assignment: str | None,
    people: tuple[Path, ...],
    downloads: tuple[Path, ...],
    only: tuple[str, ...],
    from_failed: bool,
    jobs: int | None,
    seed: int | None,
    data_dir: Path | None,
    key_file: Path | None,
    engine: str,
    fresh: bool,
    quiet: bool,
    audit: bool,
    no_acceleration: bool,
    device: str,
    accept_rung: str,
    require_rung: str,
) -> None:
    """Grade submissions: folders, zips, or a learning platform's downloads.

    A submission is a folder named for its student with any of the notebooks; a batch is a folder of
    these. Moodle's "Download all submissions", a quiz's "Responses" and the grading worksheet are
    known, in one folder as they come or each by its path. Writes OUT/index.html, one page for
    each student, grades.csv and results.json.

    With --pseudonyms FILE no name, address or number of a person is in OUT: FILE, which is made
    where there is none and is for its owner alone, tells `grader export` who is who.
    """
    from grader.batch import batch
    from grader.cli import key_file as keys
    from grader.cli import result_folder
    from grader.core.errors import UsageError
    from grader.intake.pseudonyms import Veil
    from grader.intake.submissions import ingest, undated
    from grader.marking import libraries, masters, ownership
    from grader.platforms import PLATFORMS
    from grader.retraining.options import adjusted
    from grader.sandbox import archive_tool
    from grader.store.store import Store

    found_rubric = result_folder.assignment_to_grade(out, assignment)
    key = keys.read_or_new(key_file, out) if key_file else None
    chosen = adjusted(found_rubric, accelerate=not no_acceleration, device=device)
    known = masters.read_all(chosen)
    for path in (*paths, *people, *downloads):
        if not path.exists():
            raise UsageError(f"{path} does not exist")
    jobs, where, rung = machine.workers(
        engine,
        jobs,
        data_dir,
        require_rung or accept_rung,
        lambda: libraries.require(chosen, known),
    )
    found = ingest([*paths, *downloads], chosen, PLATFORMS, people, archive_tool.find())
    # Not its truth: a veil over nobody is one, too.
    veil = Veil(key, chosen.name, found.submissions, found.others) if key else None
    told = veil.told if veil is not None else str
    notes = [told(note) for note in found.notes]
    for note in filter(None, (*notes, undated(found, chosen))):
        say(f"note: {printable(note)}", err=True)
    _make_folder(out)
    with Store(out / "grader.sqlite").claim() as store:
        noted_key = keys.keep(store, veil.key if veil is not None else None, key_file)
        given = veil if veil is not None else found.submissions
        wanted = _wanted(store, given, chosen, only, from_failed)
        settings = batch.Settings(
            seed=store.batch_seed(seed),
            jobs=jobs,
            fresh=fresh,
            data_dir=data_dir,
            audit=audit,
            rung=rung,
            beside=wanted is not given,
        )
        noted = {
            "assignment": chosen.name,
            "rubric": str(chosen.rubric_dir.resolve()),
            "digest": chosen.digest,
            "data": str(data_dir.resolve()) if data_dir else "",
            "remarks": json.dumps(notes),
            "paths": told(shlex.join(str(path.resolve()) for path in (*paths, *downloads))),
            **noted_key,
        }
        with machine.progress(quiet) as progress:
            work = batch.Batch(chosen, store, settings, progress, where)
            before = {student: store.submission(student).name for student in store.students()}
            owned = ownership.settled(store, wanted, given.names())
            try:
                results = work.results(_remarked(owned), noted)
            except KeyboardInterrupt:
                _show_done(work.done)
                raise
        _tell_left(before, store.students())
        result_folder.write_reports(results, chosen, out)
        broken, waiting = _show_table(results, chosen)
    if waiting:
        answers = "1 answer waits" if waiting == 1 else f"{waiting} answers wait"
        say(f"{answers} for a person: grader review {shlex.quote(str(out))}")
    say(f"Report: {(out / 'index.html').resolve()}")
    sys.exit(NOT_ALL if broken else DONE)


def _wanted(
    store: Store,
    submissions: Submissions | Veil,
    assignment: Assignment,
    only: Sequence[str],
    from_failed: bool,
) -> Submissions | Veil:
    """All submissions, or those that are named and those that failed.

    Raises:
        UsageError: a name fits nobody or several, or the result folder is of another rubric.
    """
    from grader.batch import selection
    from grader.cli import result_folder
    from grader.core.errors import UsageError

    if not only and not from_failed:
        return submissions
    if store.students():
        result_folder.must_be_unchanged(store, assignment)
    elif from_failed:
        raise UsageError(f"{store.path.parent} holds no batch yet; leave out --from-failed")
    people = selection.kept(store, submissions.identities())
    students = selection.named(only, people)
    if from_failed:
        failed = selection.failed(store, assignment)
        students |= {people[student].student for student in failed if student in people}
        for student in failed.keys() - people.keys():
            told = printable(f"{failed[student]} ({student})")
            say(f"note: {told} failed, and is not at these paths", err=True)
    say(f"note: {len(students)} of {len(submissions)} are graded", err=True)
    return submissions.only(students)


def _make_folder(out: Path) -> None:
    from grader.core.errors import UsageError

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as bad:
        raise UsageError(
            f"{out} cannot be made ({bad.strerror}); choose another --out folder"
        ) from None


def _show_done(done: Sequence[tuple[str, str]]) -> None:
    """What an interrupted batch has in its store."""
    by_name: dict[str, list[str]] = {}
    for name, task in done:
        by_name.setdefault(name, []).append(task)
    told = [f"{name} ({', '.join(tasks)})" for name, tasks in by_name.items()]
    more = f", and {len(told) - MANY} more" if len(told) > MANY else ""
    listed = printable(", ".join(told[:MANY])) or "no notebook"
    say(f"Done in this run: {listed}{more}", err=True)


def _tell_left(before: Mapping[str, str], now: Sequence[str]) -> None:
    """Whom an earlier batch into this folder had, and this one has not."""
    left = [name for student, name in before.items() if student not in now]
    if left:
        told = ", ".join(left[:MANY])
        more = f", and {len(left) - MANY} more" if len(left) > MANY else ""
        say(
            f"note: {len(left)} of the last batch are not in this one and leave the tables "
            f"(their marks are kept): {printable(told)}{more}",
            err=True,
        )


def _remarked(submissions: Iterable[Submission]) -> Iterator[Submission]:
    """The same, each with a line on what is wrong with it."""
    from grader.intake.submissions import told

    for submission in submissions:
        if line := told(submission):
            say(f"note: {printable(line)}", err=True)
        yield submission


def _show_table(results: Results, assignment: Assignment) -> tuple[bool, int]:
    """The grades, or of a large course their number.

    Whether some item is an error, and how many wait for a person.
    """
    from rich.console import Console
    from rich.table import Table

    table, broken, waiting, passed, provisional = Table(), False, 0, 0, 0
    for number, grade_ in enumerate(results.bare()):
        if number == 0:
            table.add_column("student")
            for task in grade_.tasks:
                table.add_column(task.task.id, justify="right")
            table.add_column("points", justify="right")
            table.add_column("result")
        broken = broken or grade_.has_error
        waiting += sum(item.is_open for task in grade_.tasks for item in task.items)
        passed, provisional = passed + grade_.passed, provisional + grade_.provisional
        if len(results) <= MANY_ROWS:
            table.add_row(*_row(grade_, assignment))
    if len(results) <= MANY_ROWS:
        Console(width=None if sys.stdout.isatty() else 120, markup=False).print(table)
    else:
        say(f"{len(results)} students, {passed} passed, {provisional} provisional")
    return broken, waiting


def _row(grade_: Grade, assignment: Assignment) -> list[str]:
    from grader.marking.scoring import standing

    result = standing(grade_, assignment)
    return [
        printable(grade_.submission.name),
        *(f"{task.points:.2f}" for task in grade_.tasks),
        f"{grade_.points:.2f}",
        f"{result}, {grade_.open_points:.2f} open" if grade_.provisional else result,
    ]
