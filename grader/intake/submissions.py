"""Turns folders, zips and platforms' downloads into submissions. Trusted side.

A file that can't be read is a sentence in its submission, never the end of the batch.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path, PurePosixPath

from grader.core import busy_files
from grader.core.errors import UsageError
from grader.core.model import Assignment, AttemptRule, Extension, Submission
from grader.intake import (
    archives,
    folder_layout,
    folders,
    one_submission,
    people,
    platform_tables,
    roster,
    tables,
)
from grader.intake.files import Files, is_ignored
from grader.intake.folder_layout import Beside, Found
from grader.intake.identity import Identity
from grader.intake.opened_archives import Convert
from grader.intake.platform import Platform
from grader.intake.roster import Owner, Roster

DRAFT = "This is a draft that was never submitted; it counts."
ONLINE_TEXT = "onlinetext.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was found: submissions in the order of their names, and remarks on the rest."""

    submissions: Submissions
    notes: tuple[str, ...] = ()
    dated: int = 0  # of how many it is known when they were handed in
    others: tuple[Owner, ...] = ()  # who is told of and handed in nothing, or with a team


class Submissions:
    """A batch's submissions. Each is read when its turn comes: all together may be too much."""

    def __init__(
        self,
        found: Mapping[str, tuple[Owner, Found]],
        quiz: people.Matched,
        assignment: Assignment,
        convert: Convert | None = None,
    ) -> None:
        self._found, self._quiz, self._assignment = found, quiz, assignment
        self._convert = convert

    def __len__(self) -> int:
        return len(self._found)

    def owners(self) -> list[Owner]:
        """Whose they are."""
        return [owner for owner, _ in self._found.values()]

    def identities(self) -> list[Identity]:
        """Likewise, in short."""
        return [owner.identity for owner in self.owners()]

    def names(self) -> list[str]:
        """What these people are called."""
        return [identity.name for identity in self.identities()]

    def only(self, students: Collection[str]) -> Submissions:
        """Those of these ids alone, as `identities` has them."""
        found = {student: one for student, one in self._found.items() if student in students}
        return Submissions(found, self._quiz, self._assignment, self._convert)

    def ordered(self, places: Mapping[str, str]) -> Submissions:
        """The same in another order than that of names; `places` are to be sorted by, by id."""
        found = {
            student: self._found[student] for student in sorted(self._found, key=places.__getitem__)
        }
        return Submissions(found, self._quiz, self._assignment, self._convert)

    def __iter__(self) -> Iterator[Submission]:
        for owner, found in self._found.values():
            yield _with_quiz(self._read(owner, found), self._quiz, self._assignment)

    def _read(self, owner: Owner, found: Found) -> Submission:
        try:
            files, problems = folder_layout.opened(found, self._convert)
            made = one_submission.assembled(owner, files, problems, self._assignment)
        except UsageError as bad:  # a file went away, or its disk is broken
            made = one_submission.assembled(owner, Files(), [f"{bad}."], self._assignment)
        except Exception as bug:  # a fault of ours in one person's files is not the others'
            told = f"The files could not be read ({type(bug).__name__}: {bug})"[:300]
            made = one_submission.assembled(owner, Files(), [f"{told}."], self._assignment)
        return _dated(made, owner, found, self._assignment)


def ingest(
    paths: Sequence[Path],
    assignment: Assignment,
    platforms: Sequence[Platform],
    people_files: Sequence[Path] = (),
    convert: Convert | None = None,
) -> Batch:
    """The submissions at these paths: each a submission, or a folder or zip of submissions.

    A path may also be a table that a platform made, of people or of a quiz, and `people_files` are
    these or any rosters, times and extensions. `platforms` are those whose downloads are known,
    `convert` opens archives that are neither zips nor tars.

    Raises:
        UsageError: a path does not exist or cannot be read, or there is no submission at all.
    """
    wanted = [task.notebook for task in assignment.tasks if task.notebook]
    beside = Beside(platforms=platforms, wanted=wanted, convert=convert)
    found: list[Found] = []
    for path in paths:
        found += _at(path, beside)
    if not found:
        shown = ", ".join(str(path) for path in paths)
        raise UsageError(
            f"{shown}: no submission was found; expected a folder or zip for each student"
        )
    known = _roster(people_files, beside, assignment)
    owned = _owned(folder_layout.merged(found), known)
    quiz = _quiz([owner for owner, _ in owned.values()], beside, known, _attempt_rule(assignment))
    _add_absent(owned, quiz, known)
    dated = sum(
        one.submitted_at is not None or any(entry.submitted_at for entry in owner.entries)
        for owner, one in owned.values()
    )
    submissions = Submissions(owned, quiz, assignment, convert)
    rows = [row for attempts in beside.quiz for row in attempts]
    others = known.others(submissions.owners(), rows)
    return Batch(submissions=submissions, notes=tuple(beside.notes), dated=dated, others=others)


def _at(path: Path, beside: Beside, *, is_course: bool = True) -> list[Found]:
    """The submissions at a path, and what lies beside them (see `folder_layout.split`)."""
    problems: list[str] = []
    if path.is_dir():
        name, files = path.resolve().name, folders.read_folder(path, problems)
        beside.notes.extend(_empty_folders(path))
        found: list[Found] = []
        downloads = [one for one in sorted(files) if _is_download(path, one, beside.platforms)]
        for download in downloads:
            found += _at(path / download, beside, is_course=False)
        rest = files.renamed({one: one for one in files if one not in downloads})
        return found + (
            folder_layout.split(name, rest, problems, beside, len(downloads)) if rest else []
        )
    if path.is_file() and path.suffix.lower() == ".zip":
        files = archives.read_zip(path, problems)
        is_course &= folder_layout.holds_several(files)
        found = folder_layout.split(path.stem, files, problems, beside, is_course=is_course)
        dating = {platform.name for platform in beside.platforms if platform.dates_files}
        return [_by_files(one) if one.platform in dating else one for one in found]
    if path.is_file() and path.name.lower().endswith(tables.ENDINGS):
        before = len(beside.quiz) + len(beside.people)
        folder_layout.look(str(path.parent), path.name, {path.name: busy_files.read(path)}, beside)
        if before == len(beside.quiz) + len(beside.people):
            raise UsageError(beside.notes[-1].removesuffix("; the file was left out"))
        return []
    if path.is_file():
        raise UsageError(
            f"{path} is no folder, no zip and no table; put it into a folder named for its student"
        )
    raise UsageError(f"{path} does not exist")


def _by_files(found: Found) -> Found:
    """Dated by its newest file, where nothing better is known; texts have the download's time."""
    times = [time for path, time in found.files.times.items() if path != ONLINE_TEXT]
    return replace(found, submitted_at=found.submitted_at or max(times, default=None))


def _is_download(folder: Path, name: str, platforms: Sequence[Platform]) -> bool:
    """Whether a zip beside others is a platform's download of a whole course."""
    if "/" in name or not name.lower().endswith(".zip"):
        return False
    try:
        with zipfile.ZipFile(folder / name) as archive:
            files = dict.fromkeys(archive.namelist(), b"")
    except Exception:  # zipfile has many kinds; who opens it later tells
        return False
    try:
        return any(platform.places(Path(name).stem, files) for platform in platforms)
    except UsageError:  # it is one, of which the names alone don't tell enough
        return True


def _roster(paths: Sequence[Path], beside: Beside, assignment: Assignment) -> Roster:
    known = Roster(zone=assignment.due.tzinfo or UTC)
    for table in beside.people:
        known.add(table)
    for path in paths:
        content = busy_files.read(path)
        entries = platform_tables.look(path.name, {path.name: content}, beside.platforms).people
        listed = roster.read(path.name, tables.read(path.name, content))
        if entries is None and listed is None:
            raise UsageError(
                f"{path} names nobody: expected a grading worksheet, an export of the gradebook, "
                "or a table with a column 'name', 'email', 'number' or 'key'"
            )
        known.add(entries or listed or ())
    return known


def _owned(found: Sequence[Found], known: Roster) -> dict[str, tuple[Owner, Found]]:
    """Whose each submission is, by id, in the order of names.

    Raises:
        UsageError: two would have the same id, so that marks could be another's.
    """
    owned: dict[str, tuple[Owner, Found]] = {}
    for one in sorted(found, key=lambda one: one.name.casefold()):
        owner = known.owner(one.platform, one.key, one.name)
        student = owner.identity.student
        if student in owned:
            twin = owned[student][0].identity.name
            raise UsageError(
                f"two submissions would be {student}: {twin!r} and {owner.identity.name!r}; rename "
                "one of the folders, for instance with the student's number"
            )
        owned[student] = owner, one
    return owned


def _add_absent(owned: dict[str, tuple[Owner, Found]], quiz: people.Matched, known: Roster) -> None:
    """Who handed in nothing and took the quiz has a submission of that alone."""
    for entry, response in quiz.absent.items():
        if entry.key and entry.submitted_at is None:
            owner = known.owner(entry.platform, entry.key, entry.name)
            owned[owner.identity.student] = owner, Found(name=entry.name, files=Files())
            quiz.responses[owner.identity.student] = response


def _dated(
    submission: Submission, owner: Owner, found: Found, assignment: Assignment
) -> Submission:
    """With the times that a table or the download tells; of a team those of its members."""
    zone = assignment.due.tzinfo or UTC
    times = [entry.submitted_at for entry in owner.entries if entry.submitted_at]
    longer = [entry for entry in owner.entries if entry.extended_until]
    best = max(longer, key=lambda entry: entry.extended_until or assignment.due, default=None)
    extension = None
    if best is not None and best.extended_until is not None:
        extension = Extension(until=best.extended_until, source=best.source, reason=best.reason)
    draft = any(entry.is_draft for entry in owner.entries)
    told = (DRAFT,) if draft and assignment.late.drafts else ()
    return replace(
        submission,
        submitted_at=max(times, default=roster.zoned(found.submitted_at, zone)),
        extension=extension,
        is_draft=draft,
        problems=(*submission.problems, *told),
    )


def undated(batch: Batch, assignment: Assignment) -> str:
    """A remark if marks depend on times and nobody's is known; empty else."""
    if not assignment.late.needs_times or batch.dated:
        return ""
    return (
        "the rule for late work cannot be applied: nobody's time of submission is known; give the "
        "grading worksheet, or --times with a table of key, email or name and 'submitted'"
    )


def told(submission: Submission) -> str:
    """What is wrong with a submission, in one line with its name; empty if nothing is."""
    missing = submission.missing.values() if submission.notebooks or submission.unreadable else ()
    found = " ".join(dict.fromkeys([*submission.problems, *missing]))
    return f"{submission.name}: {found}" if found else ""


def _empty_folders(batch: Path) -> list[str]:
    """Remarks on folders in a batch that hold nothing at all, so that no student is overlooked."""
    return [
        f"{path.name}: the folder is empty and was left out"
        for path in sorted(batch.iterdir())
        if path.is_dir()
        and not is_ignored(PurePosixPath(path.name, "x"))
        and not any(path.iterdir())
    ]


# --- the quiz ---------------------------------------------------------------------------------


def _quiz(
    owners: Sequence[Owner], beside: Beside, known: Roster, rule: AttemptRule
) -> people.Matched:
    """The rows of all quiz downloads; rows of nobody are noted."""
    quiz = people.Matched()
    for attempts in beside.quiz:
        found = people.match(attempts, owners, known, rule)
        beside.notes.extend(found.remarks)
        for student in found.responses.keys() & quiz.responses.keys():
            beside.notes.append(
                f"{found.responses[student].source}: {student} is in "
                f"{quiz.responses[student].source}, too, which counts"
            )
        quiz = people.Matched(
            responses=found.responses | quiz.responses,
            doubts=found.doubts | quiz.doubts,
            rowless=(found.rowless | quiz.rowless)
            - {s for one in (found, quiz) for s in one.doubts if s not in one.rowless},
            unfinished=found.unfinished | quiz.unfinished,
            absent=found.absent | quiz.absent,
        )
    for owner in owners if beside.unusable else ():
        student = owner.identity.student
        if not any(student in one for one in (quiz.responses, quiz.doubts, quiz.unfinished)):
            quiz.rowless.add(student)
            quiz.doubts[student] = f"The quiz could not be read: {beside.unusable[0]}."
    return quiz


def _with_quiz(submission: Submission, quiz: people.Matched, assignment: Assignment) -> Submission:
    """With the row of the quiz; an answer file, which anyone can write after it, counts without."""
    student, problems = submission.student, submission.problems
    row = quiz.responses.get(student)
    tasks = [task.id for task in assignment.tasks if task.notebook is None]
    if row is None:
        doubt, told = quiz.doubts.get(student), quiz.unfinished.get(student)
        beside = f"{submission.quiz.source} was handed in, too." if submission.quiz else ""
        # Who took the quiz can't choose how he is marked.
        if doubt and not (submission.quiz and student in quiz.rowless):
            why = " ".join(filter(None, (doubt, beside)))
            doubts = {**submission.doubts, **dict.fromkeys(tasks, why)}
            return replace(submission, quiz=None, doubts=doubts, problems=(*problems, why))
        return replace(submission, problems=(*problems, told)) if told else submission
    if submission.quiz is not None:
        problems += (f"{submission.quiz.source} was left out: the answers in {row.source} count.",)
    return replace(submission, quiz=row, problems=problems)


def _attempt_rule(assignment: Assignment) -> AttemptRule:
    rules = [task.attempt for task in assignment.tasks if task.notebook is None]
    return rules[0] if rules else AttemptRule.HIGHEST
