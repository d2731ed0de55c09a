"""Turns folders, zips and Moodle downloads into submissions. Trusted side.

A file that can't be read is a sentence in its submission, never the end of the batch.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from grader.core import notebook
from grader.core.errors import UsageError
from grader.core.model import Assignment, AttemptRule, Notebook, QuizResponse, Submission, Task
from grader.core.untrusted_text import printable
from grader.intake import archives, folder_layout, people
from grader.intake.platform import Platform
from grader.quiz import answers

HELPER_ENDINGS = (".py", ".csv", ".txt", ".json", ".toml")
MAX_HELPER, MAX_HELPERS, MAX_HELPER_FILES = 1 << 20, 5 << 20, 200
GERMAN = {
    ord(a): b for a, b in zip("äöüÄÖÜß", ("ae", "oe", "ue", "Ae", "Oe", "Ue", "ss"), strict=True)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was found: submissions in the order of their names, and remarks on the rest."""

    submissions: Submissions
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """Whose submission it is."""

    student: str
    name: str


class Submissions:
    """A batch's submissions. Each is read when its turn comes: all together may be too much."""

    def __init__(
        self,
        found: Mapping[Student, folder_layout.Found],
        quiz: Mapping[str, QuizResponse],
        assignment: Assignment,
    ) -> None:
        self._found, self._quiz, self._assignment = found, quiz, assignment

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Submission]:
        for person, found in self._found.items():
            yield _joined(self._read(person, found), self._quiz.get(person.student))

    def _read(self, person: Student, found: folder_layout.Found) -> Submission:
        try:
            files, problems = folder_layout.opened(found)
            return _submission(person, files, problems, self._assignment)
        except UsageError as bad:  # a file went away, or its disk is broken
            return _submission(person, {}, [f"{bad}."], self._assignment)


def ingest(paths: Sequence[Path], assignment: Assignment, platforms: Sequence[Platform]) -> Batch:
    """The submissions at these paths. A path is a submission, or a folder or zip of submissions.

    `platforms` are those whose downloads are known.

    Raises:
        UsageError: a path does not exist or cannot be read, or there is no submission at all.
    """
    beside = folder_layout.Beside(platforms=platforms)
    found: list[folder_layout.Found] = []
    for path in paths:
        problems: list[str] = []
        if path.is_dir():
            name, files = path.resolve().name, archives.read_folder(path, problems)
            beside.notes.extend(_empty_folders(path))
        elif path.is_file() and path.suffix.lower() == ".zip":
            name, files = path.stem, archives.read_zip(path, problems)
        elif path.is_file():
            raise UsageError(
                f"{path} is no folder and no zip; put it into a folder named for its student"
            )
        else:
            raise UsageError(f"{path} does not exist")
        found += folder_layout.split(name, files, problems, beside)
    if not found:
        shown = ", ".join(str(path) for path in paths)
        raise UsageError(
            f"{shown}: no submission was found; expected a folder or zip for each student"
        )
    taken = set[str]()
    by_name = sorted(found, key=lambda one: one.name.casefold())
    owners = {_person(one.name, taken): one for one in by_name}
    quiz = _quiz([*owners], beside, _attempt_rule(assignment))
    return Batch(submissions=Submissions(owners, quiz, assignment), notes=tuple(beside.notes))


def told(submission: Submission) -> str:
    """What is wrong with a submission, in one line with its name; empty if nothing is."""
    missing = submission.missing.values() if submission.notebooks or submission.damaged else ()
    found = " ".join(dict.fromkeys([*submission.problems, *missing]))
    return f"{submission.name}: {found}" if found else ""


def _empty_folders(batch: Path) -> list[str]:
    """Remarks on folders in a batch that hold nothing at all, so that no student is overlooked."""
    return [
        f"{path.name}: the folder is empty and was left out"
        for path in sorted(batch.iterdir())
        if path.is_dir()
        and not archives.is_ignored(PurePosixPath(path.name))
        and not any(path.iterdir())
    ]


# --- one submission ---------------------------------------------------------------------------


def submission(name: str, files: Mapping[str, bytes], assignment: Assignment) -> Submission:
    """The submission that these files, by relative path, are."""
    return _submission(_person(name, set()), files, [], assignment)


def _person(name: str, taken: set[str]) -> Student:
    shown = printable(unicodedata.normalize("NFC", name)).strip()
    return Student(student=_slug(shown, taken), name=shown)


def _submission(
    person: Student, files: Mapping[str, bytes], remarks: Sequence[str], assignment: Assignment
) -> Submission:
    problems = list(remarks)
    files, digest = _read(files, problems)
    notebooks: dict[str, Notebook] = {}
    missing: dict[str, str] = {}
    damaged: list[str] = []
    candidates = [path for path in files if folder_layout.is_notebook_name(path)]
    for task in assignment.tasks:
        if task.notebook is None:
            continue
        path = _pick(task, candidates, files, assignment, problems)
        if path is None:
            missing[task.id] = f"{task.notebook} was not handed in."
            if problems and not files:  # something was handed in, and could not be read
                missing[task.id] = problems[0]
                damaged.append(task.id)
            continue
        try:
            notebooks[task.id] = notebook.read(files[path], PurePosixPath(path).name)
        except notebook.NotebookProblem as problem:
            missing[task.id] = str(problem)
            damaged.append(task.id)
        if PurePosixPath(path).name != task.notebook:
            problems.append(f"{path} was taken for {task.notebook}.")
    if not candidates and (files or not problems):
        problems.append("The submission has no notebooks.")
    return Submission(
        student=person.student,
        name=person.name,
        notebooks=notebooks,
        missing=missing,
        damaged=tuple(damaged),
        quiz=_answer_file(files, problems),
        problems=tuple(problems),
        files=_helpers(files),
        digest=digest,
    )


def _read(files: Mapping[str, bytes], problems: list[str]) -> tuple[dict[str, bytes], str]:
    """What is looked into, and a digest of all files. Each is read once: it might change.

    Raises:
        UsageError: a notebook cannot be read any more.
    """
    found: dict[str, bytes] = {}
    state = hashlib.sha256()
    for path in sorted(files):
        try:
            content = files[path]
        except UsageError as bad:
            if folder_layout.is_notebook_name(path):
                raise
            problems.append(f"{bad}.")
            continue
        state.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
        is_used = folder_layout.is_notebook_name(path) or path.lower().endswith(HELPER_ENDINGS)
        found[path] = content if is_used else b""
    return found, state.hexdigest()


def _pick(
    task: Task,
    candidates: list[str],
    files: Mapping[str, bytes],
    assignment: Assignment,
    problems: list[str],
) -> str | None:
    """The file that is this task's notebook: by exact name, by likeness, or by what it defines."""
    wanted = str(task.notebook)
    stem = _letters(PurePosixPath(wanted).stem)
    others = [
        _letters(PurePosixPath(str(t.notebook)).stem)
        for t in assignment.tasks
        if t.notebook and t.id != task.id
    ]
    tests: tuple[Callable[[str], bool], ...] = (
        lambda path: PurePosixPath(path).name == wanted,
        lambda path: _letters(PurePosixPath(path).stem) == stem,
        lambda path: (
            stem in _letters(path) and not any(other in _letters(path) for other in others)
        ),
    )
    for fits in tests:
        matches = sorted(
            (path for path in candidates if fits(path)), key=lambda p: (p.count("/"), p)
        )
        if matches:
            if len(matches) > 1:
                problems.append(f"Several files could be {wanted}; {matches[0]} was taken.")
            return matches[0]
    return _by_content(task, candidates, files, stem, others)


def _by_content(
    task: Task, candidates: list[str], files: Mapping[str, bytes], stem: str, others: list[str]
) -> str | None:
    """The only otherwise nameless notebook that defines what the task's checks ask for."""
    names = {getattr(item.check, "function", None) for item in task.items} - {None}
    words = [f"def {name}".encode() for name in names] or [b"FashionMNIST"]
    free = [p for p in candidates if not any(other in _letters(p) for other in [stem, *others])]
    matches = [p for p in free if any(word in files[p] for word in words)]
    return matches[0] if len(matches) == 1 else None


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())


def _slug(name: str, taken: set[str]) -> str:
    """An id of letters, digits and hyphens, unique in the batch."""
    german = name.translate(GERMAN)
    ascii_name = unicodedata.normalize("NFKD", german).encode("ascii", "ignore").decode()
    base = re.sub(r"[^a-z0-9]+", "-", ascii_name.lower()).strip("-")[:60] or "student"
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    taken.add(slug)
    return slug


def _helpers(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Small files beside the notebooks that these may read or import."""
    helpers: dict[str, bytes] = {}
    for path in sorted(files, key=lambda p: (p.count("/"), p)):
        if path in folder_layout.ANSWER_FILES or not path.lower().endswith(HELPER_ENDINGS):
            continue
        content = files[path]
        if (
            len(helpers) < MAX_HELPER_FILES
            and len(content) <= MAX_HELPER
            and sum(map(len, helpers.values())) + len(content) <= MAX_HELPERS
        ):
            helpers[path] = content
    return helpers


# --- the quiz ---------------------------------------------------------------------------------


def _answer_file(files: Mapping[str, bytes], problems: list[str]) -> QuizResponse | None:
    for name in folder_layout.ANSWER_FILES:
        if name in files:
            try:
                return answers.read(name, files[name])
            except UsageError as bad:
                problems.append(f"{bad}.")
    return None


def _quiz(
    students: Sequence[Student], beside: folder_layout.Beside, rule: AttemptRule
) -> dict[str, QuizResponse]:
    """The rows of the quiz downloads by student id; rows of nobody are noted."""
    quiz: dict[str, QuizResponse] = {}
    for attempts in beside.quiz:
        matched, remarks = people.match(attempts, students, rule)
        beside.notes.extend(remarks)
        for student in matched.keys() & quiz.keys():
            beside.notes.append(
                f"{matched[student].source}: {student} is in {quiz[student].source}, too, "
                "which counts"
            )
        quiz = matched | quiz
    return quiz


def _joined(submission: Submission, row: QuizResponse | None) -> Submission:
    """With the row of the quiz; an answer file, which anyone can write after it, counts without."""
    if row is None:
        return submission
    problems = submission.problems
    if submission.quiz is not None:
        problems += (f"{submission.quiz.source} was left out: the answers in {row.source} count.",)
    return replace(submission, quiz=row, problems=problems)


def _attempt_rule(assignment: Assignment) -> AttemptRule:
    rules = [task.attempt for task in assignment.tasks if task.notebook is None]
    return rules[0] if rules else AttemptRule.HIGHEST
