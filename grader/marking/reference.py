"""What the reference and the rubric's typical mistakes answered: kept in a store. Trusted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from grader.core import codec, digests, library_versions
from grader.core.model import Answer, AnswerStatus, Assignment, Question, Task
from grader.marking import typical_mistakes
from grader.marking.masters import Masters, read_all
from grader.store.store import Store

REFERENCE = "(reference)"
"""In the place of a student, where a run is the reference's."""

MISTAKES = "(mistakes)"
"""Likewise, where it is one of the rubric's typical mistakes."""


class Reference:
    """An assignment's reference notebooks, and their answers as far as they were asked."""

    def __init__(self, assignment: Assignment, store: Store) -> None:
        self._assignment, self._store = assignment, store
        self._digests: dict[str, str] = {}
        self._failed: dict[str, Answer] = {}  # by question: what is no fact, for this batch alone

    @property
    def folder(self) -> Path:
        """Where its notebooks lie."""
        return self._assignment.reference_dir

    @property
    def tasks(self) -> tuple[Task, ...]:
        """Those that the reference is asked about."""
        tasks = self._assignment.tasks
        return tuple(task for task in tasks if any(item.check.reference for item in task.items))

    @cached_property
    def masters(self) -> dict[str, Masters]:
        """Reference notebooks by task id."""
        return read_all(self._assignment)

    def key(self, task: Task) -> str:
        """The key of the reference's answers: changes with its notebook, fixtures and libraries.

        And with our code that is beside it when it is asked.
        """
        return f"{self._master_digest(task)}:{_met()}"

    def _master_digest(self, task: Task) -> str:
        if task.id not in self._digests:
            path = self._assignment.reference_dir / str(task.notebook)
            parts = [hashlib.sha256(path.read_bytes()).hexdigest(), task.id, *task.prepare]
            self._digests[task.id] = hashlib.sha256(" ".join(parts).encode()).hexdigest()
        return self._digests[task.id]

    def expected(
        self, task: Task, questions: Mapping[str, tuple[Question, ...]]
    ) -> dict[str, Answer]:
        """The reference's answers to those of these questions that it was asked.

        Those of the last batch, for marking again may happen on another machine.
        """
        wanted = [
            codec.digest(question)
            for item in task.items
            if item.check.reference
            for question in questions[item.id]
        ]
        if not wanted:
            return {}
        failed = {key: self._failed[key] for key in wanted if key in self._failed}
        return failed | self._kept(REFERENCE, task, self.key(task), wanted)

    def _kept(self, who: str, task: Task, today: str, wanted: Sequence[str]) -> dict[str, Answer]:
        """Answers of the last batch, if its notebook (and mistakes) were those of today's key."""
        asked = self._store.run(who, task.id)
        same = asked is not None and _made_of(asked[0]) == _made_of(today)
        return self._store.expected(asked[0] if asked and same else "", wanted)

    def begin(self, task: Task, *, fresh: bool = False) -> None:
        """From now on the answers of today's reference and libraries count; if `fresh`, no old."""
        for who, key in ((REFERENCE, self.key(task)), (MISTAKES, self.mistakes_key(task))):
            self._store.put_run(who, task.id, key, 0)
            if fresh:
                self._store.forget_expected(key)

    def keep(self, task: Task, answers: Mapping[str, Answer]) -> dict[str, Answer]:
        """Keeps what the reference answered; returned is what is no answer.

        That is asked again by the next batch, and is an ERROR in this one.
        """
        facts = {key: a for key, a in answers.items() if a.status is AnswerStatus.OK}
        failed = {key: answer for key, answer in answers.items() if key not in facts}
        self._failed = {k: a for k, a in self._failed.items() if k not in facts} | failed
        self._store.put_expected(self.key(task), facts)
        return failed

    def keep_mistakes(self, task: Task, answers: Mapping[str, Answer]) -> None:
        """Keeps what the typical mistakes answered, by `typical_mistakes.key`."""
        unknown = (AnswerStatus.LOST, AnswerStatus.MALFORMED)
        facts = {key: a for key, a in answers.items() if a.status not in unknown}
        self._store.put_expected(self.mistakes_key(task), facts)

    def known_mistakes(
        self, task: Task, asked: Sequence[typical_mistakes.Asked]
    ) -> dict[str, Answer]:
        """What the rubric's mistakes answered to these questions, as far as they were asked."""
        wanted = {
            typical_mistakes.key(item.id, mistake.name, question)
            for item in task.items
            for mistake in item.mistakes
            for one in asked
            for question in one.get(item.id, ())
        }
        key = self.mistakes_key(task)
        return self._kept(MISTAKES, task, key, sorted(wanted)) if wanted else {}

    def mistakes_key(self, task: Task) -> str:
        """The key of the mistakes' answers: changes as the reference's, and with their code."""
        code = [mistake.code for item in task.items for mistake in item.mistakes]
        digest = hashlib.sha256("\0".join(code).encode()).hexdigest()
        return f"mistakes {self._master_digest(task)} {digest}:{_met()}"


def _met() -> str:
    """What student code and the reference meet when they run: our code and the libraries."""
    return f"{digests.observing()}{library_versions.digest()}"


def _made_of(key: str) -> str:
    """The part of a key that stands for notebook and mistakes: marking again may be elsewhere."""
    return key.partition(":")[0]
