"""`grader report`: renders a result folder's reports again."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.options import FORMAT
from grader.cli.result_folder import assignment_option, results_argument
from grader.cli.say import say


@click.command()
@results_argument
@assignment_option
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=FORMAT,
    help="What to write; may be given several times. Default: html, csv and json.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Where to; default: RESULTS.")
def report(
    results: Path, assignment: str | None, formats: tuple[str, ...], out: Path | None
) -> None:
    """Render a batch's reports again from what is stored; nothing is run or marked."""
    from grader.cli import result_folder
    from grader.marking.grades import Results

    with result_folder.opened(results) as store:
        chosen = result_folder.unchanged(store, assignment)
        written = result_folder.write_reports(
            Results(store, chosen), chosen, out or results, formats or result_folder.FILES
        )
    pages = [path for path in written if path.parent.name == "students"]
    for path in written:
        if path not in pages:
            say(path)
    if pages:
        say(f"{pages[0].parent}: {len(pages)} pages")
