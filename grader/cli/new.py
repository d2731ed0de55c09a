"""`grader new`: a new assignment to start from."""

from __future__ import annotations

import re
from pathlib import Path

import click


@click.command()
@click.argument("name")
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder that holds rubrics/ and reference/; default: here.",
)
def new(name: str, home: Path) -> None:
    """Write a small assignment NAME that works: rubric, reference, variants.

    It passes `grader selftest NAME` as it is. Change it step by step into your own.
    """
    from grader.assignment import json_schema, scaffold
    from grader.core.errors import UsageError

    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,60}", name) or name == "schema":
        raise UsageError(
            f"{name!r} can't be an assignment's name; take lower-case letters, digits and - only"
        )
    for kind in ("rubrics", "reference"):
        if (home / kind / name).exists():
            raise UsageError(f"{home / kind / name} is there already; choose another name")
    files = scaffold.files(name)
    files |= {f"rubrics/schema/{file}": text for file, text in json_schema.files().items()}
    for place, text in files.items():
        path = home / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if name in path.parts:
            click.echo(str(path))
    click.echo(f"Next: grader selftest {name}")
