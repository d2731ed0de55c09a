"""`grader mark`: a person's marks, one item or a whole table."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import output_files
from grader.cli.result_folder import assignment_option, results_argument
from grader.cli.say import say
from grader.core import busy_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.core.model import Assignment
    from grader.marking.hand_marks import Entry, Written
    from grader.store.store import Store

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@results_argument
@assignment_option
@click.option("--student", help="One mark: the student's id, as in students/ID.html.")
@click.option("--item", help="Its item, such as activation/vanishing_1.")
@click.option("--points", help="Its points.")
@click.option("--reason", default="", help="Why; the student reads it.")
@click.option(
    "--export", "out", type=FILE, help="Write all items that wait, and those marked by hand."
)
@click.option("--force", is_flag=True, help="With --export: replace a file that is there.")
@click.option(
    "--import", "filled", type=FILE, help="Read that table back (CSV, XLSX or ODS), filled in."
)
@click.option("--by", help="Who marks; default: your user name.")
def mark(
    results: Path,
    assignment: str | None,
    student: str | None,
    item: str | None,
    points: str | None,
    reason: str,
    out: Path | None,
    force: bool,
    filled: Path | None,
    by: str | None,
) -> None:
    """A person's marks: one item, or a table of all that wait, out and back in.

    A person's mark counts before an automatic one, and is never changed by a machine. Giving
    another one is how to correct it: all are kept, with name, time and reason; the latest counts.
    A mark is for an answer and an item's points: if either changes, it is shown, but doesn't count,
    and the item waits again.
    """
    from grader.cli import result_folder
    from grader.core.errors import UsageError
    from grader.marking import hand_marks, mark_table
    from grader.marking.grades import Results

    single = [student, item, points]
    if [any(single), out is not None, filled is not None].count(True) != 1:
        raise UsageError("name one: --student with --item and --points, or --export, or --import")
    if out is not None:
        if out.is_file() and not force:
            raise UsageError(
                f"{out} is there already, and may hold marks; import it first, choose another "
                "file, or replace it with --force"
            )
        with result_folder.opened(results) as store:
            chosen = result_folder.unchanged(store, assignment)
            content, count = mark_table.export(hand_marks.Present(store, chosen))
        output_files.write(out, content, "choose another --export file")
        say(f"{out}: {count} items wait for a person")
        return
    if filled is not None:
        wanted = mark_table.read(filled.name, busy_files.read(filled))
    elif student and item and points:
        wanted = [hand_marks.Entry(student=student, item=item, points=points, reason=reason)]
    else:
        raise UsageError("one mark needs --student, --item and --points")
    with result_folder.opened(results, write=True) as store:
        chosen = result_folder.unchanged(store, assignment)
        written = _apply(store, chosen, wanted, by or getpass.getuser())
        result_folder.write_reports(Results(store, chosen), chosen, results)
    _tell(written)


def _apply(store: Store, assignment: Assignment, wanted: Sequence[Entry], by: str) -> Written:
    from datetime import UTC, datetime

    from grader.marking import hand_marks

    return hand_marks.apply(store, assignment, wanted, by, datetime.now(UTC))


def _tell(written: Written) -> None:
    known = f", {written.known} were there already" if written.known else ""
    say(f"{written.count} marks written{known}")
    for name in written.changed:
        say(f"{name}: the answer has changed since; the mark is kept, the item waits again")
    for name in written.overtaken:
        say(f"{name}: somebody marked it in between; that mark counts, this one is kept")
