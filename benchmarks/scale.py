"""How the store, scoring and reports bear a large course. No kernel is started.

    python benchmarks/scale.py                    # 1,000 and 10,000 synthetic submissions
    python benchmarks/scale.py --regrade RESULTS  # of a graded folder, copied to 300

Each row is a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from grader.assignment import rubric
from grader.cli import result_folder
from grader.core import notebook
from grader.core.model import Assignment, CellRun, Ending, Evidence, Outcome, Status, Submission
from grader.marking import grades, regrade
from grader.marking.grades import Results
from grader.store.store import Store

NAME = "dais2021-a4"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8_000)
SHARES = {Status.PASSED: "1", Status.PARTIAL: "0.5"}


def fill(path: Path, assignment: Assignment, count: int) -> None:
    """So many students with the handout's notebooks, a picture each, and verdicts by chance."""
    chance = random.Random(20)
    handouts = {
        task.id: notebook.read((assignment.reference_dir / task.notebook).read_bytes(), task.id)
        for task in assignment.tasks
        if task.notebook
    }
    with Store(path / "grader.sqlite") as store:
        store.note(
            assignment=assignment.name, digest=assignment.digest, rubric=str(assignment.rubric_dir)
        )
        students = [
            Submission(student=f"s{n:05}", name=f"Student {n}", notebooks=handouts, missing={})
            for n in range(count)
        ]
        store.put_submissions(students)
        with store.transaction():
            for student in students:
                verdict(store, assignment, student, chance)


def verdict(
    store: Store, assignment: Assignment, student: Submission, chance: random.Random
) -> None:
    """One student's evidence and outcomes."""
    kinds = chance.choices(list(Status), [60, 8, 15, 5, 10, 2], k=100)
    outcomes = {
        task.id: {
            item.id: Outcome(
                status=(status := kinds.pop()),
                share=Decimal(SHARES.get(status, "0")),
                message=f"Of {chance.randint(1, 99)} values, some are not right.",
                details={"given": "a text in words " * 9, "expected": "a model answer " * 9},
            )
            for item in task.items
        }
        for task in assignment.tasks
    }
    grades.keep(store, assignment, student, outcomes)
    for task in student.notebooks:
        cells = (CellRun(index=0, id="a", status="ok", images=(PNG,)),)
        store.put_run(student.student, task, f"{student.student}/{task}", 1)
        store.put_evidence(
            f"{student.student}/{task}",
            Evidence(task=task, ending=Ending.COMPLETED, cells=cells, seconds=1.0),
        )


def copied(source: Path, target: Path, count: int) -> None:
    """A result folder's store with its students copied until there are so many."""
    shutil.copy(source / "grader.sqlite", target / "grader.sqlite")
    with Store(target / "grader.sqlite") as store:
        known = [store.submission(student) for student in store.students()]
        twins = [known[n % len(known)] for n in range(count)]
        names = [f"{twin.student}-{n}" for n, twin in enumerate(twins)]
        store.put_submissions(
            [
                replace(twin, student=name, name=name)
                for twin, name in zip(twins, names, strict=True)
            ]
        )
        with store.transaction():
            for twin, name in zip(twins, names, strict=True):
                store.put_outcomes(name, store.outcomes(twin.student), store.marks(twin.student))
                for task in twin.notebooks:
                    if run := store.run(twin.student, task):
                        store.put_run(name, task, *run)
        store.note(checks="{}")


def render(path: Path, assignment: Assignment, _: int) -> None:
    """All reports from the store."""
    with Store(path / "grader.sqlite") as store:
        result_folder.write_reports(Results(store, assignment), assignment, path)


def score(path: Path, assignment: Assignment, _: int) -> None:
    """All grades from the store."""
    with Store(path / "grader.sqlite") as store:
        for grade in Results(store, assignment, evidence=False):
            assert grade.points <= assignment.points


def remark(path: Path, assignment: Assignment, _: int) -> None:
    """All verdicts again, as `grader regrade` does after a change of the grader; no reports."""
    with Store(path / "grader.sqlite") as store, store.transaction():
        regrade.regrade(assignment, store, None)


def points(path: Path, assignment: Assignment, _: int) -> None:
    """All of `grader regrade` after a change of two items' points, reports included."""
    first = assignment.tasks[0]
    items = (*(replace(item, points=item.points * 2) for item in first.items[:2]), *first.items[2:])
    changed = replace(assignment, tasks=(replace(first, items=items), *assignment.tasks[1:]))
    _changed(path, changed)


def tolerance(path: Path, assignment: Assignment, _: int) -> None:
    """The same after a change of one item's tolerance."""
    (task,) = [task for task in assignment.tasks if task.id == "activation"]
    first, *rest = task.items
    check = first.check.model_copy(update={"tolerance": 1e-3})
    other = replace(task, items=(replace(first, check=check), *rest))
    tasks = tuple(other if each is task else each for each in assignment.tasks)
    _changed(path, replace(assignment, tasks=tasks), anew=True)


def _changed(path: Path, changed: Assignment, *, anew: bool = False) -> None:
    with Store(path / "grader.sqlite") as store:
        with store.transaction():
            found = regrade.regrade(changed, store, None)
        assert found.changes or anew
        result_folder.write_reports(Results(store, changed), changed, path)


STEPS = {
    "fill": fill,
    "score": score,
    "render": render,
    "remark": remark,
    "tolerance": tolerance,
    "points": points,
}


def step(name: str, path: Path, count: int) -> None:
    """Runs one step in a process of its own, and prints its time and peak memory."""
    code = [sys.executable, __file__, "--step", name, "--count", str(count), "--folder", str(path)]
    print(f"| {count} | {name} | {subprocess.check_output(code, text=True).strip()} |", flush=True)


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, action="append")
    parser.add_argument("--regrade", type=Path)
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.step:
        began = time.perf_counter()
        STEPS[given.step](given.folder, rubric.find(NAME), given.count[0])
        seconds, peak = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
        print(f"{seconds:.1f} | {peak.ru_maxrss / 1024:.0f}")
        return
    print("| submissions | step | seconds | peak MiB |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="grader-scale-") as made:
        if given.regrade:
            copied(given.regrade, Path(made), 300)
            step("remark", Path(made), 300)
            step("tolerance", Path(made), 300)
            step("points", Path(made), 300)
            return
        for count in given.count or [1_000, 10_000]:
            path = Path(made) / str(count)
            path.mkdir()
            for name in ("fill", "score", "render"):
                step(name, path, count)
            for page in ("index.html", "grades.csv", "results.json"):
                print(f"| {count} | {page} | {(path / page).stat().st_size / 2**20:.2f} MiB | |")


if __name__ == "__main__":
    main()
