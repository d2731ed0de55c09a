"""`grader new`: a new assignment to start from."""

from __future__ import annotations

import re
from pathlib import Path

import click

from grader.cli import output_files
from grader.cli.say import say


@click.command()
@click.argument("name")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder that holds rubrics/ and reference/; default: here.",
)
@click.option(
    "--from",
    "source",
    metavar="ASSIGNMENT",
    help="Copy this one, by name or rubric folder: its rubric and its reference.",
)
def new(name: str, home: Path, source: str | None) -> None:
    """Write a small assignment NAME that works: rubric, reference, variants.

    It passes `grader selftest NAME` as it is. Change it step by step into your own. Beside it lie
    the schemas for editors, and rubrics/README.md with every key of rubric files.
    """
    from grader.assignment import json_schema, options_page, rubric, rubric_file, scaffold
    from grader.core.errors import UsageError

    if not re.fullmatch(rubric_file.NAME, name) or name == "schema":
        raise UsageError(
            f"{name!r} can't be an assignment's name; take lower-case letters, digits and - only"
        )
    for kind in ("rubrics", "reference"):
        if (home / kind / name).exists():
            raise UsageError(f"{home / kind / name} is there already; choose another name")
    if source:
        files = scaffold.copied(rubric.find(source), name)
    else:
        files = {place: text.encode() for place, text in scaffold.files(name).items()}
    shared = {f"rubrics/schema/{file}": text for file, text in json_schema.files().items()}
    page = home / "rubrics" / "README.md"
    if not page.exists() or page.read_text("utf-8", "replace").startswith(options_page.TITLE):
        shared["rubrics/README.md"] = options_page.page()
    every = {place: text.encode() for place, text in shared.items()} | files
    output_files.write_all(home, every, "choose another --home")
    for place in files:
        say(str(home / place))
    say(f"Next: grader selftest {name}")
