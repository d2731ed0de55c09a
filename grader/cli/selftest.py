"""`grader selftest`: proves that a rubric marks right, before it marks anybody."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import machine
from grader.cli.options import engine_option, sandbox_options
from grader.cli.say import say

if TYPE_CHECKING:
    from rich.table import Table

    from grader.assignment.selftest.report import Fate, Report
    from grader.core.model import Assignment


@click.command()
@click.argument("name", required=False)
@click.option("--task", "tasks", multiple=True, help="Only this task; may be given repeatedly.")
@click.option(
    "--train/--no-train",
    default=True,
    show_default=True,
    help="Test the tasks that train networks, too.",
)
@click.option(
    "--mutants/--no-mutants",
    default=True,
    show_default=True,
    help="Change the reference's functions: is that noticed?",
)
@click.option("--jobs", type=click.IntRange(1), help="Notebooks at once; default: one per core.")
@engine_option
@click.option("--seed", type=int, default=0, show_default=True, help="Of the hidden inputs.")
@click.option(
    "--data", "data_dir", type=click.Path(path_type=Path), help="Folder that holds Fashion-MNIST."
)
@click.option("--quiet", is_flag=True, help="No progress, only the tables.")
@sandbox_options
def selftest(
    name: str | None,
    tasks: tuple[str, ...],
    train: bool,
    mutants: bool,
    jobs: int | None,
    engine: str,
    seed: int,
    data_dir: Path | None,
    quiet: bool,
    accept_rung: str,
    require_rung: str,
) -> None:
    """Mark what is known, and compare: does assignment NAME's rubric mark right?
    Without NAME it is the only one that is here.

    The reference must earn all automatic points and the template none; every wrong variant in
    reference/NAME/variants/ must lose its items and no other, every right one nothing; and of small
    changes to the reference's functions at least 95 % must be noticed. Exit code 1 if not.
    """
    from grader.assignment import rubric
    from grader.assignment.selftest import run
    from grader.marking import libraries, masters
    from grader.store.store import Store

    chosen = _narrowed(rubric.find(name), tasks)
    jobs, where, rung = machine.workers(
        engine,
        jobs,
        data_dir,
        require_rung or accept_rung,
        lambda: libraries.require(chosen, masters.read_all(chosen)),
    )
    settings = run.SelftestSettings(
        seed=seed,
        jobs=jobs,
        engine=where,
        data_dir=data_dir,
        train=train,
        mutate=mutants,
        rung=rung,
    )
    with (
        tempfile.TemporaryDirectory(prefix="grader-") as folder,
        Store(Path(folder) / "grader.sqlite") as store,
        machine.progress(quiet) as progress,
    ):
        report = run.run(chosen, settings, store, progress)
    _show(report)
    if report.faults:
        say(f"\n{len(report.faults)} found wrong:")
        for fault in report.faults:
            say(f"- {fault}")
        sys.exit(1)
    say(f"\n{chosen.name}: every item marks right what is right, and wrong what is wrong.")


def _narrowed(assignment: Assignment, tasks: tuple[str, ...]) -> Assignment:
    """The assignment with these tasks alone; with all of them if none are named."""
    from dataclasses import replace

    from grader.core.errors import UsageError

    known = [task.id for task in assignment.tasks]
    for task in tasks:
        if task not in known:
            raise UsageError(
                f"--task {task} is no task of {assignment.name}; {', '.join(known)} are"
            )
    kept = tuple(task for task in assignment.tasks if not tasks or task.id in tasks)
    return replace(assignment, tasks=kept)


def _show(report: Report) -> None:
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 120, markup=False)
    console.print(_points(report))
    console.print(_items(report))
    if report.fates:
        console.print(_mutants(report.fates))
        for fate in report.fates:
            if not fate.lost and fate.equivalent is None:
                say(f"survived: {fate.mutant.function}: {fate.mutant.change}")


def _points(report: Report) -> Table:
    from rich.table import Table

    table = Table(title="Known submissions: automatic points")
    table.add_column("task")
    for name in report.grades:
        table.add_column(name, justify="right")
    table.add_column("of", justify="right")
    reference = report.grades["reference"]
    for number, task in enumerate(reference.tasks):
        items = [item.item for item in task.items if item.item.check.automatic]
        earned = [
            sum(i.points for i in g.tasks[number].items if i.item in items)
            for g in report.grades.values()
        ]
        table.add_row(
            task.task.id,
            *(f"{points:.2f}" for points in earned),
            f"{sum(item.points for item in items):.2f}",
        )
    return table


def _items(report: Report) -> Table:
    from rich.table import Table

    table = Table(title="Variants by item")
    for title in (
        "item",
        "wrong ones caught",
        "right ones kept",
        "others unharmed",
        "sensitivity",
        "specificity",
    ):
        table.add_column(title, justify="left" if title == "item" else "right")
    for tally in report.tallies:
        table.add_row(
            f"{tally.task}/{tally.item}",
            f"{tally.caught} of {tally.wrong}",
            f"{tally.kept} of {tally.right}",
            f"{tally.spared} of {tally.others}",
            _percent(tally.sensitivity),
            _percent(tally.specificity),
        )
    return table


def _mutants(fates: list[Fate]) -> Table:
    from rich.table import Table

    table = Table(title="Mutants of the reference's functions")
    for title in ("function", "mutants", "killed", "survived", "equivalent", "killed of the rest"):
        table.add_column(title, justify="left" if title == "function" else "right")
    names = list(dict.fromkeys((fate.task, fate.mutant.function) for fate in fates))
    for key in [*names, None]:
        mine = [f for f in fates if key is None or (f.task, f.mutant.function) == key]
        killed = sum(bool(fate.lost) for fate in mine)
        equivalent = sum(fate.equivalent is not None for fate in mine)
        rest = len(mine) - equivalent
        table.add_row(
            "/".join(key) if key else "all",
            f"{len(mine)}",
            f"{killed}",
            f"{rest - killed}",
            f"{equivalent}",
            _percent(killed / rest if rest else None),
            end_section=key == names[-1],
        )
    return table


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}" if share in (0, 1) else f"{share:.1%}"
