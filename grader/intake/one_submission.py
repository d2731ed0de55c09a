"""A person's files become a submission: which is which task's, and what was not used. Trusted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from grader.core.errors import UsageError
from grader.core.model import Assignment, Notebook, Person, QuizResponse, Submission
from grader.intake import folder_layout, work_files
from grader.intake.files import Files
from grader.intake.identity import by_name
from grader.intake.roster import Owner
from grader.quiz import answers

TEXTS = (".py", ".ipynb", ".csv", ".tsv", ".txt", ".md", ".json", ".toml", ".yaml", ".yml", ".svg")
OTHERS = (".xlsx", ".dat", ".mat", ".npy", ".npz", ".mplstyle", ".ttf", ".gif", ".bmp", ".webp")
HELPER_ENDINGS = (*TEXTS, *OTHERS, ".png", ".jpg", ".jpeg")
"""Of files that notebooks read, import, run or show."""

MAX_PATH, MAX_NAME = 3500, 255
"""Bytes of a path, with room for the folder that it comes into, and of each name in it."""

MAX_HELPER, MAX_HELPERS, MAX_HELPER_FILES = 1 << 20, 5 << 20, 200


def submission(name: str, files: Mapping[str, bytes], assignment: Assignment) -> Submission:
    """The submission that these files, by relative path, are."""
    readers = {path: (lambda content=content: content) for path, content in files.items()}
    return assembled(Owner(identity=by_name(name)), Files(readers), [], assignment)


def assembled(
    owner: Owner, found: Files, remarks: Sequence[str], assignment: Assignment
) -> Submission:
    """What somebody's files are: notebooks by task, helpers, and what was not used."""
    problems = list(remarks)
    files, digest = _read(found, problems)
    chosen = work_files.choose(files, assignment, found.times)
    quiz = _answer_file(files, problems)
    helpers = _helpers(files, chosen.notebooks.values(), problems)
    known = {*chosen.used, *(folder_layout.ANSWER_FILES if quiz else ())}
    if problems and not chosen.notebooks and not any(map(work_files.is_notebook_name, files)):
        # something was handed in, and could not be read
        chosen.doubts |= dict.fromkeys(chosen.missing, problems[0])
        chosen.missing |= dict.fromkeys(chosen.missing, problems[0])
    if not any(map(work_files.is_notebook_name, files)) and not problems:
        problems.append("The submission has no notebooks.")
    return Submission(
        student=owner.identity.student,
        name=owner.identity.name,
        notebooks=chosen.notebooks,
        missing=chosen.missing,
        doubts=chosen.doubts,
        quiz=quiz,
        problems=(*problems, *chosen.problems),
        files=helpers,
        digest=digest,
        identity=owner.identity.decides,
        person=_person(owner),
        unused=tuple(p for p in sorted(files) if p not in known and _is_told(p, helpers, chosen)),
    )


def _is_told(path: str, helpers: Mapping[str, bytes], chosen: work_files.Chosen) -> bool:
    """Whether it is to be told that a file was not used: helpers lie beside notebooks."""
    return path not in helpers or not chosen.notebooks


def _person(owner: Owner) -> Person:
    entries = owner.entries
    if owner.is_team:
        members = tuple(entry.name for entry in entries)
        return Person(platform=owner.platform, key=owner.key, members=members)
    if len(entries) != 1:
        return Person(platform=owner.platform, key=owner.key)
    (entry,) = entries
    return Person(
        platform=owner.platform,
        key=owner.key,
        email=entry.email,
        username=entry.username,
        number=entry.number,
        groups=tuple(filter(None, (entry.group, entry.team))),
    )


def _read(files: Files, problems: list[str]) -> tuple[dict[str, bytes], str]:
    """What is looked into, and a digest of all files. Each is read once: it might change.

    Raises:
        UsageError: a notebook cannot be read any more.
    """
    found: dict[str, bytes] = {}
    state = hashlib.sha256()
    for path in sorted(files):
        if not files.is_read(path):
            found[path] = b""
            continue
        try:
            content = files[path]
        except UsageError as bad:
            if work_files.is_notebook_name(path):
                raise
            problems.append(f"{bad}.")
            continue
        state.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
        is_used = work_files.is_read(path) or path.lower().endswith(HELPER_ENDINGS)
        found[path] = content if is_used else b""
    return found, state.hexdigest()


def _helpers(
    files: Mapping[str, bytes], notebooks: Iterable[Notebook], problems: list[str]
) -> dict[str, bytes]:
    """Small files beside the notebooks that these may read or import; notebooks that they name."""
    helpers: dict[str, bytes] = {}
    code = "\n".join(cell.source for notebook in notebooks for cell in notebook.cells)
    for path in sorted(files, key=lambda p: (p.count("/"), p)):
        if path in folder_layout.ANSWER_FILES or not path.lower().endswith(HELPER_ENDINGS):
            continue
        if work_files.is_notebook_name(path) and PurePosixPath(path).stem not in code:
            continue
        if not _can_lie(path, helpers):
            problems.append(f"{path[:80]!a} can lie in no folder and was left out.")
            continue
        content = files[path]
        if (
            len(helpers) < MAX_HELPER_FILES
            and len(content) <= MAX_HELPER
            and sum(map(len, helpers.values())) + len(content) <= MAX_HELPERS
        ):
            helpers[path] = content
    return helpers


def _can_lie(path: str, others: Mapping[str, bytes]) -> bool:
    """Whether a file may be called so beside these: an archive knows no bounds on names."""
    parts = PurePosixPath(path).parts
    is_short = len(path.encode()) <= MAX_PATH and all(len(p.encode()) <= MAX_NAME for p in parts)
    return is_short and not any(str(above) in others for above in PurePosixPath(path).parents)


def _answer_file(files: Mapping[str, bytes], problems: list[str]) -> QuizResponse | None:
    for name in folder_layout.ANSWER_FILES:
        if name in files:
            try:
                return answers.read(name, files[name])
            except UsageError as bad:
                problems.append(f"{bad}.")
    return None
