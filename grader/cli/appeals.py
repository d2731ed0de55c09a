"""`grader appeals`: students' requests to look again come into the queue."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.key_file import pseudonyms_option
from grader.cli.result_folder import assignment_option, results_argument
from grader.cli.say import say
from grader.core import busy_files


@click.command()
@results_argument
@assignment_option
@click.option(
    "--import",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="A table with the columns code and text (CSV, XLSX, ODS), or a mail's text.",
)
@pseudonyms_option
def appeals(results: Path, assignment: str | None, file: Path, key_file: Path | None) -> None:
    """Read requests to look again; `grader review` puts them into the queue.

    A request names an item by its code on the student's page, such as ABCD-EFGH. Each is answered
    once, with a reason that the student reads in the next export.
    """
    from datetime import UTC, datetime

    from grader.cli import key_file as keys
    from grader.cli import result_folder
    from grader.review import appeal_file as requests

    content = busy_files.read(file)
    found = requests.read(file.name, content)
    with result_folder.opened(results, write=True) as store:
        chosen = result_folder.assignment_of(store, assignment)
        if key := keys.of(store, key_file):
            found = [(code, key.veiled(text), key.veiled(source)) for code, text, source in found]
        done = requests.take(store, chosen, found, datetime.now(UTC))
    new = "1 request waits" if done.new == 1 else f"{done.new} requests wait"
    known = f", {done.known} {'was' if done.known == 1 else 'were'} there already"
    say(f"{new} for `grader review`{known if done.known else ''}")
    for code in done.strange:
        say(f"{code} is no code of this batch; the request was left out", err=True)
