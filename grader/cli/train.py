"""`grader train`: the verdict on one notebook's network, for a student or a teaching assistant."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import machine
from grader.cli.options import assignment_option, sandbox_options
from grader.cli.say import say
from grader.core import busy_files

if TYPE_CHECKING:
    from grader.batch.batch import Settings
    from grader.core.model import Assignment, ItemGrade, Task


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options of commands that train networks."""
    for add in (
        click.option(
            "--device",
            type=click.Choice(["cpu", "cuda"]),
            default="cpu",
            show_default=True,
            help="Where networks are trained.",
        ),
        click.option(
            "--no-acceleration", is_flag=True, help="Train the slow way; the numbers are the same."
        ),
        click.option(
            "--audit",
            is_flag=True,
            help="Train once more with moved pixels, as evidence of learning.",
        ),
    ):
        command = add(command)
    return command


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path, dir_okay=False))
@assignment_option
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="For networks whose notebook sets no seed.",
)
@click.option(
    "--data", "data_dir", type=click.Path(path_type=Path), help="Folder that holds Fashion-MNIST."
)
@options
@sandbox_options
def train(
    notebook: Path,
    assignment: str | None,
    seed: int,
    data_dir: Path | None,
    audit: bool,
    no_acceleration: bool,
    device: str,
    accept_rung: str,
    require_rung: str,
) -> None:
    """Train a notebook's network again in the sandbox, and say how it does on the test images.

    Nothing is kept. Exit code 1 if the network does not reach the cutoff, or a person must look.
    """
    from grader.assignment import rubric
    from grader.batch import batch
    from grader.marking import libraries, masters
    from grader.retraining.options import adjusted
    from grader.sandbox.walls import choose, levels

    chosen = adjusted(rubric.find(assignment), accelerate=not no_acceleration, device=device)
    task = _measured(chosen)
    content = busy_files.read(notebook)
    libraries.require(chosen, masters.read_all(chosen))
    rung = choose.best(require_rung or accept_rung or levels.SAFE)
    settings = batch.Settings(seed=seed, data_dir=data_dir, audit=audit, rung=rung)
    found, *others = _grade(chosen, task, content, notebook, settings)
    _show(found, others)
    sys.exit(0 if found.outcome.status.value == "passed" else 1)


def _measured(assignment: Assignment) -> Task:
    """The task that measures an accuracy, with that item alone, and what kind of network it is."""
    from dataclasses import replace
    from decimal import Decimal

    from grader.checks.trained_network.accuracy import RetrainedAccuracy
    from grader.checks.trained_network.image_classifier import Mlp
    from grader.core.errors import UsageError

    for task in assignment.tasks:
        measures = [item for item in task.items if isinstance(item.check, RetrainedAccuracy)]
        tells = [replace(item, needs=()) for item in task.items if isinstance(item.check, Mlp)]
        if measures:
            items = (measures[0], *tells)
            points = sum((item.points for item in items), Decimal(0))
            return replace(task, items=items, points=points)
    raise UsageError(f"assignment {assignment.name} has no item with a check 'test_accuracy'")


def _grade(
    assignment: Assignment, task: Task, content: bytes, path: Path, settings: Settings
) -> tuple[ItemGrade, ...]:
    """The grades of the task's items, by the same way as in a batch of this one notebook."""
    import hashlib
    import tempfile
    from dataclasses import replace

    from grader.batch import batch
    from grader.core import notebook
    from grader.core.errors import UsageError
    from grader.core.model import Submission
    from grader.store.store import Store
    from grader.student import find_notebooks

    try:
        read = notebook.read(content, path.name)
    except notebook.NotebookProblem as problem:
        raise UsageError(str(problem)) from None
    only = replace(assignment, tasks=(task,), points=task.points)
    submission = Submission(
        student="notebook",
        name=path.name,
        notebooks={task.id: read},
        files=find_notebooks.beside(path),
        missing={},
        digest=hashlib.sha256(content).hexdigest(),
    )
    with (
        tempfile.TemporaryDirectory(prefix="grader-") as folder,
        Store(Path(folder) / "grader.sqlite") as store,
        machine.progress() as progress,
    ):
        (grade,) = batch.Batch(only, store, settings, progress).run([submission])
    return grade.tasks[0].items


def _show(found: ItemGrade, others: Sequence[ItemGrade]) -> None:
    from grader.core.untrusted_text import printable

    details = found.outcome.details
    say(printable(found.outcome.message))
    for name, values in (details.get("curves") or {}).items():
        shown = " ".join(f"{value:.3g}" for value in values[:20])
        say(f"{name.replace('_', ' ')}: {shown}{' …' if len(values) > 20 else ''}")
    for name, percent in (details.get("per_class") or {}).items():
        say(f"{name:<12} {percent:5.1f} % {'█' * round(percent / 4)}")
    for other in others:  # a convolution may well reach the cutoff, and is no answer
        message = printable(other.outcome.message)
        say(f"{other.item.id} ({other.outcome.status.value}): {message}")
    say(f"Points: {found.points} of {found.item.points} ({found.outcome.status.value})")
