"""`grader regrade`: marks a batch again from stored evidence, and shows what changes first."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.result_folder import assignment_option, results_argument
from grader.cli.say import say

if TYPE_CHECKING:
    from grader.marking.regrade import Remarked
    from grader.store.store import Store


@click.command()
@results_argument
@assignment_option
@click.option(
    "--data",
    "data_dir",
    type=click.Path(path_type=Path),
    help="Folder that holds Fashion-MNIST; default: as for `grader grade`.",
)
@click.option("--yes", is_flag=True, help="Commit without asking.")
def regrade(results: Path, assignment: str | None, data_dir: Path | None, yes: bool) -> None:
    """Mark again after a change of rubric, reference or checks. No notebook is run.

    Shows every mark that changes, and asks before anything is written. A person's marks are never
    changed. Where a check asks something that was never observed, the old mark stays, and the
    command that observes it is told.
    """
    from grader.cli import result_folder
    from grader.marking import regrade as again
    from grader.marking.grades import Results

    with result_folder.opened(results, write=True) as store:
        chosen = result_folder.assignment_of(store, assignment)
        place = data_dir or (Path(store.setting("data") or "") if store.setting("data") else None)
        try:
            with store.transaction():
                found = again.regrade(chosen, store, place)
                store.note(digest=chosen.digest, rubric=str(chosen.rubric_dir.resolve()))
                _show(found, store, results, chosen.rubric_dir)
                if found.changes and not yes:
                    click.confirm("Write these marks?", abort=True, err=True)
        except click.Abort:
            say("Nothing was changed.", err=True)
            sys.exit(1)
        result_folder.write_reports(Results(store, chosen), chosen, results)
    say(f"Report: {(results / 'index.html').resolve()}")


def _show(found: Remarked, store: Store, results: Path, rubric: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    from grader.core.untrusted_text import printable

    for note in found.notes:
        say(f"note: {printable(note)}", err=True)
    if found.unanswered:
        say("These items keep their marks until they are observed anew:", err=True)
        for (item, reason), students in sorted(found.unanswered.items()):
            people = "1 student" if students == 1 else f"{students} students"
            say(f"  {item}: {reason} ({people})", err=True)
        paths = printable(store.setting("paths") or "PATHS")
        say(f"  grader grade {paths} --out {results} --assignment {rubric}", err=True)
    if found.changes:
        table = Table("student", "item", "before", "after")
        for change in found.changes:
            table.add_row(printable(change.name), change.item, change.before, change.after)
        Console(width=None if sys.stdout.isatty() else 120, markup=False).print(table)
    names = {change.name for change in found.changes}
    told = (
        f"{len(found.changes)} marks of {len(names)} students change"
        if names
        else "no mark changes"
    )
    if found.remarks:
        told += f"; of {found.remarks} others what is said changes"
    say(f"{found.students} students marked again: {told}")
