"""Turns folders, zips and Moodle downloads into submissions. Trusted side.

A file that can't be read is a sentence in its submission, never the end of the batch.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
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
MAX_HELPER, MAX_HELPERS = 1 << 20, 5 << 20
MOODLE_FOLDER = re.compile(
    r"^(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?.*$"
)
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
    return Batch(submissions=joined, notes=tuple(notes))


# --- finding submissions ------------------------------------------------------------------------


def _split(
    name: str, files: Files, problems: list[str], quiz: dict[str, bytes], notes: list[str]
) -> list[tuple[str, Files, list[str]]]:
    """One submission if notebooks lie at the top, else one for each folder or zip in it."""
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
            notes.append(f"{name}/{path} belongs to no student and was left out")
    notes += [f"{name}: {problem}" for problem in problems]
    if len(children) == 1 and not quiz and not _holds_work(children[0][1]):
        return _split(children[0][0], children[0][1], [], quiz, notes)
    return _merged(children)


def _zipped(path: str, content: bytes) -> tuple[str, Files, list[str]]:
    problems: list[str] = []
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(content)
        file.flush()
        try:
            files = archive.read_zip(Path(file.name), problems)
        except UsageError:
            return Path(path).stem, {}, [f"{path} is not a readable zip archive."]
    names = {name.partition("/")[0] for name in files if "/" in name}
    if len(names) == 1 and all("/" in name for name in files):
        files = {name.partition("/")[2]: body for name, body in files.items()}
    return Path(path).stem, files, problems


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
            continue
        try:
            notebooks[task.id] = notebook.read(files[path], PurePosixPath(path).name)
        except notebook.NotebookProblem as problem:
            missing[task.id] = str(problem)
            damaged.append(task.id)
        if PurePosixPath(path).name != task.notebook:
            problems.append(f"{path} was taken for {task.notebook}.")
    if not candidates:
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
            len(content) <= MAX_HELPER
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
        quiz |= matched
        notes += remarks
    return tuple(replace(s, quiz=s.quiz or quiz.get(s.student)) for s in submissions)


def _attempt_rule(assignment: Assignment) -> AttemptRule:
    rules = [task.attempt for task in assignment.tasks if task.notebook is None]
    return rules[0] if rules else AttemptRule.HIGHEST
