"""Finds a student's work in a folder or repository, for a check before it is handed in. Trusted."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.core import busy_files
from grader.core.errors import UsageError
from grader.core.model import Assignment, Submission
from grader.intake import files as intake_files
from grader.intake import one_submission
from grader.student.public_file import FILE

DEPTH, MOST = 4, 2000
"""Folders below the start that are looked into, and files that are read; the rest is no hand-in."""

OURS = (FILE, "requirements.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandIn:
    """A submission as it lies on the student's disk."""

    submission: Submission
    files: dict[str, Path]  # by task id: the notebook's file


def find(path: Path, assignment: Assignment) -> HandIn:
    """The work at a path: one notebook, or the folder or repository that holds it.

    Raises:
        UsageError: it is not there, or holds no notebook of the assignment.
    """
    if not path.exists():
        raise UsageError(f"{path} does not exist")
    alone = path.is_file()
    root = path.parent if alone else path
    files = dict(_read(root, 0 if alone else DEPTH))
    if alone:
        notebooks = [n for n in files if n.lower().endswith(".ipynb") and n != path.name]
        files = {name: files[name] for name in files if name not in notebooks}
        if path.name not in files:
            files[path.name] = busy_files.read(path)
    submission = one_submission.submission("submission", files, assignment)
    places = {task: root / name for task, name in _names(submission, files).items()}
    wanted = [str(task.notebook) for task in assignment.tasks if task.notebook]
    if not places and not submission.unreadable:
        what = "is" if alone else "holds"
        raise UsageError(f"{path} {what} none of this assignment's notebooks ({', '.join(wanted)})")
    return HandIn(submission=submission, files=places)


def beside(notebook: Path) -> dict[str, bytes]:
    """The helper files that lie in a notebook's own folder, by name."""
    names = [path for path in sorted(notebook.parent.iterdir()) if _is_work(path)]
    files = [path for path in names if path.suffix.lower() != ".ipynb"]
    return {path.name: busy_files.read(path) for path in files[: one_submission.MAX_HELPER_FILES]}


def _read(root: Path, depth: int) -> Iterator[tuple[str, bytes]]:
    """Notebooks and small helper files, from the top down; links and hidden folders are left."""
    count = 0
    for folder, folders, names in os.walk(root):
        relative = PurePosixPath(Path(folder).relative_to(root).as_posix())
        deep = len(relative.parts) >= depth
        folders[:] = [] if deep else sorted(f for f in folders if not _ignored(relative / f))
        for name in sorted(names):
            path = Path(folder, name)
            if not _is_work(path) or intake_files.is_ignored(relative / name) or count >= MOST:
                continue
            count += 1
            yield str(relative / name), busy_files.read(path)


def _ignored(folder: PurePosixPath) -> bool:
    return intake_files.is_ignored(folder / "x") or folder.name in ("node_modules", "venv", "env")


def _is_work(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or path.name in OURS:
        return False
    size = path.stat().st_size
    if path.name.lower().endswith(".ipynb"):
        return size <= intake_files.MAX_FILE
    return (
        path.name.lower().endswith(one_submission.HELPER_ENDINGS)
        and size <= one_submission.MAX_HELPER
    )


def _names(submission: Submission, files: dict[str, bytes]) -> dict[str, str]:
    """Each task's file: the one that ingest chose has the notebook's name and is shallowest."""
    found = {}
    for task, notebook in submission.notebooks.items():
        same = [name for name in files if PurePosixPath(name).name == notebook.name]
        found[task] = min(same, key=lambda name: (name.count("/"), name))
    return found


def digest(path: Path) -> str:
    """A file's fingerprint, to see whether it was saved again; "" while it can't be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
