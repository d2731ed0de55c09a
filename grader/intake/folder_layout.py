"""Whose files these are: finds the submissions in a folder or zip. Trusted side.

Zips of students are opened one at a time, when their turn comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.core.errors import UsageError
from grader.intake import archives
from grader.intake.archives import Files
from grader.platforms import moodle

ANSWER_FILES = ("autodiff.toml", "autodiff.json", "autodiff.csv")

MAX_WRAPPERS = 5
"""Folders and archives that hold nothing but one other, and are opened to find the students."""

MOODLE_FOLDER = re.compile(
    r"^(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?.*$"
)
MOODLE_FLAT = re.compile(r"^([^_/]+_\d+_assignsubmission_[a-z]+)_([^/]+)$")
"""Moodle's download without folders: all students' files side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is one student's. A zip is not opened yet."""

    name: str
    files: Files
    problems: list[str] = field(default_factory=list)
    is_zip: bool = False  # the only file is a zip with the student's files


def split(
    name: str,
    files: Files,
    problems: list[str],
    quiz: dict[str, bytes],
    notes: list[str],
    wrappers: int = 0,
) -> list[Found]:
    """One submission if notebooks lie at the top, else one for each folder or zip in it."""
    files = files.renamed({path: MOODLE_FLAT.sub(r"\1/\2", path) for path in files})
    top = {path for path in files if "/" not in path}
    if any(path.lower().endswith(".ipynb") or path in ANSWER_FILES for path in top):
        return [Found(name=name, files=files, problems=problems)]
    folders: dict[str, dict[str, str]] = {}
    for path in files:
        folder, _, rest = path.partition("/")
        if rest:
            folders.setdefault(folder, {})[path] = rest
    children = [Found(name=name, files=files.renamed(inner)) for name, inner in folders.items()]
    for path in sorted(top):
        if path.lower().endswith(".zip"):
            packed = files.renamed({path: path})
            children.append(Found(name=Path(path).stem, files=packed, is_zip=True))
        elif not path.lower().endswith((".md", ".txt", ".rst")):
            _beside(name, path, files, quiz, notes)
    notes += [f"{name}: {problem}" for problem in problems]
    if len(children) == 1 and not quiz and wrappers < MAX_WRAPPERS:
        (only,) = children
        inner, remarks = _unzipped(only) if only.is_zip else (only.files, only.problems)
        if inner and not _holds_work(inner):
            return split(only.name, inner, remarks, quiz, notes, wrappers + 1)
    return _merged(children)


def _beside(name: str, path: str, files: Files, quiz: dict[str, bytes], notes: list[str]) -> None:
    """A file beside the students' folders: the quiz, or a remark on what it is not."""
    try:
        content = files[path]
    except UsageError as bad:
        notes.append(f"{name}: {bad}; the file was left out")
        return
    if moodle.is_quiz_responses(path, content):
        quiz[path] = content
        return
    why = moodle.complaint(path, content) or f"{path} belongs to no student"
    notes.append(f"{name}: {why}; the file was left out")


def _unzipped(found: Found) -> tuple[Files, list[str]]:
    """The files with what lies in the zips among them in place of these, and remarks."""
    files, problems = found.files, list(found.problems)
    zips = {path: path for path in files if path.lower().endswith(".zip")}
    rest = files.renamed({path: path for path in files if path not in zips})
    for path in zips:
        inner, remarks = _zipped(path, files)
        rest = inner | rest
        problems += remarks
    return rest, problems


def _zipped(path: str, around: Files) -> tuple[Files, list[str]]:
    problems: list[str] = []
    try:
        files = archives.read_inner(around[path], path, problems)
    except UsageError as bad:
        return Files(), [f"{bad}."]
    names = {name.partition("/")[0] for name in files if "/" in name}
    if len(names) == 1 and all("/" in name for name in files):
        files = files.renamed({name: name.partition("/")[2] for name in files})
    return files, problems


def opened(found: Found) -> tuple[Files, list[str]]:
    """A student's files and remarks on them; zips are opened where no notebook lies beside them."""
    files, problems = found.files, found.problems
    if found.is_zip:
        files, problems = _unzipped(found)
    if any(is_notebook_name(path) for path in files):
        return files, problems
    return _unzipped(Found(name=found.name, files=files, problems=problems))


def _holds_work(files: Files) -> bool:
    return any("/" not in path and path.lower().endswith(".ipynb") for path in files)


def _merged(children: list[Found]) -> list[Found]:
    """Moodle gives a student a folder for files and another for online text: one submission."""
    merged: dict[str, Found] = {}
    for child in children:
        match = MOODLE_FOLDER.match(child.name)
        key = f"{match['name']}_{match['number']}" if match else child.name
        shown = match["name"] if match else child.name
        merged[key] = _joined(merged[key], child) if key in merged else replace(child, name=shown)
    return list(merged.values())


def _joined(one: Found, other: Found) -> Found:
    """What lies in two places as one submission; zips are opened, for the other may hold more."""
    (files, problems), (more, remarks) = (
        _unzipped(each) if each.is_zip else (each.files, each.problems) for each in (one, other)
    )
    return Found(name=one.name, files=files | more, problems=[*problems, *remarks])


def is_notebook_name(path: str) -> bool:
    """Whether a file is meant as a notebook."""
    return path.lower().endswith((".ipynb", ".ipynb.txt", ".ipynb.json"))
