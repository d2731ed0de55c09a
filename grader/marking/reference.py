"""What the reference and the rubric's typical mistakes answered: kept in a store. Trusted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from grader.core import codec, library_versions
from grader.core.model import Answer, Assignment, Question, Task
from grader.marking import typical_mistakes
from grader.marking.masters import Masters, read_masters
from grader.store.store import Store

REFERENCE = "(reference)"
"""In the place of a student, where a run is the reference's."""


class Reference:
    """An assignment's reference notebooks, and their answers as far as they were asked."""

    def __init__(self, assignment: Assignment, store: Store) -> None:
        self._assignment, self._store = assignment, store
        self._digests: dict[str, str] = {}

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
        return {
            task.id: read_masters(self._assignment, task)
            for task in self._assignment.tasks
            if task.notebook
        }

    def key(self, task: Task) -> str:
        """The key of the reference's answers: changes with its notebook, fixtures and libraries."""
        return f"{self._master_digest(task)}:{library_versions.digest()}"

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
        asked = self._store.run(REFERENCE, task.id)
        same = asked is not None and asked[0].startswith(f"{self._master_digest(task)}:")
        return self._store.expected(asked[0] if asked and same else "", wanted)

    def begin(self, task: Task) -> None:
        """From now on the answers of today's reference and libraries count."""
        self._store.put_run(REFERENCE, task.id, self.key(task), 0)

    def keep(self, task: Task, answers: Mapping[str, Answer]) -> None:
        """Keeps what the reference answered."""
        self._store.put_expected(self.key(task), answers)

    def keep_mistakes(self, task: Task, answers: Mapping[str, Answer]) -> None:
        """Keeps what the typical mistakes answered, by `typical_mistakes.key`."""
        self._store.put_expected(self.mistakes_key(task), answers)

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
        return self._store.expected(self.mistakes_key(task), sorted(wanted)) if wanted else {}

    def mistakes_key(self, task: Task) -> str:
        """The key of the mistakes' answers: changes with their code and with the reference."""
        code = [mistake.code for item in task.items for mistake in item.mistakes]
        digest = hashlib.sha256("\0".join(code).encode()).hexdigest()
        return f"mistakes:{self._master_digest(task)}:{digest}"
