"""Whose files these are: finds the submissions in a folder or zip. Trusted side.

Zips of students are opened one at a time, when their turn comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.core.errors import UsageError
from grader.intake import archives, platform_tables
from grader.intake.archives import Files
from grader.intake.platform import Place, Platform, QuizAttempt

ANSWER_FILES = ("autodiff.toml", "autodiff.json", "autodiff.csv")

MAX_WRAPPERS = 5
"""Folders and archives that hold nothing but one other, and are opened to find the students."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is one student's. A zip is not opened yet."""

    name: str
    files: Files
    problems: list[str] = field(default_factory=list)
    is_zip: bool = False  # the only file is a zip with the student's files


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What lies beside submissions: downloads of a quiz, by what they are, and remarks."""

    platforms: Sequence[Platform]
    quiz: list[Sequence[QuizAttempt]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def split(
    name: str, files: Files, problems: list[str], beside: Beside, wrappers: int = 0
) -> list[Found]:
    """The submissions in a folder or zip.

    Of a platform's download each person's, else one if notebooks lie at the top, else one for each
    folder or zip in it.
    """
    places = _places(files, beside.platforms)
    found = _placed(files, places)
    rest = files.renamed({path: path for path in files if path not in places}) if places else files
    top = {path for path in rest if "/" not in path}
    if not found and any(path.lower().endswith(".ipynb") or path in ANSWER_FILES for path in top):
        return [Found(name=name, files=files, problems=problems)]
    children = _children(rest)
    for path in sorted(top):
        if not path.lower().endswith((".zip", ".md", ".txt", ".rst")):
            _look(name, path, files, beside)
    beside.notes.extend(f"{name}: {problem}" for problem in problems)
    if len(children) == 1 and not found and not beside.quiz and wrappers < MAX_WRAPPERS:
        (only,) = children
        inner, remarks = _unzipped(only) if only.is_zip else (only.files, only.problems)
        if inner and not _holds_work(inner):
            return split(only.name, inner, remarks, beside, wrappers + 1)
    return [*found, *children]


def _places(files: Files, platforms: Sequence[Platform]) -> Mapping[str, Place]:
    """Whose files these are, if they are of a platform's download."""
    return next(filter(None, (platform.places(files) for platform in platforms)), {})


def _placed(files: Files, places: Mapping[str, Place]) -> list[Found]:
    """What a platform says is each person's. A person's files may lie in several folders."""
    owned: dict[tuple[str, str], dict[str, str]] = {}
    for path, place in places.items():
        owned.setdefault((place.key, place.name), {})[path] = place.path
    return [Found(name=who, files=files.renamed(inner)) for (_, who), inner in owned.items()]


def _children(files: Files) -> list[Found]:
    """One for each folder or zip; what has both is one."""
    folders: dict[str, dict[str, str]] = {}
    for path in files:
        folder, _, rest = path.partition("/")
        if rest:
            folders.setdefault(folder, {})[path] = rest
    found = {name: Found(name=name, files=files.renamed(inner)) for name, inner in folders.items()}
    for path in sorted(path for path in files if "/" not in path and path.lower().endswith(".zip")):
        packed = Found(name=Path(path).stem, files=files.renamed({path: path}), is_zip=True)
        known = found.get(packed.name)
        found[packed.name] = _joined(known, packed) if known else packed
    return list(found.values())


def _look(name: str, path: str, files: Files, beside: Beside) -> None:
    """A file beside the students' folders: a quiz, or a remark on what it is not."""
    try:
        known = platform_tables.look(path, files[path], beside.platforms)
    except UsageError as bad:
        beside.notes.append(f"{name}: {bad}; the file was left out")
        return
    if known.attempts is not None:
        beside.quiz.append(known.attempts)
        return
    why = known.complaint or f"{path} belongs to no student"
    beside.notes.append(f"{name}: {why}; the file was left out")


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


def _joined(one: Found, other: Found) -> Found:
    """What lies in two places as one submission; zips are opened, for the other may hold more."""
    (files, problems), (more, remarks) = (
        _unzipped(each) if each.is_zip else (each.files, each.problems) for each in (one, other)
    )
    return Found(name=one.name, files=files | more, problems=[*problems, *remarks])


def is_notebook_name(path: str) -> bool:
    """Whether a file is meant as a notebook."""
    return path.lower().endswith((".ipynb", ".ipynb.txt", ".ipynb.json"))
