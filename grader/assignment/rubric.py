"""Reads an assignment's rubric files into a checked `Assignment`. Trusted side.

Strict: what is unknown, missing or does not add up is one sentence that names file, item and key.
"""

from __future__ import annotations

import ast
import difflib
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from grader.checks import CHECKS
from grader.checks.base import Check
from grader.core.digests import digest_of
from grader.core.errors import UsageError
from grader.core.model import (
    Assignment,
    AttemptRule,
    Item,
    LateRule,
    Limits,
    Mistake,
    Task,
    Visibility,
)

ASSIGNMENT_KEYS = ("name", "title", "points", "pass_points", "due", "timezone", "tasks")
TASK_KEYS = ("id", "title", "points", "notebook", "prepare", "network", "attempt")
ITEM_KEYS = ("id", "title", "points", "visibility", "hint", "needs", "check", "mistake")
TASK_REQUIRED = ("id", "title", "points")
ITEM_REQUIRED = ("id", "title", "points", "visibility", "hint", "check")
MISTAKE_KEYS = ("variant", "hint")
NETWORKS: dict[str, tuple[str, ...]] = {"evaluated": (), "last": ("count_last_network",)}
"""Which of several networks counts, and the fixtures that this takes."""

CHECKOUT = Path(__file__).parents[2]


def find(name: str) -> Assignment:
    """The assignment of this name, or whose rubric folder this is.

    Looked for in `rubrics/` below $GRADER_HOME, the current folder, and the grader's checkout; the
    reference lies in the folder of the same name in `reference/` beside `rubrics/`.

    Raises:
        UsageError: it is not there, or the rubric is not right.
    """
    homes = [Path(home) for home in (os.environ.get("GRADER_HOME"), ".", CHECKOUT) if home]
    candidates = [Path(name), *(home / "rubrics" / name for home in homes)]
    for folder in candidates:
        if (folder / "assignment.toml").is_file():
            folder = folder.resolve()  # noqa: PLW2901
            return load(folder, folder.parents[1] / "reference" / folder.name)
    raise UsageError(
        f"assignment {name} was not found: there is no rubrics/{name}/assignment.toml here; "
        "name its rubric folder with --assignment"
    )


def load(rubric_dir: Path, reference_dir: Path) -> Assignment:
    """The assignment described by the files of a rubric folder.

    Raises:
        UsageError: a file is missing or not right; says which, where, and what was expected.
    """
    path = rubric_dir / "assignment.toml"
    data = _read(path)
    where = _place(path)
    _known(data, ("assignment", "late", "limits"), where)
    head = _table(data, "assignment", where)
    _known(head, ASSIGNMENT_KEYS, where)
    _required(head, ASSIGNMENT_KEYS, where)
    limits = _limits(Limits(), data.get("limits", {}), where)
    tasks = tuple(
        _task(rubric_dir / f"{_text(name, 'tasks', where)}.toml", limits)
        for name in _list(head["tasks"], "tasks", where)
    )
    points = _points(head["points"], "points", where)
    _adds_up(points, [task.points for task in tasks], "tasks", where)
    _distinct([task.id for task in tasks], "task", where)
    return Assignment(
        name=_text(head["name"], "name", where),
        title=_text(head["title"], "title", where),
        points=points,
        pass_points=_points(head["pass_points"], "pass_points", where),
        due=_due(head, where),
        late=_late(data.get("late", {}), where),
        tasks=tasks,
        rubric_dir=rubric_dir,
        reference_dir=reference_dir,
        digest=digest_of(rubric_dir, reference_dir),
    )


# --- parts ----------------------------------------------------------------------------------


def _task(path: Path, defaults: Limits) -> Task:
    data = _read(path)
    where = _place(path)
    _known(data, ("task", "limits", "item"), where)
    head = _table(data, "task", where)
    _known(head, TASK_KEYS, where)
    _required(head, TASK_REQUIRED, where)
    if head["id"] != path.stem:
        raise UsageError(f"{where}: the task's id is {head['id']!r}; expected {path.stem!r}")
    items = tuple(
        _item(entry, where, path.parent) for entry in _list(data.get("item", []), "item", where)
    )
    points = _points(head["points"], "points", where)
    _adds_up(points, [item.points for item in items], "items", where)
    _distinct([item.id for item in items], "item", where)
    known = {item.id for item in items}
    for item in items:
        for need in item.needs:
            if need not in known:
                raise UsageError(f"{where}: item {item.id}: needs {need!r}, which is no item here")
    notebook = head.get("notebook")
    return Task(
        id=path.stem,
        title=_text(head["title"], "title", where),
        points=points,
        notebook=None if notebook is None else _text(notebook, "notebook", where),
        items=items,
        limits=_limits(defaults, data.get("limits", {}), where),
        prepare=_prepare(head, where),
        attempt=_attempt(head.get("attempt", AttemptRule.HIGHEST), where),
    )


def _prepare(head: Mapping[str, Any], where: str) -> tuple[str, ...]:
    network = head.get("network", "evaluated")
    if network not in NETWORKS:
        raise UsageError(f"{where}: network is {network!r}; expected one of {', '.join(NETWORKS)}")
    fixtures = tuple(_text(name, "prepare", where) for name in head.get("prepare", []))
    return fixtures + NETWORKS[network]


def _attempt(value: Any, where: str) -> AttemptRule:
    try:
        return AttemptRule(value)
    except ValueError:
        rules = ", ".join(rule.value for rule in AttemptRule)
        raise UsageError(f"{where}: attempt is {value!r}; expected one of {rules}") from None


def _item(entry: Any, where: str, folder: Path) -> Item:
    if not isinstance(entry, dict):
        raise UsageError(f"{where}: an item is a table, written [[item]]")
    place = f"{where}: item {entry.get('id', '(without id)')}"
    _known(entry, ITEM_KEYS, place)
    _required(entry, ITEM_REQUIRED, place)
    try:
        visibility = Visibility(entry["visibility"])
    except ValueError:
        raise UsageError(
            f'{place}: visibility is {entry["visibility"]!r}; expected "public" or "hidden"'
        ) from None
    return Item(
        id=_text(entry["id"], "id", place),
        title=_text(entry["title"], "title", place),
        points=_points(entry["points"], "points", place),
        visibility=visibility,
        hint=_text(entry["hint"], "hint", place).strip(),
        check=_check(_table(entry, "check", place), place),
        needs=tuple(_text(need, "needs", place) for need in entry.get("needs", [])),
        mistakes=tuple(
            _mistake(one, folder / "mistakes", place)
            for one in _list(entry.get("mistake", []), "mistake", place)
        ),
    )


def _mistake(entry: Any, folder: Path, place: str) -> Mistake:
    if not isinstance(entry, dict):
        raise UsageError(f"{place}: a mistake is a table, written [[item.mistake]]")
    _known(entry, MISTAKE_KEYS, f"{place}: mistake")
    _required(entry, MISTAKE_KEYS, f"{place}: mistake")
    name = _text(entry["variant"], "variant", place)
    if Path(name).name != name:
        raise UsageError(f"{place}: variant {name!r} must be a file's name alone")
    try:
        code = (folder / name).read_text(encoding="utf-8")
        ast.parse(code)
    except OSError:
        raise UsageError(f"{place}: {_place(folder / name)} is missing") from None
    except (SyntaxError, ValueError) as bad:
        raise UsageError(f"{place}: {_place(folder / name)} is no Python: {bad}") from None
    return Mistake(name=name, code=code, hint=_text(entry["hint"], "hint", place).strip())


def _check(table: Mapping[str, Any], where: str) -> Check:
    settings = dict(table)
    name = settings.pop("type", None)
    if name not in CHECKS:
        raise UsageError(f"{where}: check type {name!r} does not exist{_close(str(name), CHECKS)}")
    kind = CHECKS[name]
    _known(settings, tuple(kind.model_fields), where)
    try:
        return kind(**settings)
    except ValidationError as bad:
        first = bad.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "check"
        raise UsageError(f"{where}: key '{key}': {first['msg']}") from None


def _limits(defaults: Limits, table: Any, where: str) -> Limits:
    if not isinstance(table, dict):
        raise UsageError(f"{where}: [limits] must be a table")
    _known(table, tuple(field.name for field in fields(Limits)), f"{where}: [limits]")
    for key, value in table.items():
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise UsageError(
                f"{where}: [limits]: {key} is {value!r}; expected a whole number above 0"
            )
    return replace(defaults, **table)


def _late(table: Any, where: str) -> LateRule:
    if not isinstance(table, dict):
        raise UsageError(f"{where}: [late] must be a table")
    _known(table, tuple(field.name for field in fields(LateRule)), f"{where}: [late]")
    rule = asdict(LateRule()) | table
    for key in ("grace_minutes", "days"):
        if rule[key] is not None and (type(rule[key]) is not int or rule[key] < 0):
            raise UsageError(f"{where}: [late]: {key} is {rule[key]!r}; expected a whole number")
    rule["percent_per_day"] = _points(str(rule["percent_per_day"]), "percent_per_day", where)
    return LateRule(**rule)


def _due(head: Mapping[str, Any], where: str) -> datetime:
    due = head["due"]
    if not isinstance(due, datetime) or due.tzinfo is not None:
        raise UsageError(
            f"{where}: due is {due!r}; expected a local time such as 2021-05-30T20:00:00"
        )
    try:
        return due.replace(tzinfo=ZoneInfo(_text(head["timezone"], "timezone", where)))
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(
            f"{where}: timezone {head['timezone']!r} is unknown; expected one such as Europe/Berlin"
        ) from None


# --- small checks ---------------------------------------------------------------------------


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise UsageError(
            f"{_place(path)} is missing; every task of the assignment needs one"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as bad:
        raise UsageError(f"{_place(path)} is not TOML: {bad}") from None


def _place(path: Path) -> str:
    return f"{path.parent.parent.name}/{path.parent.name}/{path.name}"


def _close(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    match = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean '{match[0]}'?" if match else f"; known are {', '.join(sorted(known))}"


def _known(table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    for key in table:
        if key not in keys:
            raise UsageError(f"{where}: key '{key}' is unknown{_close(key, keys)}")


def _required(table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    for key in keys:
        if key not in table:
            raise UsageError(f"{where}: key '{key}' is missing")


def _table(table: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    value = table.get(key)
    if not isinstance(value, dict):
        raise UsageError(f"{where}: table [{key}] is missing")
    return value


def _list(value: Any, key: str, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise UsageError(f"{where}: {key} is {value!r}; expected a list")
    return value


def _text(value: Any, key: str, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{where}: {key} is {value!r}; expected text")
    return value


def _points(value: Any, key: str, where: str) -> Decimal:
    try:
        points = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        points = None
    if points is None or not points.is_finite() or points < 0 or points != round(points, 2):
        raise UsageError(
            f'{where}: {key} is {value!r}; expected a number in quotes such as "1.5", with two '
            "decimals at most"
        )
    return points


def _adds_up(whole: Decimal, parts: Sequence[Decimal], what: str, where: str) -> None:
    if sum(parts, Decimal(0)) != whole:
        raise UsageError(
            f"{where}: the {what} add up to {sum(parts, Decimal(0))}, not to {whole} points"
        )


def _distinct(names: Sequence[str], what: str, where: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{where}: {what} {name} occurs twice")
