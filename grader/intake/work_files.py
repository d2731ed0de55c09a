"""Which of a student's files is which task's notebook, and what was not used. Trusted, pure.

A zero is a finding: where a file that was not used may be the work, a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath

from grader.core import notebook
from grader.core.model import Assignment, Notebook, Task
from grader.core.notebook import NotebookProblem
from grader.intake import exports

NOTEBOOKS = (".ipynb", ".ipynb.txt", ".ipynb.json")
TEXTS = (".py", ".html", ".htm", ".md", ".txt", ".rst", ".r", ".rmd", ".jl", ".m")
OTHERS = (".pdf", ".docx", ".doc", ".odt", ".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".xz")
"""Files that may hold the work, though it can't be graded from them."""

UNREAD = re.compile(r" \([^()]*\)$")
"""The end of what stands for something that was there and was not read."""

LIKE = 0.5
"""Share of the handout's lines that a notebook of another name has, at least."""


@dataclass(kw_only=True)
class Chosen:
    """What was taken for which task, and why not."""

    notebooks: dict[str, Notebook] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    path: str
    rank: int  # 0: the name that was asked for
    notebook: Notebook | None
    problem: str = ""
    is_handout: bool = False


def is_notebook_name(path: str) -> bool:
    """Whether a file is meant as a notebook."""
    return path.lower().endswith(NOTEBOOKS)


def is_read(path: str) -> bool:
    """Whether a file may become a notebook."""
    return is_notebook_name(path) or path.lower().endswith(exports.ENDINGS)


def choose(
    files: Mapping[str, bytes], assignment: Assignment, times: Mapping[str, datetime]
) -> Chosen:
    """A notebook for each task; of files that `is_read` the content is there."""
    chosen = Chosen()
    read = {path: _parsed(path, files[path]) for path in files if is_read(path)}
    tasks = [task for task in assignment.tasks if task.notebook is not None]
    ranked = {task.id: _ranked(task, tasks, read, assignment) for task in tasks}
    for task in tasks:
        others = {path for t in tasks if t is not task for path, rank in ranked[t.id] if rank < 4}
        own = [(path, rank) for path, rank in ranked[task.id] if rank < 4 or path not in others]
        found = _candidates(task, own, read, assignment)
        if not found:
            chosen.missing[task.id] = f"{task.notebook} was not handed in."
            continue
        _take(task, found, files, times, chosen)
    named = {path for own in ranked.values() for path, rank in own if rank < 3}
    for task in tasks:
        if task.id not in chosen.notebooks and task.id not in chosen.doubts:
            free = [path for path in files if path not in chosen.used | named]
            left = [path for path in free if _may_be(task, path, chosen)]
            if left:
                told = ", ".join(left[:5])
                chosen.doubts[task.id] = f"{told} was handed in, and may be this work."
    return chosen


def _parsed(path: str, content: bytes) -> tuple[Notebook | None, str]:
    name = PurePosixPath(path).name
    try:
        parse = notebook.read if is_notebook_name(path) else exports.read
        return parse(content, name), ""
    except NotebookProblem as problem:
        return None, str(problem)


def _take(
    task: Task,
    found: list[_Candidate],
    files: Mapping[str, bytes],
    times: Mapping[str, datetime],
    chosen: Chosen,
) -> None:
    """The one that differs from the handout, then the newer; other work is for a person."""
    work = [one for one in found if one.notebook is not None and not one.is_handout]
    readable = work or [one for one in found if one.notebook is not None]
    broken = [one for one in found if one.notebook is None]
    if not readable:
        chosen.missing[task.id] = chosen.doubts[task.id] = broken[0].problem
        chosen.used.add(broken[0].path)
        return
    oldest = min(times.values(), default=None)
    best = (
        max(
            readable,
            key=lambda one: (times.get(one.path, oldest) or datetime.min, -one.rank),
        )
        if len({files[one.path] for one in readable}) > 1 and work
        else readable[0]
    )
    assert best.notebook is not None
    chosen.notebooks[task.id] = best.notebook
    chosen.used.add(best.path)
    if PurePosixPath(best.path).name != task.notebook:
        chosen.problems.append(f"{best.path} was taken for {task.notebook}.")
    rivals = [
        one.path
        for one in found
        if one is not best and files[one.path] != files[best.path] and not one.is_handout
    ]
    if rivals:
        told = ", ".join(rivals)
        chosen.doubts[task.id] = f"{told} could be {task.notebook}, too; {best.path} was taken."
        chosen.problems.append(chosen.doubts[task.id])


def _ranked(
    task: Task,
    tasks: list[Task],
    read: Mapping[str, tuple[Notebook | None, str]],
    assignment: Assignment,
) -> list[tuple[str, int]]:
    """Files that may be a task's: 0 to 2 by name, 3 by what they hold, 4 by their folder."""
    wanted = PurePosixPath(str(task.notebook))
    stem = _letters(wanted.stem)
    others = [
        _letters(PurePosixPath(str(other.notebook)).stem) for other in tasks if other is not task
    ]
    handout = _handout(assignment.reference_dir / wanted.name)
    ranked: list[tuple[str, int]] = []
    for path, (parsed, _) in read.items():
        own = _letters(PurePosixPath(path).name.split(".")[0])
        is_others = any(other in own for other in others)
        if PurePosixPath(path).name == wanted.name:
            ranked.append((path, 0))
        elif own == stem:
            ranked.append((path, 1))
        elif stem in own and not is_others:
            ranked.append((path, 2))
        elif not is_others and parsed is not None and _holds(task, parsed, handout):
            ranked.append((path, 3))
        elif stem in _letters(path) and not is_others:
            ranked.append((path, 4))
    return ranked


def _candidates(
    task: Task,
    ranked: list[tuple[str, int]],
    read: Mapping[str, tuple[Notebook | None, str]],
    assignment: Assignment,
) -> list[_Candidate]:
    """The likeliest first. Notebooks count before exports of them, names before contents."""
    handout = _handout(assignment.reference_dir / str(task.notebook))
    if any(is_notebook_name(path) for path, _ in ranked):
        ranked = [(path, rank) for path, rank in ranked if is_notebook_name(path)]
    if any(rank < 3 for _, rank in ranked):
        ranked = [(path, rank) for path, rank in ranked if rank < 3]
    return [
        _Candidate(
            path=path,
            rank=rank,
            notebook=read[path][0],
            problem=read[path][1],
            is_handout=_is_handout(read[path][0], handout),
        )
        for path, rank in sorted(ranked, key=lambda r: (r[1], r[0].count("/"), r[0]))
    ]


@lru_cache(maxsize=64)
def _handout(path: Path) -> Notebook | None:
    """What students were given; None where the assignment has no such file."""
    try:
        content = path.read_bytes()
        return notebook.read(notebook.release(content, path.name), path.name)
    except (OSError, NotebookProblem):
        return None


def _lines(known: Notebook) -> frozenset[str]:
    lines = (line.strip() for cell in known.cells for line in cell.source.splitlines())
    return frozenset(filter(None, lines))


def _is_handout(found: Notebook | None, handout: Notebook | None) -> bool:
    """Whether nothing was written into it."""
    return found is not None and handout is not None and _lines(found) <= _lines(handout)


def _holds(task: Task, found: Notebook, handout: Notebook | None) -> bool:
    """Whether a notebook defines what the task's checks ask for, or has much of its handout."""
    names = {item.check.subject for item in task.items} - {""}
    code = "\n".join(cell.source for cell in found.cells if cell.kind == "code")
    if any(re.search(rf"^[ \t]*def {re.escape(name)}\b", code, re.M) for name in names):
        return True
    given = _lines(handout) if handout else frozenset()
    return bool(given) and len(given & _lines(found)) / len(given) >= LIKE


def _may_be(task: Task, path: str, chosen: Chosen) -> bool:
    """Whether a file that was not used may be a task's work."""
    lower = UNREAD.sub("", path.lower())
    if is_notebook_name(lower) or lower.endswith(OTHERS):
        return True
    if lower.endswith(("/", "…")):
        return not chosen.notebooks
    if not lower.endswith(TEXTS):
        return False
    stem = _letters(PurePosixPath(str(task.notebook)).stem)
    return not chosen.notebooks or stem in _letters(path)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())
