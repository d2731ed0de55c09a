"""Reads an assignment's rubric files into a checked `Assignment`. Trusted side.

Strict: what is unknown, missing or does not add up is one sentence that names file, item and key.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from grader.assignment import own_checks
from grader.assignment.own_checks import Kinds
from grader.assignment.refusal import close, sentence, shown
from grader.assignment.rubric_file import (
    AssignmentFile,
    ItemTable,
    MistakeTable,
    TaskFile,
    TaskHead,
    adds_up,
)
from grader.checks import CHECKS
from grader.checks.base import Check
from grader.core import toml_text
from grader.core.digests import digest_of
from grader.core.errors import UsageError
from grader.core.model import Assignment, AttemptRule, Item, Limits, Mistake, Step, Task
from grader.retraining.options import FIXTURE

CHECKOUT = Path(__file__).parents[2]
"""Where the package lies: a checkout, if a `pyproject.toml` lies there, too."""

COUNTED = {"last": ("count_last_network",)}
"""The fixtures that `network` takes: which of several networks counts."""

TRAINED = {"training_epochs", "training_seconds"}
"""Limits of trainings alone."""

Model = TypeVar("Model", bound=BaseModel)


def find(name: str | None = None, *, meant: bool = True) -> Assignment:
    """The assignment of this name, or whose rubric folder this is; without a name the only one.

    Looked for in `rubrics/` below $GRADER_HOME, the current folder, and the grader's checkout; the
    reference lies in the folder of the same name in `reference/` beside `rubrics/`. `meant` is
    false where a file says the name, which may be somebody else's: a path is then no reason to run
    what lies there.

    Raises:
        UsageError: it is not there, there are several, or the rubric is not right.
    """
    folder = _only() if name is None else _named(name)
    reference = folder.parents[1] / "reference" / folder.name
    return load(folder, reference, trusted=_is_meant(name if meant else None, folder))


def _is_meant(name: str | None, folder: Path) -> bool:
    """Whether somebody said which folder: what lies about in the current one may be a student's."""
    known = [(home / "rubrics").resolve() for home in _homes() if home != Path()]
    is_path = name is not None and len(Path(name).parts) > 1
    return is_path or folder.parent in known


def _named(name: str) -> Path:
    for folder in (Path(name), *(home / "rubrics" / name for home in _homes())):
        with contextlib.suppress(OSError, ValueError):  # a name that no file can have
            if (folder / "assignment.toml").is_file():
                return folder.resolve()
    name = name[:200]
    raise UsageError(
        f"assignment {name} was not found: there is no rubrics/{name}/assignment.toml here; "
        "name its rubric folder with --assignment"
    )


def _only() -> Path:
    """The single assignment of the first place that holds any."""
    for home in _homes():
        found = [path.parent for path in sorted(home.glob("rubrics/*/assignment.toml"))]
        if len(found) > 1:
            raise UsageError(
                f"there are several assignments in {home.resolve() / 'rubrics'}: "
                f"{', '.join(folder.name for folder in found)}; name one (--assignment NAME, or "
                "grader selftest NAME)"
            )
        if found:
            return found[0].resolve()
    raise UsageError(
        "no assignment was found: there is no rubrics/NAME/assignment.toml here; go to the "
        "course's folder, or name a rubric folder with --assignment"
    )


def _homes() -> list[Path]:
    """Folders that may hold `rubrics/`; beside an installed package lie those of others."""
    checkout = [CHECKOUT] if (CHECKOUT / "pyproject.toml").is_file() else []
    named = os.environ.get("GRADER_HOME")
    return [*([Path(named)] if named else []), Path(), *checkout]


def load(rubric_dir: Path, reference_dir: Path, *, trusted: bool = True) -> Assignment:
    """The assignment described by the files of a rubric folder.

    Without `trusted`, check types that lie beside the reference are refused: they are code.

    Raises:
        UsageError: a file is missing or not right; says which, where, and what was expected.
    """
    path = rubric_dir / "assignment.toml"
    data = _read(path)
    file = _valid(AssignmentFile, data, _place(path))
    head = file.assignment
    if head.name != rubric_dir.name:
        raise UsageError(
            f"{_place(path)}: [assignment]: name is {head.name!r}; expected {rubric_dir.name!r}, "
            "the name of the rubric's folder"
        )
    kinds = own_checks.known(reference_dir, trusted=trusted)
    tasks = tuple(task(rubric_dir / f"{name}.toml", file.limits, kinds) for name in head.tasks)
    try:
        adds_up(head.points, [one.points for one in tasks], "tasks")
    except ValueError as bad:
        raise UsageError(f"{_place(path)}: {bad}") from None
    return Assignment(
        name=head.name,
        title=head.title,
        points=head.points,
        pass_points=head.pass_points,
        due=head.due.replace(tzinfo=ZoneInfo(head.timezone)),
        late=file.late,
        tasks=tasks,
        rubric_dir=rubric_dir,
        reference_dir=reference_dir,
        digest=digest_of(rubric_dir, reference_dir),
        questions_to=head.questions_to or "",
        questions_until=_aware(head.questions_until, head.timezone),
    )


def _aware(local: datetime | None, zone: str) -> datetime | None:
    return local.replace(tzinfo=ZoneInfo(zone)) if local else None


def task(path: Path, defaults: Limits, kinds: Kinds = CHECKS) -> Task:
    """The task that a file describes; `defaults` are the assignment's limits.

    `kinds` are the check types that it may name.

    Raises:
        UsageError: it is not right.
    """
    data, where = _read(path), _place(path)
    file = task_file(data, where)
    head = file.task
    if head.id != path.stem:
        raise UsageError(f"{where}: the task's id is {head.id!r}; expected {path.stem!r}")
    items = tuple(_item(item, head, kinds, path) for item in file.item)
    functions = {getattr(item.check, "function", "") for item in items}
    for item in items:
        base = getattr(item.check, "base", "")
        if base and type(item.check).calls is not Check.calls and base not in functions:
            raise UsageError(
                f"{where}: item {item.id}: base is {base!r}, which no item here checks"
            )
    limits = data.get("limits", {})
    for key in TRAINED & limits.keys():
        if FIXTURE not in head.prepare:
            raise UsageError(
                f'{where}: [limits]: {key} does nothing without "{FIXTURE}" in the task\'s prepare'
            )
    return Task(
        id=head.id,
        title=head.title,
        points=head.points,
        notebook=head.notebook,
        items=items,
        limits=replace(defaults, **limits),
        prepare=head.prepare + COUNTED.get(head.network or "", ()),
        attempt=head.attempt or AttemptRule.HIGHEST,
    )


def task_file(data: Mapping[str, Any], where: str) -> TaskFile:
    """A task file's tables, checked as far as they can be without its folder.

    Raises:
        UsageError: they are not right.
    """
    return _valid(TaskFile, data, where)


def _item(table: ItemTable, head: TaskHead, kinds: Kinds, path: Path) -> Item:
    place = f"{_place(path)}: item {table.id}"
    check = _check(table.check, kinds, place)
    if head.notebook is None and check.observes:
        raise UsageError(f"{place}: its check looks at a notebook; the task needs a notebook")
    if table.mistake and not check.observes:
        raise UsageError(f"{place}: a mistake does nothing here: its check runs no function")
    return Item(
        id=table.id,
        title=table.title,
        points=table.points,
        visibility=table.visibility,
        hint=table.hint.strip(),
        question=str(table.question or getattr(check, "question", "")).strip(),
        check=check,
        needs=table.needs,
        mistakes=tuple(_mistake(one, path.parent / "mistakes", place) for one in table.mistake),
        steps=tuple(
            Step(
                id=step.id,
                text=step.text.strip(),
                points=step.points,
                group=step.group or "",
                exclusive=step.exclusive,
            )
            for step in table.step
        ),
    )


def _check(table: Mapping[str, Any], kinds: Kinds, place: str) -> Check:
    settings = dict(table)
    name = settings.pop("type", None)
    if not isinstance(name, str):
        raise UsageError(f"{place}: check: key 'type' is missing")
    if name not in kinds:
        raise UsageError(f"{place}: check type {shown(name)} does not exist{close(name, kinds)}")
    return _valid(kinds[name], settings, f"{place}: check")


def _mistake(table: MistakeTable, folder: Path, place: str) -> Mistake:
    path = folder / table.variant
    try:
        code = path.read_text(encoding="utf-8")
        ast.parse(code)
    except OSError:
        raise UsageError(f"{place}: {_place(path)} is missing") from None
    except (SyntaxError, ValueError, RecursionError) as bad:
        raise UsageError(f"{place}: {_place(path)} is no Python: {bad}") from None
    return Mistake(name=table.variant, code=code, hint=table.hint.strip())


def _valid(model: type[Model], data: Mapping[str, Any], where: str) -> Model:
    """The model of a file's tables, as strict as JSON: no text is a number, no number a text."""
    try:
        return model.model_validate_json(json.dumps(data, default=_time), strict=True)
    except ValidationError as bad:
        raise UsageError(sentence(bad, model, data, where)) from None


def _time(value: date | time) -> str:
    return value.isoformat()


def _read(path: Path) -> dict[str, Any]:
    try:
        return toml_text.parse(path.read_bytes())
    except OSError:
        raise UsageError(
            f"{_place(path)} is missing; every task of the assignment needs one"
        ) from None
    except ValueError as bad:
        raise UsageError(f"{_place(path)} is not TOML: {bad}") from None


def _place(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
