"""`grader report`: renders a result folder's reports again."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.result_folder import assignment_option, results_argument


@click.command()
@results_argument
@assignment_option
@click.option(
    "--format",
    "formats",
    multiple=True,
    metavar="NAME",
    help="html, csv, json, …; several times for several. Default: these.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Where to; default: RESULTS.")
def report(
    results: Path, assignment: str | None, formats: tuple[str, ...], out: Path | None
) -> None:
    """Render a batch's reports again from what is stored; nothing is run or marked."""
    from grader.cli import result_folder
    from grader.core.errors import UsageError
    from grader.marking.grades import Results
    from grader.reports import FORMATS

    for name in formats:
        if name not in FORMATS:
            raise UsageError(f"--format {name} does not exist; known are {', '.join(FORMATS)}")
    with result_folder.opened(results) as store:
        chosen = result_folder.unchanged(store, assignment)
        written = result_folder.write_reports(
            Results(store, chosen), chosen, out or results, formats or result_folder.FILES
        )
    pages = [path for path in written if path.parent.name == "students"]
    for path in written:
        if path not in pages:
            click.echo(path)
    if pages:
        click.echo(f"{pages[0].parent}: {len(pages)} pages")
