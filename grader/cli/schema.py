"""`grader schema`: JSON Schema of rubric files, for completion in editors."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("rubrics/schema")
)
def schema(folder: Path) -> None:
    """Write assignment.json and task.json, the JSON Schemas of rubric files, into FOLDER.

    Editors such as VS Code with Even Better TOML complete and check a rubric file by its first
    line, `#:schema ../schema/task.json`.
    """
    from grader.assignment import json_schema as schemas

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas.files().items():
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(f"{folder / name}")
