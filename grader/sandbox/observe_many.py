"""Many small variants of one notebook, observed in few kernels. Trusted side.

For functions that are called with inputs of ours: each variant's cells run in a namespace of their
own, and are asked there. What asks about the run of a notebook itself needs `observe`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from grader.core import codec
from grader.core.errors import GraderError
from grader.core.model import JSON, Answer, AnswerStatus, Notebook, Question
from grader.sandbox.inside import probes
from grader.sandbox.observe import Surroundings, observe

EMPTY = Notebook(name="(nothing)", cells=())
STATUSES = {status.value: status for status in AnswerStatus}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One variant as a whole notebook, and what it is asked."""

    notebook: Notebook
    questions: tuple[Question, ...]


def is_possible(questions: Sequence[Question]) -> bool:
    """Whether these questions can be asked apart from a run of the notebook."""
    return all(probes.about(question.probe, question.source).apart for question in questions)


def observe_apart(
    asks: Sequence[Ask], surroundings: Surroundings, *, seed: int, jobs: int = 1
) -> list[dict[str, Answer]]:
    """The answers to each variant's questions, by digest; `jobs` kernels share the work.

    Raises:
        GraderError: the kernel could not be set up.
    """
    # Not in the threads: `ast` of Python 3.11 counts its depth for all of them together.
    packed = [_question(ask, surroundings.limits.question_seconds) for ask in asks]
    groups = [range(start, len(asks), jobs) for start in range(min(jobs, len(asks)))]
    found: list[dict[str, Answer]] = [{} for _ in asks]
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        results = pool.map(
            lambda group: _observe(
                [asks[n] for n in group], [packed[n] for n in group], surroundings, seed
            ),
            groups,
        )
        for group, answers in zip(groups, results, strict=True):
            for number, one in zip(group, answers, strict=True):
                found[number] = one
    return found


def _observe(
    asks: Sequence[Ask], packed: Sequence[Question], surroundings: Surroundings, seed: int
) -> list[dict[str, Answer]]:
    limits = surroundings.limits
    seconds = sum(question.seconds or 0 for question in packed)
    wide = replace(surroundings, limits=replace(limits, notebook_seconds=60 + seconds))
    evidence = observe(EMPTY, packed, wide, task="variants", seed=seed, resources=_no_resource)
    if evidence.ending.value == "setup_failed":
        raise GraderError(f"the variants could not be run: {evidence.message}")
    answers = [evidence.answers[codec.digest(question)] for question in packed]
    return [_unpacked(ask, answer) for ask, answer in zip(asks, answers, strict=True)]


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
    trees = [ast.parse(c.source) for c in notebook.cells if c.kind == "code" and c.source.strip()]
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


def _no_resource(name: str) -> JSON:
    raise GraderError(f"a question to a variant names {name}, which only a whole run can have")
