"""What lies before the markers: every item of every student, small, and always as the store has it.

One object for a result folder. It is read once when the server starts and refreshed student by
student as marks are given; the store stays the only truth. All use goes through `lock`.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from grader.core import digests
from grader.core.model import Assignment, Evidence, Grade, Item, ItemGrade, Mark, Status, Task
from grader.marking import answers, scoring
from grader.marking.codes import SECRET
from grader.marking.grades import Results
from grader.marking.hand_marks import GivenFor
from grader.reports import html
from grader.review import likeness, rubric_steps, sample
from grader.review.claims import Claims
from grader.store.store import Store

TOLERANCE = Decimal("0.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """Who marks. The first is the lead, who gets what others hand on."""

    name: str
    leads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One item of one student, as far as lists need it."""

    student: str
    item: str  # "task/item"
    status: Status
    message: str
    points: Decimal
    waits: bool
    mark: Mark | None  # that counts
    stale: Mark | None  # that was given for something else
    answer: str  # digest of what a mark is given for
    text: str  # the written answer; "" where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A student, and how the grade stands."""

    student: str
    name: str
    code: str
    points: Decimal
    standing: str
    open_points: Decimal
    notes: tuple[str, ...]


class Desk:
    """A result folder that people mark."""

    def __init__(
        self,
        store: Store,
        assignment: Assignment,
        markers: Sequence[Marker],
        *,
        blind: bool = True,
        second: Decimal | Mapping[str, Decimal] = Decimal(0),
        conflicts: Iterable[tuple[str, str]] = (),
        statistics: bool = True,
        tolerance: Decimal = TOLERANCE,
        calibrate: int = 0,
        repeats: int = 0,
    ) -> None:
        """`second` is the share of answers that are marked twice, of all items or by item, and
        `tolerance` the points by which the two marks may differ; `conflicts` are (marker, student)
        pairs that are kept apart. All others begin an item with `calibrate` answers that the lead
        has marked; after `repeats` answers one of one's own comes again. Without `statistics`
        nothing is told of single markers."""
        self.store, self.assignment, self.markers = store, assignment, tuple(markers)
        self.blind, self.conflicts = blind, frozenset(conflicts)
        self.statistics, self.tolerance = statistics, tolerance
        self.calibrate, self.repeats = calibrate, repeats
        self.lock = threading.RLock()
        self.claims = Claims()
        self.items: dict[str, tuple[Task, Item]] = {
            f"{task.id}/{item.id}": (task, item) for task in assignment.tasks for item in task.items
        }
        of = second if isinstance(second, Mapping) else dict.fromkeys(self.items, second)
        self.second = {name: share for name, share in of.items() if share}
        self._samples: dict[str, frozenset[str]] = {}
        self.secret = store.secret(SECRET)
        self._results = Results(store, assignment, evidence=False)
        self.people: dict[str, Person] = {}
        self.cards: dict[str, dict[str, Card]] = {name: {} for name in self.items}
        students = store.students()
        self._codes = _codes(self.secret, students)
        self.student_of = {code: student for student, code in self._codes.items()}
        for student in students:
            self.refresh(student)
        self.equal: dict[str, dict[str, tuple[str, ...]]] = {}
        self.order: dict[str, list[str]] = {}
        for name in self.items:
            self._arrange(name)
        rubric_steps.seed(store, assignment, datetime.now(UTC))

    # -- reading -----------------------------------------------------------------------------

    def refresh(self, student: str) -> None:
        """Takes a student's grade from the store anew."""
        grade = self._results.grade(student)
        for card in _cards(grade):
            known = self.cards[card.item].get(student)
            if known is not None and known.mark != card.mark:
                self._samples.pop(card.item, None)
            self.cards[card.item][student] = card
        self.people[student] = Person(
            student=student,
            name=grade.submission.name,
            code=self._codes[student],
            points=grade.points,
            standing=scoring.standing(grade, self.assignment),
            open_points=grade.open_points,
            notes=(*grade.notes, *_unread(grade)),
        )

    def grade(self, student: str, *, evidence: bool = False) -> Grade:
        """A student's grade with all details."""
        return Results(self.store, self.assignment, evidence=evidence).grade(student)

    def evidence(self, student: str, task: str) -> Evidence | None:
        """What our run of a notebook gave, without answers; None if it was not run."""
        run = self.store.run(student, task)
        return self.store.get_evidence(run[0], answers=False) if run else None

    def graded(self, student: str, name: str) -> ItemGrade:
        """One item of a student with all details."""
        task, item = self.items[name]
        grade = self._results.grade(student)
        graded = next(t for t in grade.tasks if t.task.id == task.id)
        return next(found for found in graded.items if found.item.id == item.id)

    def given_for(self, student: str, name: str) -> GivenFor:
        """What a mark that is given now is for."""
        card = self.cards[name][student]
        newest = self.store.hand_marks.newest(student, name)
        return GivenFor(answer=card.answer, out_of=self.items[name][1].points, newest=newest)

    def standing_with(self, student: str, mark: Mark) -> str:
        """The student's result if this mark counted."""
        grade = self._results.grade(student)
        marks = [*self.store.hand_marks.counting(student), mark]
        return scoring.standing(scoring.with_marks(grade, self.assignment, marks), self.assignment)

    def _arrange(self, name: str) -> None:
        """The order of an item's answers: fixed, by chance, near ones together."""
        texts = {s: card.text for s, card in self.cards[name].items() if card.text}
        order = sorted(self.people, key=lambda s: digests.keyed(self.secret, "order", name, s))
        self.order[name] = likeness.neighbours(order, texts) if texts else order
        self.equal[name] = likeness.equal(texts)

    def sample(self, name: str) -> frozenset[str]:
        """The students whose answer a second person marks, as far as it is marked."""
        if name not in self.second:
            return frozenset()
        if name not in self._samples:

            def start(level: Decimal) -> Decimal:
                by_chance = digests.keyed(self.secret, "second", name, str(level.normalize()))
                return Decimal(int.from_bytes(by_chance[:4])) / 2**32

            whole = {decision.id for decision in self.store.decisions.all("whole")}
            marks = self.store.hand_marks.of_item(name)
            self._samples[name] = sample.drawn(marks, self.second[name], start, whole)
        return self._samples[name]

    # -- names -------------------------------------------------------------------------------

    def revealed(self, marker: Marker) -> set[str]:
        """The students whose names this marker has asked for, with a reason."""
        if not self.blind:
            return set(self.people)
        reveals = self.store.decisions.all("reveal")
        return {decision.student for decision in reveals if decision.by == marker.name}

    def masked(self, text: str, student: str) -> str:
        """A student's text without the student's own name, as far as that is known."""
        person = self.people[student]
        words = [w for w in re.findall(r"[^\W_]+", person.name) if len(w) > 2]
        words += [student] if len(student) > 2 else []
        if not words:
            return text
        either = "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))
        word = rf"(?<![^\W_])(?:{either})(?![^\W_])"
        return re.sub(rf"{word}(?: ++{word})*", "[name]", text, flags=re.IGNORECASE)

    def answer(self, name: str, student: str) -> str:
        """A written answer as far as a list shows it; "" where there is none."""
        return self.masked(html.shown(self.cards[name][student].text, 2000), student)

    def may_mark(self, marker: Marker, student: str) -> bool:
        """Whether the two are not kept apart."""
        return (marker.name, student) not in self.conflicts


def _cards(grade: Grade) -> Iterator[Card]:
    for task in grade.tasks:
        for graded in task.items:
            given = graded.outcome.details.get("given")
            is_text = isinstance(given, str) and not graded.item.check.automatic
            yield Card(
                student=grade.submission.student,
                item=f"{task.task.id}/{graded.item.id}",
                status=graded.outcome.status,
                message=graded.outcome.message,
                points=graded.points,
                waits=graded.is_open,
                mark=graded.mark,
                stale=graded.stale,
                answer=answers.digest(grade.submission, task.task, graded.item, graded.outcome),
                text=str(given) if is_text else "",
            )


def _unread(grade: Grade) -> list[str]:
    """What could not be read, as far as it waits for a person."""
    waiting = [task for task in grade.tasks if any(item.is_open for item in task.items)]
    return [task.problem for task in waiting if task.problem]


def _codes(secret: str, students: Iterable[str]) -> dict[str, str]:
    """A pseudonym for each student; two that would be equal are longer."""
    codes: dict[str, str] = {}
    for student in sorted(students):
        length = 6
        while (found := digests.code(secret, "student", student, length=length)) in codes.values():
            length += 2
        codes[student] = found
    return codes


def new_request() -> str:
    """A key by which a save that is sent twice is one mark."""
    return secrets.token_urlsafe(12)
