"""`grader mark`: a person's marks, one item or a whole table."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.result_folder import assignment_option, results_argument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.core.model import Assignment
    from grader.marking.hand_marks import Mark
    from grader.store.store import Store

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@results_argument
@assignment_option
@click.option("--student", help="One mark: the student's id, as in students/ID.html.")
@click.option("--item", help="Its item, such as activation/vanishing_1.")
@click.option("--points", help="Its points.")
@click.option("--reason", default="", help="Why; the student reads it.")
@click.option("--export", "out", type=FILE, help="Write all items that wait for a person.")
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
    filled: Path | None,
    by: str | None,
) -> None:
    """A person's marks: one item, or a table of all that wait, out and back in.

    A person's mark counts before an automatic one, and is never changed by a machine. Giving
    another one is how to correct it: all are kept, with name, time and reason; the latest counts.
    """
    from grader.cli import result_folder
    from grader.core.errors import UsageError
    from grader.marking import hand_marks
    from grader.marking.grades import Results

    single = [student, item, points]
    if [any(single), out is not None, filled is not None].count(True) != 1:
        raise UsageError("name one: --student with --item and --points, or --export, or --import")
    if out is not None:
        with result_folder.opened(results) as store:
            chosen = result_folder.unchanged(store, assignment)
            content, count = hand_marks.export(Results(store, chosen, evidence=False))
        out.write_bytes(content)
        click.echo(f"{out}: {count} items wait for a person")
        return
    if filled is not None:
        wanted = hand_marks.read(filled.name, _content(filled))
    elif student and item and points:
        wanted = [hand_marks.Mark(student=student, item=item, points=points, reason=reason)]
    else:
        raise UsageError("one mark needs --student, --item and --points")
    with result_folder.opened(results, write=True) as store:
        chosen = result_folder.unchanged(store, assignment)
        count = _apply(store, chosen, wanted, by or getpass.getuser())
        result_folder.write_reports(Results(store, chosen), chosen, results)
    known = len(wanted) - count
    click.echo(f"{count} marks written{f', {known} were there already' if known else ''}")


def _apply(store: Store, assignment: Assignment, wanted: Sequence[Mark], by: str) -> int:
    from datetime import UTC, datetime

    from grader.marking import hand_marks

    return hand_marks.apply(store, assignment, wanted, by, datetime.now(UTC))


def _content(path: Path) -> bytes:
    from grader.core.errors import UsageError

    try:
        return path.read_bytes()
    except OSError as bad:
        raise UsageError(f"{path} cannot be read ({bad.strerror})") from None
