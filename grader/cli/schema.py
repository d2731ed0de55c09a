"""`grader schema`: JSON Schema of rubric files, for completion in editors."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli import output_files
from grader.cli.say import say


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("rubrics/schema")
)
@click.option("--assignment", help="With the check types that lie beside its reference.")
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a page with every key, an example for each, such as rubrics/README.md.",
)
@click.option("--list", "listed", is_flag=True, help="Only say which check types there are.")
def schema(folder: Path, assignment: str | None, page: Path | None, listed: bool) -> None:
    """Write assignment.json and task.json, the JSON Schemas of rubric files, into FOLDER.

    Editors such as VS Code with Even Better TOML complete and check a rubric file by its first
    line, `#:schema ../schema/task.json`.
    """
    from grader.assignment import json_schema as schemas
    from grader.assignment import options_page, own_checks, rubric
    from grader.checks import CHECKS

    kinds = own_checks.known(rubric.find(assignment).reference_dir) if assignment else CHECKS
    if listed:
        for name, kind in sorted(kinds.items()):
            say(f"{name:20} {(kind.__doc__ or '').strip().splitlines()[0]}")
        return
    for name, text in schemas.files(kinds).items():
        output_files.write(folder / name, text.encode(), "choose another FOLDER")
        say(f"{folder / name}")
    if page is not None:
        output_files.write(page, options_page.page(kinds).encode(), "choose another --page")
        say(f"{page}")
