"""JSON Schema of rubric files, for completion in editors. Trusted side, pure.

Made from what validates: the keys that `grader.assignment.rubric` knows, the fields of `Limits` and
`LateRule`, and the models of the check types.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from grader.assignment import rubric
from grader.checks import CHECKS
from grader.checks.base import Check
from grader.core.model import AttemptRule, LateRule, Limits, Visibility

DRAFT = "http://json-schema.org/draft-07/schema#"
TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
POINTS: dict[str, Any] = {
    "type": "string",
    "pattern": r"^\d+(\.\d{1,2})?$",
    "description": "A number in quotes, with two decimals at most.",
}
NAMES: dict[str, Any] = {"type": "array", "items": TEXT}
ABOUT: dict[str, dict[str, Any]] = {
    "name": TEXT | {"description": "The name of the rubric's folder."},
    "title": TEXT,
    "id": TEXT | {"description": "A task's: the name of its file. An item's: its own in the task."},
    "points": POINTS,
    "pass_points": POINTS,
    "due": {"description": "A local time such as 2021-05-30T20:00:00."},
    "timezone": TEXT | {"description": "Such as Europe/Berlin."},
    "tasks": NAMES | {"description": "The files of the tasks, without .toml, in order."},
    "notebook": TEXT | {"description": "The file name, in the reference and as handed in."},
    "prepare": NAMES | {"description": "Fixtures that are set up before the first cell."},
    "network": {
        "enum": list(rubric.NETWORKS),
        "description": "Which of several trained networks counts.",
    },
    "attempt": {
        "enum": [rule.value for rule in AttemptRule],
        "description": "Which of several attempts at a quiz counts.",
    },
    "visibility": {
        "enum": [kind.value for kind in Visibility],
        "description": "public: students may check it themselves.",
    },
    "hint": TEXT | {"description": "The author's words for who did not get it."},
    "needs": NAMES | {"description": "Items without which this one is blocked."},
    "variant": TEXT | {"description": "A file in the folder `mistakes`."},
}


def files() -> dict[str, str]:
    """The two schemas, by file name: of `assignment.toml`, and of a task's file."""
    made = {"assignment.json": assignment(), "task.json": task()}
    return {
        name: json.dumps(schema, indent=1, sort_keys=True) + "\n" for name, schema in made.items()
    }


def assignment() -> dict[str, Any]:
    """The schema of an `assignment.toml`."""
    head = _table(rubric.ASSIGNMENT_KEYS, required=rubric.ASSIGNMENT_KEYS)
    late = {field.name: _late(field.name) for field in fields(LateRule)}
    return _file(
        "An assignment",
        {
            "assignment": head,
            "late": _object(late),
            "limits": _limits(),
        },
        ["assignment"],
    )


def task() -> dict[str, Any]:
    """The schema of a task's file."""
    mistake = _table(rubric.MISTAKE_KEYS, required=rubric.MISTAKE_KEYS)
    item = _table(
        [key for key in rubric.ITEM_KEYS if key not in ("check", "mistake")],
        required=rubric.ITEM_REQUIRED,
        more={"check": _check(), "mistake": {"type": "array", "items": mistake}},
    )
    schema = _file(
        "A task of an assignment",
        {
            "task": _table(rubric.TASK_KEYS, required=rubric.TASK_REQUIRED),
            "limits": _limits(),
            "item": {"type": "array", "items": item},
        },
        ["task", "item"],
    )
    return schema | {"definitions": {name: _settings(name, kind) for name, kind in CHECKS.items()}}


def _check() -> dict[str, Any]:
    """`[item.check]`: its type decides which settings there are."""
    chosen = [
        {"if": {"properties": {"type": {"const": name}}}, "then": {"$ref": f"#/definitions/{name}"}}
        for name in CHECKS
    ]
    return {
        "type": "object",
        "required": ["type"],
        "allOf": chosen,
        "properties": {"type": {"enum": sorted(CHECKS)}},
    }


def _settings(name: str, kind: type[Check]) -> dict[str, Any]:
    """A check type's own schema, its parts put in where they are used."""
    schema = kind.model_json_schema()
    parts = schema.pop("$defs", {})
    found: dict[str, Any] = _inlined(schema, parts)
    found["properties"] = {"type": {"const": name}, **found.get("properties", {})}
    return found


def _inlined(value: Any, parts: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        if "$ref" in value:
            return _inlined(parts[value["$ref"].rsplit("/", 1)[-1]], parts)
        return {key: _inlined(inner, parts) for key, inner in value.items() if key != "default"}
    return [_inlined(inner, parts) for inner in value] if isinstance(value, list) else value


def _limits() -> dict[str, Any]:
    return _object({field.name: {"type": "integer", "minimum": 1} for field in fields(Limits)})


def _late(name: str) -> dict[str, Any]:
    return POINTS if name == "percent_per_day" else {"type": "integer", "minimum": 0}


def _table(
    keys: Sequence[str], required: Sequence[str], more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    known = {key: ABOUT[key] for key in keys}
    return _object({**known, **(more or {})}) | {"required": list(required)}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def _file(title: str, properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    return {"$schema": DRAFT, "title": title, **_object(properties), "required": list(required)}
