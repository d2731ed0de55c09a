"""Makes the bundle that students get: notebooks, public checks, instructions. Trusted side.

What leaves is searched for what must stay (`leak_search`) before a byte is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from importlib import metadata
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from grader.assignment import leak_search
from grader.batch import ask_mistakes, engines
from grader.batch.ask_many import Runs
from grader.core import codec, notebook
from grader.core.errors import GraderError, UsageError
from grader.core.model import Answer, Assignment, Ending, Notebook, Question, Task
from grader.retraining.datasets import fashion_mnist
from grader.sandbox.observe import observe
from grader.sandbox.surroundings import Surroundings
from grader.student import public_checks, public_file

Files = dict[str, bytes]


def bundle(assignment: Assignment, install: str) -> Files:
    """The bundle's files by name: the same bytes for the same input and the same libraries.

    `install` is what students give to pip to get the grader.

    Raises:
        UsageError: a master is missing, or something secret would be left in the bundle.
        GraderError: the reference could not be run.
    """
    secret = _reference_files(assignment)
    files = notebooks(assignment)
    files[public_file.FILE] = public_file.dump(
        public_checks.make(assignment, answers(assignment), mistaken(assignment))
    )
    files["requirements.txt"] = requirements().encode()
    files["README.md"] = _readme(assignment, install).encode()
    if found := leak_search.find(files, assignment, secret):
        more = f", and {len(found) - 1} more" if found[1:] else ""
        raise UsageError(
            f"the bundle was not written: {found[0]}{more}; keep it between solution markers "
            "there, or say it in other words"
        )
    return dict(sorted(files.items()))


def notebooks(assignment: Assignment) -> Files:
    """Every task's notebook as students get it."""
    files = {}
    for task in assignment.tasks:
        if task.notebook:
            path = assignment.reference_dir / task.notebook
            try:
                files[task.notebook] = notebook.release(path.read_bytes(), path.name)
            except OSError:
                raise UsageError(f"{path} is missing: task {task.id} has no notebook") from None
            except notebook.NotebookProblem as problem:
                raise UsageError(f"{path}: {problem}") from None
    return files


def answers(assignment: Assignment) -> dict[str, Answer]:
    """The reference's answers to the public questions, by digest."""
    found: dict[str, Answer] = {}
    asked = public_checks.questions(assignment)
    for task in assignment.tasks:
        wanted = [
            question
            for item in task.items
            if item.check.reference
            for question in asked[task.id].get(item.id, ())
        ]
        if wanted:
            found |= _observed(assignment, task, wanted)
    return found


def mistaken(assignment: Assignment) -> dict[str, Answer]:
    """The answers of the public items' typical mistakes to the public questions."""
    found: dict[str, Answer] = {}
    asked = public_checks.questions(assignment)
    for task in assignment.tasks:
        items = [item for item in task.items if item.id in asked[task.id]]
        wanted = ask_mistakes.wanted(items, [asked[task.id]], {})
        if wanted:
            runs = Runs(engine=engines.local("", 1, None), tell=lambda job, text: None)
            found |= ask_mistakes.observe(wanted, _master(assignment, task), task, runs)
    return found


def _master(assignment: Assignment, task: Task) -> Notebook:
    path = assignment.reference_dir / str(task.notebook)
    return notebook.read(path.read_bytes(), path.name)


def _observed(assignment: Assignment, task: Task, wanted: list[Question]) -> Mapping[str, Answer]:
    path, master = assignment.reference_dir / str(task.notebook), _master(assignment, task)
    limits = replace(task.limits, notebook_seconds=task.limits.notebook_seconds + len(wanted))
    evidence = observe(
        master,
        wanted,
        Surroundings(prepare=task.prepare, limits=limits),
        task=task.id,
        seed=0,
        resources=_resource,
    )
    broken = [a for a in evidence.answers.values() if a.status.value != "ok"]
    if evidence.ending is not Ending.COMPLETED or broken:
        reason = evidence.message or broken[0].error
        raise GraderError(f"{path} could not answer the public questions: {reason}")
    return {codec.digest(question): evidence.answers[codec.digest(question)] for question in wanted}


def _resource(name: str) -> np.ndarray[Any, Any]:
    return fashion_mnist.resource(name)


def requirements() -> str:
    """The grader's libraries at the versions that are installed here."""
    names = {
        re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]
        for line in metadata.requires("grader") or []
        if "extra ==" not in line
    }
    versions = sorted(f"{name}=={metadata.version(name).partition('+')[0]}" for name in names)
    return "\n".join(versions) + "\n"


def _readme(assignment: Assignment, install: str) -> str:
    environment = Environment(  # noqa: S701 (Markdown of our own making, no page)
        loader=PackageLoader("grader.assignment"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    page = environment.get_template("bundle.md.j2")
    return page.render(assignment=assignment, install=install, checks=public_file.FILE)


def _reference_files(assignment: Assignment) -> Files:
    return {
        path.relative_to(assignment.reference_dir).as_posix(): path.read_bytes()
        for path in sorted(assignment.reference_dir.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
