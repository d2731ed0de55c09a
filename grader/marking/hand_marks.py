"""A person's marks: checked against the rubric, and kept with what they were given for. Trusted.

All or nothing: a mistake in one entry leaves every mark as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from grader.core import bounded
from grader.core.errors import Mistakes, UsageError
from grader.core.model import Assignment, ItemGrade, Mark
from grader.intake.identity import cleaned
from grader.marking import answers
from grader.marking.grades import Results
from grader.store.store import Store

BY_HAND = "Marked by hand."


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFor:
    """What a person had before their eyes when they marked."""

    answer: str  # its digest
    out_of: Decimal  # the item's points
    newest: int | None = None  # number of the item's newest mark; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A mark as somebody wants to give it: not checked yet."""

    student: str
    item: str
    points: str
    reason: str
    where: str = ""  # file and row, for the sentence if it is not right
    name: str = ""  # of the student, as the row tells it; empty: it tells none
    problem: str = ""  # what is wrong with that row, if it could not be read
    given_for: GivenFor | None = None  # None: the answer that is there now


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of entries. Names are "student item"."""

    count: int = 0
    known: int = 0  # the same mark counts already
    changed: tuple[str, ...] = ()  # written, but for an answer or points of before
    overtaken: tuple[str, ...] = ()  # written, but somebody else marked in between


class Present:
    """The items of a batch as they stand now."""

    def __init__(self, store: Store, assignment: Assignment) -> None:
        self.store, self.assignment = store, assignment
        self._results = Results(store, assignment, evidence=False)
        self._found: dict[str, dict[str, tuple[ItemGrade, str]]] = {}

    def item(self, student: str, name: str) -> tuple[ItemGrade, str]:
        """An item of a student by "task/item", and the digest of its answer."""
        if student not in self._found:
            self._found[student] = dict(self._items(student))
        return self._found[student][name]

    def given_for(self, student: str, name: str) -> GivenFor:
        """What a person who marks this item now has before their eyes."""
        graded, digest = self.item(student, name)
        newest = self.store.hand_marks.newest(student, name)
        return GivenFor(answer=digest, out_of=graded.item.points, newest=newest)

    def _items(self, student: str) -> Iterator[tuple[str, tuple[ItemGrade, str]]]:
        grade = self._results.grade(student)
        for task in grade.tasks:
            for graded in task.items:
                item, outcome = graded.item, graded.outcome
                digest = answers.digest(grade.submission, task.task, item, outcome)
                yield f"{task.task.id}/{item.id}", (graded, digest)


def apply(
    store: Store, assignment: Assignment, entries: Sequence[Entry], by: str, at: datetime
) -> Written:
    """Appends those marks that differ from what counts already.

    A mark for an answer or points of before is kept as that, and one that somebody overtook, too:
    neither counts silently, and the item waits or stays as it is.

    Raises:
        Mistakes: one of them is not right, or several; nothing was written.
    """
    present, new = Present(store, assignment), list[tuple[str, Mark]]()
    known, changed, overtaken = 0, list[str](), list[str]()
    for entry, mark in _all_checked(entries, present, by, at):
        student = entry.student
        if _is_known(store, entry, mark):
            known += 1
            continue
        now, name = present.given_for(student, mark.item), f"{student} {mark.item}"
        if not mark.counts:
            overtaken.append(name)
        elif (mark.answer, mark.out_of) != (now.answer, now.out_of):
            changed.append(name)
        new.append((student, mark))
    with store.transaction():
        for student, mark in new:
            store.hand_marks.add(student, mark)
    return Written(count=len(new), known=known, changed=tuple(changed), overtaken=tuple(overtaken))


def _all_checked(
    entries: Sequence[Entry], present: Present, by: str, at: datetime
) -> list[tuple[Entry, Mark]]:
    """Each entry with the mark that it asks for.

    Raises:
        Mistakes: with a sentence for each entry that is not right.
    """
    students, mistakes = set(present.store.students()), list[str]()
    found: dict[tuple[str, str], tuple[Entry, Mark]] = {}
    for entry in entries:
        try:
            if entry.student not in students:
                raise UsageError(
                    f"{entry.where}there is no student {entry.student!r}; use the names of the "
                    "files in students/"
                )
            _must_be(entry, present.store.submission(entry.student).name)
            mark = checked(entry, present, by, at)
            if found.setdefault((entry.student, mark.item), (entry, mark))[1] is not mark:
                raise UsageError(
                    f"{entry.where}{entry.student} has two marks for {mark.item}; keep one"
                )
        except UsageError as mistake:
            mistakes.append(str(mistake))
    if mistakes:
        raise Mistakes(mistakes)
    return list(found.values())


def _must_be(entry: Entry, name: str) -> None:
    """Raises if a row tells another name than the student of its id has."""
    if entry.name and cleaned(entry.name) != cleaned(name):
        raise UsageError(
            f"{entry.where}{entry.student} is {name}, and the row says {entry.name}; were the "
            "columns sorted apart? Export the table again"
        )


def checked(entry: Entry, present: Present, by: str, at: datetime) -> Mark:
    """The mark that an entry of one of the batch's students asks for.

    Raises:
        UsageError: there is no such item, or its points are none that it can have.
    """
    if entry.problem:
        raise UsageError(f"{entry.where}{entry.problem}")
    name = _item(entry, present.assignment)
    now = present.given_for(entry.student, name)
    seen = entry.given_for or now
    points = _points(entry)
    if not 0 <= points <= seen.out_of:
        raise UsageError(
            f"{entry.where}{entry.points} points for {name} are out of range; it is worth 0 to "
            f"{seen.out_of}"
        )
    graded, _ = present.item(entry.student, name)
    return Mark(
        item=name,
        points=points,
        reason=entry.reason or BY_HAND,
        by=by,
        at=at,
        answer=seen.answer,
        out_of=seen.out_of,
        before=None if graded.is_open else graded.points,
        counts=seen.newest in (None, now.newest),
    )


def bind(store: Store, assignment: Assignment) -> None:
    """Ties marks of an older grader, which kept no digests, to the answers that are here now.

    From then on a change of the answer is seen. Before submissions or outcomes are replaced.
    """
    present, students, found = Present(store, assignment), set(store.students()), []
    items = {f"{task.id}/{item.id}" for task in assignment.tasks for item in task.items}
    for student, item in store.hand_marks.unbound():
        if student in students and item in items:
            _, digest = present.item(student, item)
            found += [(mark.id, digest) for mark in store.hand_marks.all(student, item)]
    store.hand_marks.bind(found)


def homeless(store: Store, assignment: Assignment) -> list[str]:
    """A sentence for each item of a student that has marks, but is no longer of the batch."""
    students = set(store.students())
    items = {f"{task.id}/{item.id}" for task in assignment.tasks for item in task.items}
    told = []
    for student, item in store.hand_marks.owners():
        if student not in students:
            told.append(f"{student} has a mark for {item}, and is not of this batch")
        elif item not in items:
            told.append(f"{student} has a mark for {item}, which is no item of this assignment")
    return told


def _is_known(store: Store, entry: Entry, mark: Mark) -> bool:
    """Whether the same mark counts already, is kept as overtaken, or was in the table all along."""
    marks = store.hand_marks.all(entry.student, mark.item)
    seen = entry.given_for.newest if entry.given_for else None
    last = [known for known in marks if known.counts][-1:]
    kept = [known for known in marks if not known.counts or known.id == seen]
    return any(_same(known, mark) for known in [*last, *kept])


def _same(one: Mark, other: Mark) -> bool:
    """Whether two marks say the same of the same."""
    if (one.points, one.reason.strip()) != (other.points, other.reason.strip()):
        return False
    return one.answer in ("", other.answer) and one.out_of in (None, other.out_of)


def _item(entry: Entry, assignment: Assignment) -> str:
    """The "task/item" of this id, with or without its task's."""
    items = [f"{task.id}/{item.id}" for task in assignment.tasks for item in task.items]
    found = [name for name in items if entry.item in (name, name.partition("/")[2])]
    if len(found) != 1:
        what = f"is more than one item ({', '.join(found)})" if found else "is no item"
        raise UsageError(f"{entry.where}{entry.item!r} {what}; known are {', '.join(items)}")
    return found[0]


def _points(entry: Entry) -> Decimal:
    """Points with a decimal point or comma."""
    points = bounded.cents(entry.points)
    if points is None:
        raise UsageError(
            f"{entry.where}points are {entry.points[:40]!r}; expected a number such as 1,5 "
            "with two decimals at most"
        )
    return points
