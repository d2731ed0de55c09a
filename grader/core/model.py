"""Every noun of the grader, as frozen data. No behaviour beyond small properties.

Trusted side. Values that came out of a sandbox (`Answer`, `CellRun`, `Evidence`) are claims
of hostile code in plain data: strings, numbers, lists, dicts and numpy arrays, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol

from annotated_types import Ge, Le

from grader.core.limits import RUBRIC_TABLE
from grader.core.limits import Limits as Limits  # noqa: PLC0414 (one of the nouns)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

JSON = Any
"""Plain data: None, bool, int, float, str, list, dict with str keys, numpy.ndarray (b, i, u, f)."""


class Status(StrEnum):
    """What is known of one item. Unknown (REVIEW, ERROR) is neither zero nor full marks."""

    PASSED = "passed"
    PARTIAL = "partial"
    FAILED = "failed"
    BLOCKED = "blocked"  # something this item needs did not pass
    REVIEW = "review"  # a person must look
    ERROR = "error"  # the grader could not tell


class Visibility(StrEnum):
    """Who sees an item's verdict before marks are released."""

    PUBLIC = "public"
    HIDDEN = "hidden"


class AttemptRule(StrEnum):
    """Which of several finished attempts at a quiz counts."""

    HIGHEST = "highest"  # by Moodle's own grade
    FIRST = "first"
    LAST = "last"


# --- the assignment ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A typical wrong solution of one item, recognised by what it computes."""

    name: str  # of its file, in the rubric's `mistakes` folder
    code: str  # takes the place of the reference's own
    hint: str  # for whose function computes the same


class ItemCheck(Protocol):
    """What marks an item: the questions it asks, and a pure verdict on the answers.

    The check types are models of their settings, derived from `grader.checks.base.ItemCheck`.
    """

    @property
    def reference(self) -> bool:
        """Whether the reference answers the same questions."""

    @property
    def observes(self) -> bool:
        """Whether the task's notebook must be run for it."""

    @property
    def automatic(self) -> bool:
        """Whether a right solution passes without a person."""

    @property
    def may_ask_again(self) -> bool:
        """Whether it may want further runs of the notebook."""

    @property
    def sources(self) -> Mapping[str, str]:
        """The sources of those probes that a course has written for it, by their names."""

    @property
    def subject(self) -> str:
        """The name in the notebook that it is about; "" if it is about no single one."""

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """The questions to ask, hidden inputs drawn from `rng` (a stream of this item's own)."""

    def again(self, case: Case) -> tuple[Question, ...]:
        """What to ask in one more run with secret classes, given all runs so far; () for none."""

    def calls(self, case: Case) -> int:
        """How often its function called the one of its setting `base`, if that may excuse it."""

    def judge(self, case: Case) -> Outcome:
        """The verdict."""

    def published(self, answer: Answer) -> Answer:
        """What students may have of a reference's answer: the facts that `judge` compares with."""

    def essence(self, answer: Answer) -> JSON:
        """What two solutions with the same mistake have in common; None: nothing to compare."""

    def model_dump(self, *, mode: str = "python") -> dict[str, Any]:
        """Its settings."""

    def model_dump_json(self) -> str:
        """Its settings as JSON text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What earns, or costs, points where a person marks an item."""

    id: str
    text: str
    points: Decimal  # below 0: a deduction
    group: str = ""
    exclusive: bool = False  # at most one of its group


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the rubric: what is asked, what it is worth, and the check that marks it."""

    id: str
    title: str
    points: Decimal
    visibility: Visibility
    hint: str  # the rubric author's words for who did not get it
    check: ItemCheck
    needs: tuple[str, ...] = ()  # ids of items without which this one is BLOCKED
    mistakes: tuple[Mistake, ...] = ()
    steps: tuple[Step, ...] = ()  # for a person; at most they come to the item's points
    question: str = ""  # what is asked, for the student's page


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One exercise of the assignment: its notebook (or none, for a quiz) and its items."""

    id: str
    title: str
    points: Decimal
    notebook: str | None
    items: tuple[Item, ...]
    limits: Limits
    prepare: tuple[str, ...] = ()  # names of inside fixtures, set up before the first cell
    attempt: AttemptRule = AttemptRule.HIGHEST  # of a quiz


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRule:
    """Deduction for lateness: percent of the maximum per started day after the grace minutes."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = RUBRIC_TABLE

    percent_per_day: Annotated[Decimal, Ge(0), Le(100)] = Decimal(0)
    """Percent of the maximum, for each started day after the due time."""
    grace_minutes: Annotated[int, Ge(0), Le(527_040)] = 0
    """So late is still in time."""
    days: Annotated[int, Ge(0), Le(366)] | None = None
    """After so many days nothing is accepted; without it there is no end."""
    drafts: bool = True
    """Whether a draft counts that was saved on the platform and never submitted."""

    @property
    def needs_times(self) -> bool:
        """Whether a mark may depend on when something was handed in."""
        return bool(self.percent_per_day) or self.days is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A rubric, read and checked, and where its reference lies."""

    name: str
    title: str
    points: Decimal
    pass_points: Decimal
    due: datetime  # aware
    late: LateRule
    tasks: tuple[Task, ...]
    rubric_dir: Path
    reference_dir: Path
    digest: str  # sha256 over rubric and reference files
    questions_to: str = ""  # whom students ask about their marks
    questions_until: datetime | None = None  # aware

    @property
    def version(self) -> str:
        """The digest as people read and compare it."""
        return self.digest[:8]


# --- submissions ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a notebook as it was saved. `outputs` are the saved outputs as text."""

    id: str
    kind: str  # "code", "markdown" or "raw"
    source: str
    tags: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """A notebook that could be read, with what had to be mended to read it."""

    name: str
    cells: tuple[Cell, ...]
    repairs: tuple[str, ...] = ()
    language: str = ""  # what it is written in, if that is not Python


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizResponse:
    """One student's answers to the autodiff quiz: raw text by value name (`v3`, `adj_v3`, …)."""

    values: Mapping[str, str]
    source: str  # file (and row) it came from, for the report
    moodle_grade: Decimal | None = None
    moodle_max: Decimal | None = None
    right: Mapping[str, str] = field(default_factory=dict)  # Moodle's right answers, likewise
    question: str = ""  # Moodle's text of the questions, with this student's numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a platform or a roster tells of who handed in; what it does not tell is empty."""

    platform: str = ""  # whose number `key` is
    key: str = ""  # of a person or a team, the same in all downloads of one assignment
    email: str = ""
    username: str = ""
    number: str = ""  # the institution's
    groups: tuple[str, ...] = ()
    members: tuple[str, ...] = ()  # names, of a team


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """More time for one person or team."""

    until: datetime  # aware
    source: str  # file and row
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One student's files. `problems` are sentences for the report: what was missing or broken."""

    student: str  # id: unique in the batch, safe as a file name
    name: str  # as shown to people
    notebooks: Mapping[str, Notebook]  # by task id
    missing: Mapping[str, str]  # by task id: why there is no notebook, in one sentence
    doubts: Mapping[str, str] = field(default_factory=dict)  # by task id: why zero may be wrong
    quiz: QuizResponse | None = None
    problems: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)  # small helper files, by relative name
    submitted_at: datetime | None = None  # aware
    extension: Extension | None = None
    is_draft: bool = False  # saved on the platform, and never submitted
    digest: str = ""
    identity: str = ""  # what seeds and a person's marks follow from; empty: `student` does
    person: Person = field(default_factory=Person)
    unused: tuple[str, ...] = ()  # paths of what was handed in and not used

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Ids of the tasks whose file is there, and can't be read."""
        return tuple(t for t, why in self.missing.items() if why == self.doubts.get(t))


# --- evidence ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A large array of the grader's own, named in a question and put in when it is asked."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to the code beside a student's namespace: a probe's name and its parameters.

    Equal questions are asked once. `params` is plain data, and may hold `Resource`s.
    """

    probe: str
    params: Mapping[str, JSON] = field(default_factory=dict)
    seconds: int | None = None  # None: the task's limit
    source: str = ""  # of a course's own probe, which travels with its question


class AnswerStatus(StrEnum):
    """How an answer came about."""

    OK = "ok"
    RAISED = "raised"  # the student's code raised; `error` says what
    UNDEFINED = "undefined"  # the name asked for does not exist
    TIMEOUT = "timeout"
    LOST = "lost"  # the kernel died, or never came so far
    MALFORMED = "malformed"  # not decodable, doubled, too large: a claim that can't be believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for one question. A fact claimed by hostile code, decoded to plain data.

    `record` is no claim: what the trusted side noted of what doubles were given meanwhile.
    """

    status: AnswerStatus
    value: JSON = None
    error: str = ""
    record: JSON = None


class Ending(StrEnum):
    """How the run of a notebook ended."""

    COMPLETED = "completed"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    OUTPUT = "output"
    PROCESSES = "processes"
    DISK = "disk"
    CRASHED = "crashed"
    SETUP_FAILED = "setup_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRun:
    """One executed code cell. `index` counts all cells of the notebook from 0."""

    index: int
    id: str
    status: str  # "ok", "error", "timeout", "died", "not run"
    seconds: float = 0.0
    error: str = ""  # "NameError: name 'x' is not defined", terminal codes removed
    text: str = ""  # stdout, stderr and text results, capped
    images: tuple[bytes, ...] = ()  # PNG outputs, capped in number and size


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All facts from one run of one notebook."""

    task: str
    ending: Ending
    message: str = ""  # one sentence on the ending, for the report
    cells: tuple[CellRun, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)  # by question digest
    repairs: tuple[str, ...] = ()
    seed: int = 0
    seconds: float = 0.0
    rung: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A further run of a submission, and the numbers that classes had in it."""

    evidence: Evidence
    labels: NDArray[np.uint8]  # labels[c] is the number that class c had
    pixels: NDArray[np.int64] | None = None  # the order that pixels were put in, for an audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a check may look at when it judges one item of one submission."""

    asked: tuple[Question, ...] = ()  # what `questions` returned
    answers: tuple[Answer, ...] = ()  # the student's, one for each in `asked`
    expected: tuple[Answer, ...] = ()  # the reference's, likewise; empty if `reference` is False
    evidence: Evidence | None = None
    notebook: Notebook | None = None  # the student's
    master: Notebook | None = None  # the reference's, with solutions
    template: Notebook | None = None  # what students were given
    quiz: QuizResponse | None = None
    reference_dir: Path = field(default_factory=Path)
    data_dir: Path | None = None  # Fashion-MNIST, true labels
    files: Mapping[str, bytes] = field(default_factory=dict)  # beside a notebook that trains
    runs: tuple[Run, ...] = ()  # further runs of the notebook, that `again` asked for


# --- outcomes and grades ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A check's verdict on one item. `share` is the fraction of the item's points, 0 to 1.

    `details` is plain JSON data for the report (`expected`, `given`, `accuracies`, …); no arrays.
    """

    status: Status
    share: Decimal
    message: str
    details: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A person's mark for one item. Never replaced by a machine's, and never changed."""

    item: str  # "task/item"
    points: Decimal
    reason: str  # the student reads it
    by: str
    at: datetime
    answer: str = ""  # digest of what it was given for; "" if that was not kept
    out_of: Decimal | None = None  # the item's points then; None if that was not kept
    before: Decimal | None = None  # the points that counted until then; None if none did
    counts: bool = True  # False: kept beside another that was given in between, or taken back
    taken_back: bool = False
    round: int = 1  # 2: a second and blind one, that never counts
    steps: tuple[int, ...] = ()  # numbers of the versions of steps that it chose
    comment: str = ""  # the part of the reason that is not the steps' words
    adjustment: Decimal = Decimal(0)  # beside the points of its steps
    decision: int = 0  # number of the decision on many marks that it came of
    request: str = ""  # of which a second is the same mark
    id: int = 0  # its number in the store, in the order they were given; 0 before it is there


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemGrade:
    """One item with its points."""

    item: Item
    outcome: Outcome
    points: Decimal
    mark: Mark | None = None  # a person's that counts
    stale: Mark | None = None  # a person's that doesn't: answer or item are not what they were
    code: str = ""  # by which the student's page names it

    @property
    def is_open(self) -> bool:
        """Whether a person has yet to decide."""
        return self.mark is None and self.outcome.status in (Status.REVIEW, Status.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGrade:
    """One task with its points, and what the run of its notebook was like."""

    task: Task
    points: Decimal
    items: tuple[ItemGrade, ...]
    evidence: Evidence | None = None
    problem: str = ""  # why there is no evidence

    @property
    def open_points(self) -> Decimal:
        """What a person may still add, at most."""
        return sum((item.item.points for item in self.items if item.is_open), Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """One student's grade."""

    submission: Submission
    points: Decimal
    max_points: Decimal
    passed: bool
    tasks: tuple[TaskGrade, ...]
    deduction: Decimal = Decimal(0)  # for lateness
    notes: tuple[str, ...] = ()

    @property
    def provisional(self) -> bool:
        """Whether a person has yet to decide on an item."""
        return any(item.is_open for task in self.tasks for item in task.items)

    @property
    def has_error(self) -> bool:
        """Whether an item could not be judged, and nobody has marked it since."""
        items = (item for task in self.tasks for item in task.items)
        return any(item.is_open and item.outcome.status is Status.ERROR for item in items)

    @property
    def open_points(self) -> Decimal:
        """What a person may still add, at most."""
        return sum((task.open_points for task in self.tasks), Decimal(0))
