"""Turns folders, zips and Moodle downloads into submissions. Trusted side.

A file that can't be read is a sentence in its submission, never the end of the batch.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from grader import archive, notebook
from grader.archive import Files
from grader.autodiff import answers
from grader.errors import UsageError
from grader.exchange import moodle, roster
from grader.model import Assignment, AttemptRule, Notebook, QuizResponse, Submission, Task
from grader.printable import printable

HELPER_ENDINGS = (".py", ".csv", ".txt", ".json", ".toml")
MAX_HELPER, MAX_HELPERS, MAX_HELPER_FILES = 1 << 20, 5 << 20, 200
MAX_WRAPPERS = 5
"""Folders and archives that hold nothing but one other, and are opened to find the students."""

MOODLE_FOLDER = re.compile(
    r"^(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?.*$"
)
MOODLE_FLAT = re.compile(r"^([^_/]+_\d+_assignsubmission_[a-z]+)_([^/]+)$")
"""Moodle's download without folders: all students' files side by side."""

GERMAN = {
    ord(a): b for a, b in zip("äöüÄÖÜß", ("ae", "oe", "ue", "Ae", "Oe", "Ue", "ss"), strict=True)
}
ANSWER_FILES = ("autodiff.toml", "autodiff.json", "autodiff.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was found: submissions in the order of their names, and remarks on the rest."""

    submissions: tuple[Submission, ...]
    notes: tuple[str, ...] = ()


def ingest(paths: Sequence[Path], assignment: Assignment) -> Batch:
    """The submissions at these paths. A path is a submission, or a folder or zip of submissions.

    Raises:
        UsageError: a path does not exist or cannot be read, or there is no submission at all.
    """
    notes: list[str] = []
    found: list[tuple[str, Files, list[str]]] = []
    quiz_files: dict[str, bytes] = {}
    for path in paths:
        problems: list[str] = []
        if path.is_dir():
            name, files = path.resolve().name, archive.read_folder(path, problems)
            notes += _empty_folders(path)
        elif path.is_file() and path.suffix.lower() == ".zip":
            name, files = path.stem, archive.read_zip(path, problems)
        elif path.is_file():
            raise UsageError(
                f"{path} is no folder and no zip; put it into a folder named for its student"
            )
        else:
            raise UsageError(f"{path} does not exist")
        batch = _split(name, files, problems, quiz_files, notes)
        found += batch
    submissions, taken = [], set[str]()
    for name, files, problems in sorted(found, key=lambda entry: entry[0].casefold()):
        submissions.append(_submission(name, files, problems, assignment, taken))
    if not submissions:
        shown = ", ".join(str(path) for path in paths)
        raise UsageError(
            f"{shown}: no submission was found; expected a folder or zip for each student"
        )
    joined = _with_quiz(submissions, quiz_files, notes, _attempt_rule(assignment))
    lines = [f"{submission.name}: {text}" for submission in joined if (text := _told(submission))]
    return Batch(submissions=joined, notes=(*notes, *lines))


def _told(submission: Submission) -> str:
    """What is wrong with a submission, in one line; empty if nothing is."""
    missing = submission.missing.values() if submission.notebooks or submission.damaged else ()
    return " ".join(dict.fromkeys([*submission.problems, *missing]))


def _empty_folders(batch: Path) -> list[str]:
    """Remarks on folders in a batch that hold nothing at all, so that no student is overlooked."""
    return [
        f"{path.name}: the folder is empty and was left out"
        for path in sorted(batch.iterdir())
        if path.is_dir() and not archive.is_ignored(PurePosixPath(path.name))
        and not any(path.iterdir())
    ]  # fmt: skip


# --- finding submissions ------------------------------------------------------------------------


def _split(
    name: str, files: Files, problems: list[str], quiz: dict[str, bytes], notes: list[str],
    wrappers: int = 0,
) -> list[tuple[str, Files, list[str]]]:  # fmt: skip
    """One submission if notebooks lie at the top, else one for each folder or zip in it."""
    files = {MOODLE_FLAT.sub(r"\1/\2", path): content for path, content in files.items()}
    top = {path for path in files if "/" not in path}
    if any(path.lower().endswith(".ipynb") or path in ANSWER_FILES for path in top):
        return [(name, files, problems)]
    folders: dict[str, Files] = {}
    for path, content in files.items():
        folder, _, rest = path.partition("/")
        if rest:
            folders.setdefault(folder, {})[rest] = content
    children = [(folder, inner, list[str]()) for folder, inner in folders.items()]
    for path in sorted(top):
        if path.lower().endswith(".zip"):
            children.append(_zipped(path, files[path]))
        elif _is_quiz(path, files[path]):
            quiz[path] = files[path]
        elif not path.lower().endswith((".md", ".txt", ".rst")):
            why = moodle.complaint(path, files[path]) or f"{path} belongs to no student"
            notes.append(f"{name}: {why}; the file was left out")
    notes += [f"{name}: {problem}" for problem in problems]
    if len(children) == 1 and not quiz and wrappers < MAX_WRAPPERS:
        ((only, inner, remarks),) = children
        if inner and not _holds_work(inner):
            return _split(only, inner, remarks, quiz, notes, wrappers + 1)
    return [_opened(*child) for child in _merged(children)]


def _zipped(path: str, content: bytes) -> tuple[str, Files, list[str]]:
    problems: list[str] = []
    try:
        files = archive.read_inner(content, path, problems)
    except UsageError as bad:
        return Path(path).stem, {}, [f"{bad}."]
    names = {name.partition("/")[0] for name in files if "/" in name}
    if len(names) == 1 and all("/" in name for name in files):
        files = {name.partition("/")[2]: body for name, body in files.items()}
    return Path(path).stem, files, problems


def _opened(name: str, files: Files, problems: list[str]) -> tuple[str, Files, list[str]]:
    """A student's files; if none is a notebook, also what lies in the zips among them."""
    if not any(_is_notebook_name(path) for path in files):
        for path in [path for path in files if path.lower().endswith(".zip")]:
            _, inner, remarks = _zipped(path, files[path])
            files = inner | files
            problems = problems + remarks
    return name, files, problems


def _holds_work(files: Files) -> bool:
    return any("/" not in path and path.lower().endswith(".ipynb") for path in files)


def _merged(
    children: list[tuple[str, Files, list[str]]],
) -> list[tuple[str, Files, list[str]]]:
    """Moodle gives a student a folder for files and another for online text: one submission."""
    merged: dict[str, tuple[str, Files, list[str]]] = {}
    for folder, files, problems in children:
        match = MOODLE_FOLDER.match(folder)
        key = f"{match['name']}_{match['number']}" if match else folder
        shown = match["name"] if match else folder
        if key in merged:
            merged[key][1].update(files)
            merged[key][2].extend(problems)
        else:
            merged[key] = (shown, dict(files), list(problems))
    return list(merged.values())


# --- one submission ---------------------------------------------------------------------------


def submission(name: str, files: Files, assignment: Assignment) -> Submission:
    """The submission that these files, by relative path, are."""
    return _submission(name, files, [], assignment, set())


def _submission(
    name: str, files: Files, problems: list[str], assignment: Assignment, taken: set[str]
) -> Submission:
    notebooks: dict[str, Notebook] = {}
    missing: dict[str, str] = {}
    damaged: list[str] = []
    candidates = [path for path in files if _is_notebook_name(path)]
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
    if files and not candidates:
        problems.append("The submission has no notebooks.")
    state = hashlib.sha256()
    for path in sorted(files):
        state.update(path.encode() + b"\0" + hashlib.sha256(files[path]).digest())
    shown = printable(unicodedata.normalize("NFC", name)).strip()
    return Submission(
        student=_slug(shown, taken),
        name=shown,
        notebooks=notebooks,
        missing=missing,
        damaged=tuple(damaged),
        quiz=_answer_file(files, problems),
        problems=tuple(problems),
        files=_helpers(files),
        digest=state.hexdigest(),
    )


def _is_notebook_name(path: str) -> bool:
    return path.lower().endswith((".ipynb", ".ipynb.txt", ".ipynb.json"))


def _pick(
    task: Task, candidates: list[str], files: Files, assignment: Assignment, problems: list[str]
) -> str | None:
    """The file that is this task's notebook: by exact name, by likeness, or by what it defines."""
    wanted = str(task.notebook)
    stem = _letters(PurePosixPath(wanted).stem)
    others = [_letters(PurePosixPath(str(t.notebook)).stem) for t in assignment.tasks
              if t.notebook and t.id != task.id]  # fmt: skip
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
    task: Task, candidates: list[str], files: Files, stem: str, others: list[str]
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


def _helpers(files: Files) -> Files:
    """Small files beside the notebooks that these may read or import."""
    helpers: Files = {}
    for path in sorted(files, key=lambda p: (p.count("/"), p)):
        content = files[path]
        if path in ANSWER_FILES or not path.lower().endswith(HELPER_ENDINGS):
            continue
        if (
            len(helpers) < MAX_HELPER_FILES
            and len(content) <= MAX_HELPER
            and sum(map(len, helpers.values())) + len(content) <= MAX_HELPERS
        ):
            helpers[path] = content
    return helpers


# --- the quiz ---------------------------------------------------------------------------------


def _is_quiz(path: str, content: bytes) -> bool:
    return moodle.is_quiz_responses(path, content)


def _answer_file(files: Files, problems: list[str]) -> QuizResponse | None:
    for name in ANSWER_FILES:
        if name in files:
            try:
                return answers.read(name, files[name])
            except UsageError as bad:
                problems.append(f"{bad}.")
    return None


def _with_quiz(
    submissions: list[Submission],
    quiz_files: dict[str, bytes],
    notes: list[str],
    rule: AttemptRule,
) -> tuple[Submission, ...]:
    """The submissions with their rows of the quiz download; rows of nobody are noted."""
    quiz: dict[str, QuizResponse] = {}
    for name, content in quiz_files.items():
        rows = moodle.read_responses(name, content)
        matched, remarks = roster.match(rows, submissions, rule)
        notes += remarks
        for student in matched.keys() & quiz.keys():
            notes.append(f"{matched[student].source}: {student} is in {quiz[student].source}, too, "
                         "which counts")  # fmt: skip
        quiz = matched | quiz
    return tuple(_joined(submission, quiz) for submission in submissions)


def _joined(submission: Submission, quiz: Mapping[str, QuizResponse]) -> Submission:
    """With the row of the quiz; an answer file, which anyone can write after it, counts without."""
    row = quiz.get(submission.student)
    if row is None:
        return submission
    problems = submission.problems
    if submission.quiz is not None:
        problems += (f"{submission.quiz.source} was left out: the answers in {row.source} count.",)
    return replace(submission, quiz=row, problems=problems)


def _attempt_rule(assignment: Assignment) -> AttemptRule:
    rules = [task.attempt for task in assignment.tasks if task.notebook is None]
    return rules[0] if rules else AttemptRule.HIGHEST
