"""Many small variants of one notebook, asked in few runs. Trusted side.

For functions that are called with inputs of ours: each variant's cells run in a namespace of their
own, and are asked there. What asks about the run of a notebook itself needs a run of it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.batch.engine import Engine, Job, Queue
from grader.batch.worker import Parcel
from grader.core import codec
from grader.core.errors import GraderError
from grader.core.model import JSON, Answer, AnswerStatus, Cell, Ending, Notebook, Question, Task
from grader.core.notebook import parsed
from grader.sandbox.inside import probes

VARIANTS = "variants"
"""The student of these runs, in what is told."""

MOST = 200
"""Variants in one run: of more than that, machines of a cluster share the work."""

NOTHING = Notebook(name="(nothing)", cells=(Cell(id="", kind="code", source="pass"),))
"""A cell, so that a kernel that dies of a question is no kernel that did not start."""

STATUSES = {status.value: status for status in AnswerStatus}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One variant as a whole notebook, and what it is asked."""

    notebook: Notebook
    questions: tuple[Question, ...]


def is_possible(questions: Sequence[Question]) -> bool:
    """Whether these questions can be asked apart from a run of the notebook."""
    return all(probes.about(question.probe, question.source).apart for question in questions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Where variants are asked, and what they must not see: as submissions are."""

    engine: Engine
    tell: Callable[[Job, str], None]
    jobs: int = 1  # runs at once, at least
    hide: tuple[Path, ...] = ()
    rung: str = ""

    def answers(self, asks: Sequence[Ask], task: Task, *, seed: int) -> list[dict[str, Answer]]:
        """The answers to each variant's questions, by digest; few runs share the work.

        Raises:
            GraderError: a kernel could not be set up.
        """
        if not asks:
            return []
        # Not in the engine's threads: `ast` of Python 3.11 counts its depth for all of them.
        packed = [_question(ask, task.limits.question_seconds) for ask in asks]
        groups = max(min(self.jobs, len(asks)), -(-len(asks) // MOST))
        members = [range(start, len(asks), groups) for start in range(groups)]
        made = [self._job([packed[n] for n in some], task, seed) for some in members]
        done = dict(self.engine.run(Queue(made), self.tell))
        found: list[dict[str, Answer]] = [{} for _ in asks]
        for job, some in zip(made, members, strict=True):
            if done[job].ending is Ending.SETUP_FAILED:
                raise GraderError(f"the variants could not be run: {done[job].message}")
            for number in some:
                answer = codec.answer_to(packed[number], done[job])
                found[number] = _unpacked(asks[number], answer)
        return found

    def _job(self, questions: Sequence[Question], task: Task, seed: int) -> Job:
        seconds = 60 + sum(question.seconds or 0 for question in questions)
        limits = replace(task.limits, notebook_seconds=seconds)
        parcel = Parcel(
            task=task.id,
            notebook=NOTHING,
            questions=tuple(questions),
            prepare=task.prepare,
            limits=limits,
            seed=seed,
            hide=tuple(str(path) for path in self.hide),
            rung=self.rung,
        )
        return Job(
            student=VARIANTS,
            name=VARIANTS,
            task=replace(task, limits=limits),
            key="",
            number=0,
            parcel=lambda: parcel,
        )


def _question(ask: Ask, seconds: int) -> Question:
    params: dict[str, JSON] = {
        "cells": definitions(ask.notebook),
        "questions": [codec.sent(q) | {"seconds": q.seconds or seconds} for q in ask.questions],
    }
    return Question(probe="within", params=params, seconds=5 + 2 * seconds)


def definitions(notebook: Notebook) -> list[str]:
    """A notebook's code cells without those statements that only show what was defined.

    In a cell that defines no function, a call of one that the notebook defines, or what is assigned
    from such a call, may train for long and is asked about by nobody.
    """
    trees = [parsed(c.source) for c in notebook.cells if c.kind == "code" and c.source.strip()]
    own = {s.name for tree in trees for s in tree.body if isinstance(s, ast.FunctionDef)}
    sources = []
    for tree in trees:
        defines = any(isinstance(s, ast.FunctionDef) for s in tree.body)
        kept = [s for s in tree.body if defines or not _calls(s, own)]
        if kept:
            sources.append(ast.unparse(ast.Module(body=kept, type_ignores=[])))
    return sources


def _calls(statement: ast.stmt, names: set[str]) -> bool:
    if not isinstance(statement, (ast.Expr, ast.Assign)):
        return False
    calls = [node.func for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return any(isinstance(call, ast.Name) and call.id in names for call in calls)


def _unpacked(ask: Ask, answer: Answer) -> dict[str, Answer]:
    """The single answers; LOST (or how the whole ended) where there is none."""
    if answer.status is not AnswerStatus.OK or not isinstance(answer.value, list):
        return {codec.digest(question): answer for question in ask.questions}
    return {
        codec.digest(question): _answer(raw, record)
        for question, raw, record in zip(ask.questions, answer.value, answer.record, strict=True)
    }


def _answer(raw: Mapping[str, JSON], record: JSON) -> Answer:
    status = STATUSES[raw["status"]]
    return Answer(status=status, value=raw["value"], error=raw["error"], record=record)
