"""The public checks as one JSON file: written the same for the same content, read strictly.

Trusted side.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from grader.checks import CHECKS
from grader.core import busy_files, codec
from grader.core.errors import UsageError
from grader.core.model import (
    Answer,
    AnswerStatus,
    Assignment,
    Item,
    LateRule,
    Limits,
    Mistake,
    Question,
    Resource,
    Task,
    Visibility,
)
from grader.core.version import __version__
from grader.student.public_checks import Public, Withheld, only

FILE = "public-checks.json"
MOST_LIMIT = 10_000_000
"""Seconds, MiB or whatever is limited: what is more than any course means is no limit."""

LIMITS = TypeAdapter(Limits)


# --- writing ----------------------------------------------------------------------------------


def dump(public: Public) -> bytes:
    """The file's bytes: the same for the same content."""
    questions = {
        codec.digest(question): question
        for items in public.asked.values()
        for asked in items.values()
        for question in asked
    }
    assignment = public.assignment
    until = assignment.questions_until
    document = {
        "schema": 1,
        "grader": __version__,
        "assignment": {
            "name": assignment.name,
            "title": assignment.title,
            "due": assignment.due.isoformat(),
            "version": assignment.version,
            "questions_to": assignment.questions_to,
            "questions_until": until.isoformat() if until else None,
        },
        "tasks": [_task(public, task) for task in assignment.tasks],
        "questions": {
            digest: _question(question, public.expected.get(digest))
            for digest, question in sorted(questions.items())
        },
        "mistakes": {key: _answer(answer) for key, answer in public.mistakes.items()},
    }
    text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False)
    return (text + "\n").encode()


def _task(public: Public, task: Task) -> dict[str, Any]:
    hidden = [item for item in public.withheld if item.task == task.id]
    entry: dict[str, Any] = {
        "id": task.id,
        "title": task.title,
        "notebook": task.notebook,
        "limits": asdict(task.limits),
        "prepare": list(task.prepare),
        "items": [_item(public, task, item) for item in task.items],
        "withheld": [{"id": i.id, "title": i.title, "points": str(i.points)} for i in hidden],
    }
    if task.id in public.accuracies:
        entry["accuracy"] = public.accuracies[task.id]
    return entry


def _item(public: Public, task: Task, item: Item) -> dict[str, Any]:
    kind = next(name for name, kind in CHECKS.items() if type(item.check) is kind)
    return {
        "id": item.id,
        "title": item.title,
        "points": str(item.points),
        "hint": item.hint,
        "question": item.question,
        "needs": list(item.needs),
        "check": {"type": kind} | item.check.model_dump(mode="json"),
        "asked": [codec.digest(question) for question in public.asked[task.id][item.id]],
        "mistakes": [{"name": m.name, "hint": m.hint} for m in item.mistakes],
    }


def _question(question: Question, answer: Answer | None) -> dict[str, Any]:
    entry = {
        "probe": question.probe,
        "seconds": question.seconds,
        "params": json.loads(codec.encode(dict(question.params))),
    }
    if answer is not None:
        entry["answer"] = _answer(answer)
    return entry


def _answer(answer: Answer) -> Any:
    return json.loads(codec.encode({"status": str(answer.status), "value": answer.value}))


# --- reading ----------------------------------------------------------------------------------


class _Known(BaseModel):
    model_config = ConfigDict(frozen=True)  # what a later version adds is passed over


class _MistakeEntry(_Known):
    name: str
    hint: str


class _ItemEntry(_Known):
    id: str
    title: str
    points: Decimal
    hint: str
    question: str = ""
    needs: tuple[str, ...]
    check: dict[str, Any]
    asked: tuple[str, ...]
    mistakes: tuple[_MistakeEntry, ...] = ()


class _WithheldEntry(_Known):
    id: str
    title: str
    points: Decimal


class _TaskEntry(_Known):
    id: str
    title: str
    notebook: str | None
    limits: dict[str, Annotated[int, Field(le=MOST_LIMIT)]]
    prepare: tuple[str, ...]
    items: tuple[_ItemEntry, ...]
    withheld: tuple[_WithheldEntry, ...]
    accuracy: float | None = None


class _AnswerEntry(_Known):
    status: AnswerStatus
    value: Any


class _QuestionEntry(_Known):
    probe: str
    params: dict[str, Any]
    seconds: int | None
    answer: _AnswerEntry | None = None


class _Head(_Known):
    name: str
    title: str
    due: datetime
    version: str = ""
    questions_to: str = ""
    questions_until: datetime | None = None


class _Document(_Known):
    version: Literal[1] = Field(alias="schema")
    assignment: _Head
    tasks: tuple[_TaskEntry, ...]
    questions: dict[str, _QuestionEntry]
    mistakes: dict[str, _AnswerEntry] = Field(default_factory=dict)


def find(start: Path) -> Path | None:
    """The file of public checks in this folder, one above it, or the nearest one below it."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder / FILE
    below = [path for pattern in (FILE, f"*/{FILE}", f"*/*/{FILE}") for path in start.glob(pattern)]
    return min(below, key=lambda path: (len(path.parts), path), default=None)


def read(path: Path) -> Public:
    """What the file holds.

    Raises:
        UsageError: it is not there, damaged, or of another version.
    """
    try:
        document = _Document.model_validate_json(busy_files.read(path))
        return _public_of(document, path)
    except (ValidationError, codec.WireError, KeyError, TypeError, ValueError) as bad:
        first = str(bad).splitlines()[0][:200]
        raise UsageError(
            f"{path} is damaged, or of another version of the grader ({type(bad).__name__}: "
            f"{first}); take it from the course again"
        ) from None


def _public_of(document: _Document, path: Path) -> Public:
    questions = {digest: _read_question(entry) for digest, entry in document.questions.items()}
    if wrong := [digest for digest, q in questions.items() if codec.digest(q) != digest]:
        raise ValueError(f"question {wrong[0]} was changed")
    expected = {
        digest: _read_answer(e.answer) for digest, e in document.questions.items() if e.answer
    }
    mistakes = {key: _read_answer(entry) for key, entry in document.mistakes.items()}
    tasks = tuple(_read_task(entry) for entry in document.tasks)
    asked = {
        entry.id: {i.id: tuple(questions[digest] for digest in i.asked) for i in entry.items}
        for entry in document.tasks
    }
    withheld = tuple(
        Withheld(task=entry.id, id=item.id, title=item.title, points=item.points)
        for entry in document.tasks
        for item in entry.withheld
    )
    head = document.assignment
    points = sum((task.points for task in tasks), Decimal(0))
    assignment = Assignment(
        name=head.name,
        title=head.title,
        points=points,
        pass_points=points,
        due=head.due,
        late=LateRule(),
        tasks=tasks,
        rubric_dir=path.parent,
        reference_dir=path.parent,
        digest=head.version,
        questions_to=head.questions_to,
        questions_until=head.questions_until,
    )
    accuracies = {entry.id: entry.accuracy for entry in document.tasks if entry.accuracy}
    return Public(
        assignment=assignment,
        asked=asked,
        expected=expected,
        withheld=withheld,
        accuracies=accuracies,
        mistakes=mistakes,
    )


def _read_answer(entry: _AnswerEntry) -> Answer:
    return Answer(status=entry.status, value=codec.decode(json.dumps(entry.value)))


def _read_task(entry: _TaskEntry) -> Task:
    items = tuple(_read_item(item) for item in entry.items)
    task = Task(
        id=entry.id,
        title=entry.title,
        points=Decimal(0),
        notebook=entry.notebook,
        items=items,
        limits=LIMITS.validate_python(entry.limits),
        prepare=entry.prepare,
    )
    return only(task, items)


def _read_item(entry: _ItemEntry) -> Item:
    settings = dict(entry.check)
    return Item(
        id=entry.id,
        title=entry.title,
        points=entry.points,
        visibility=Visibility.PUBLIC,
        hint=entry.hint,
        question=entry.question,
        needs=entry.needs,
        check=CHECKS[settings.pop("type")](**settings),
        mistakes=tuple(Mistake(name=m.name, code="", hint=m.hint) for m in entry.mistakes),
    )


def _read_question(entry: _QuestionEntry) -> Question:
    params = {name: _param(value) for name, value in entry.params.items()}
    return Question(probe=entry.probe, params=params, seconds=entry.seconds)


def _param(value: Any) -> Any:
    """A parameter; a resource is a name here as in the question."""
    if isinstance(value, dict) and set(value) == {"$resource"}:
        return Resource(name=str(value["$resource"]))
    return codec.decode(json.dumps(value))
