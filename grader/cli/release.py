"""`grader release`: the bundle that students get."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import click

from grader.cli import output_files
from grader.cli.options import assignment_option
from grader.cli.say import say
from grader.core import busy_files


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@assignment_option
@click.option(
    "--install",
    default="./grader-*.whl",
    show_default=True,
    help="What students give to pip for the grader: an address such as git+https://…, "
    "or a wheel, which is copied into the bundle.",
)
def release(folder: Path, assignment: str | None, install: str) -> None:
    """Write the students' bundle: notebooks without solutions, and the public checks.

    Before anything is written, every text of the bundle is searched for solutions, outputs, model
    answers and the hidden items' words; what is found is refused, with its file and cell.
    """
    from grader.assignment import release as bundles
    from grader.assignment import rubric
    from grader.checks import is_own
    from grader.core.model import Visibility

    wheel = Path(install)
    shown = f"./{wheel.name}" if wheel.is_file() else install
    chosen = rubric.find(assignment)
    files = bundles.bundle(chosen, shown)
    if wheel.is_file():
        files[wheel.name] = busy_files.read(wheel)
    _must_be_a_bundle(folder, files)
    output_files.write_all(folder, files, "choose another FOLDER")
    if not wheel.is_file() and install.startswith("./"):
        say(
            f"note: students are told to install {install}: put that file into {folder}, "
            "or name it with --install",
            err=True,
        )
    for task in chosen.tasks:
        for item in task.items:
            if is_own(item.check) and item.visibility is Visibility.PUBLIC:
                say(
                    f"note: {task.id}/{item.id} is judged later: its check is code of the "
                    "course's own, and the bundle is data alone",
                    err=True,
                )
    for name, content in files.items():
        say(f"{len(content):>9,} bytes  {folder / name}")


def _must_be_a_bundle(folder: Path, files: Collection[str]) -> None:
    """Raises if a folder holds what is no bundle's."""
    from grader.core.errors import UsageError

    with output_files.telling(folder, "choose another FOLDER"):
        there = [path.name for path in folder.iterdir()] if folder.exists() else []
    if others := sorted(name for name in there if name not in files):
        raise UsageError(f"{folder} holds other files ({others[0]}); choose an empty folder")
