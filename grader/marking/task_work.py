"""One submission's work on one task: what is asked of it, and all that is known. Trusted, pure.

Everything that is planned, judged and told of a task follows from this one object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grader.core import codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    Case,
    Ending,
    Evidence,
    Item,
    Question,
    Run,
    Submission,
    Task,
)
from grader.marking.masters import Masters


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWork:
    """What was observed of a submission's notebook, beside what was asked."""

    task: Task
    submission: Submission
    questions: Mapping[str, tuple[Question, ...]]  # by item id
    evidence: Evidence | None = None  # of the notebook as it is
    runs: tuple[Run, ...] = ()  # further runs, in order; an audit is the last
    unmade: str = ""  # why the next run, or an audit, could not be set up
    out_of_time: str = ""  # why no further run is made at all, in a sentence
    audit: bool = False  # whether a run with moved pixels is wanted, too
    expected: Mapping[str, Answer] = field(default_factory=dict)  # the reference's, by digest
    masters: Masters | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)  # beside a notebook that trains
    reference_dir: Path = field(default_factory=Path)
    data_dir: Path | None = None

    @property
    def was_run(self) -> bool:
        """Whether the notebook was run at all, however that ended."""
        return self.evidence is not None and self.evidence.ending is not Ending.SETUP_FAILED

    def case(self, item: Item) -> Case:
        """What a check may look at when it judges this item."""
        asked = self.questions[item.id]
        return Case(
            asked=asked,
            answers=tuple(codec.answer_to(question, self.evidence) for question in asked),
            expected=self._expected(asked) if item.check.reference else (),
            evidence=self.evidence,
            notebook=self.submission.notebooks.get(self.task.id),
            master=self.masters.master if self.masters else None,
            template=self.masters.template if self.masters else None,
            quiz=self.submission.quiz,
            reference_dir=self.reference_dir,
            data_dir=self.data_dir,
            files=self.files,
            runs=self.runs,
        )

    def _expected(self, asked: tuple[Question, ...]) -> tuple[Answer, ...]:
        unknown = Answer(status=AnswerStatus.LOST)
        return tuple(self.expected.get(codec.digest(question), unknown) for question in asked)
