"""Makes the bundle that students get: notebooks, public checks, instructions. Trusted side.

What leaves is searched for what must stay (`leak_search`) before a byte is written.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from importlib import metadata
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from grader.assignment import leak_search
from grader.batch import ask_mistakes, worker
from grader.batch.ask_many import Runs
from grader.batch.engine import LocalEngine
from grader.core import codec, extras, notebook
from grader.core.errors import GraderError, UsageError
from grader.core.model import Answer, Assignment, Ending, Notebook, Question, Task
from grader.core.notebook import NotebookProblem
from grader.marking import libraries, masters
from grader.retraining.datasets import fashion_mnist
from grader.sandbox.surroundings import Surroundings
from grader.student import open_sandbox, public_checks, public_file

Files = dict[str, bytes]
CPU = "https://download.pytorch.org/whl/cpu"
"""Where torch lies without the libraries of graphics cards, which are gigabytes."""


def bundle(assignment: Assignment, install: str) -> Files:
    """The bundle's files by name: the same bytes for the same input and the same libraries.

    `install` is what students give to pip to get the grader.

    Raises:
        UsageError: a master is missing, or something secret would be left in the bundle.
        GraderError: the reference could not be run.
    """
    needed = libraries.of_notebooks(assignment, masters.read_all(assignment))
    extras.require(f"the bundle of {assignment.name}", *needed)
    secret = _reference_files(assignment)
    files = notebooks(assignment)
    files[public_file.FILE] = public_file.dump(
        public_checks.make(assignment, answers(assignment), mistaken(assignment))
    )
    files["requirements.txt"] = requirements(assignment).encode()
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
                _must_run(notebook.read(files[task.notebook], path.name))
            except OSError:
                raise UsageError(f"{path} is missing: task {task.id} has no notebook") from None
            except NotebookProblem as problem:
                raise UsageError(f"{path}: {problem}") from None
    return files


def _must_run(handout: Notebook) -> None:
    """Raises if a cell is no Python as students get it: their first "Run all" would stop there."""
    for cell in handout.cells:
        try:
            notebook.parsed(cell.source if cell.kind == "code" else "")
        except (SyntaxError, ValueError) as bad:
            raise NotebookProblem(
                f"cell {cell.id} is no Python as students get it ({bad}); give its stub a line "
                "that is, such as `# pass`"
            ) from None


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
            perform = partial(worker.perform, door=open_sandbox.find()[0])
            runs = Runs(engine=LocalEngine(1, perform), tell=lambda job, text: None)
            found |= ask_mistakes.observe(wanted, _master(assignment, task), task, runs)
    return found


def _master(assignment: Assignment, task: Task) -> Notebook:
    path = assignment.reference_dir / str(task.notebook)
    return notebook.read(path.read_bytes(), path.name)


def _observed(assignment: Assignment, task: Task, wanted: list[Question]) -> Mapping[str, Answer]:
    path, master = assignment.reference_dir / str(task.notebook), _master(assignment, task)
    limits = replace(task.limits, notebook_seconds=task.limits.notebook_seconds + len(wanted))
    door, _ = open_sandbox.find()
    evidence = door(
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


def requirements(assignment: Assignment) -> str:
    """What the assignment's notebooks import, for pip: from what the grader needs to the next major
    version, so that what is there already, as on Colab, stays. torch is the one for processors."""
    names: set[str] = set()
    for task in assignment.tasks:
        names |= set(libraries.of_fixtures(task))
        if task.notebook:
            names |= libraries.imported(masters.read_masters(assignment, task).master)
    lines = sorted(filter(None, map(_range, names - sys.stdlib_module_names)))
    if any(line.startswith("torch") for line in lines):
        lines.insert(0, f"--extra-index-url {CPU}")
    return "\n".join(lines) + "\n"


def _range(name: str) -> str:
    """A library's line; "" for what no package brings, such as a module beside the notebook."""
    known = extras.LIBRARIES.get(name)
    found = [known[0]] if known else metadata.packages_distributions().get(name, [])
    try:
        major = int(re.split(r"[^0-9]", metadata.version(found[0]))[0])
    except (IndexError, metadata.PackageNotFoundError):
        return ""
    pattern = re.compile(rf"{re.escape(found[0])}>=([0-9.]+)")
    told = filter(None, map(pattern.match, metadata.requires("grader") or []))
    return f"{found[0]}>={next((match[1] for match in told), major)},<{major + 1}"


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
