"""JSON Schema of rubric files, for completion in editors. Trusted side, pure.

Made of the models that read them: the tables of `rubric_file`, and the settings of check types.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from pydantic_core.core_schema import DataclassSchema, ModelSchema

from grader.assignment.own_checks import Kinds
from grader.assignment.rubric_file import AssignmentFile, TaskFile
from grader.checks import CHECKS

DRAFT = "http://json-schema.org/draft-07/schema#"


class Described(GenerateJsonSchema):
    """With the texts that stand below fields, and without titles that say a key's name again."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        return False

    def model_schema(self, schema: ModelSchema) -> dict[str, Any]:
        """A model's, its fields described."""
        return _described(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: DataclassSchema) -> dict[str, Any]:
        """A noun's, likewise."""
        return _described(super().dataclass_schema(schema), schema["cls"])


def _described(schema: dict[str, Any], kind: type) -> dict[str, Any]:
    for base in reversed(kind.__mro__):
        for name, text in _texts(base).items():
            if name in schema.get("properties", {}):
                schema["properties"][name].setdefault("description", text)
    return schema


@cache
def _texts(kind: type) -> dict[str, str]:
    """The text below each field of a class. pydantic would look for it whenever it is imported."""
    if not kind.__module__.startswith("grader."):
        return {}
    tree = ast.parse(inspect.getsource(sys.modules[kind.__module__]))
    (body,) = [n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == kind.__name__]
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def files(kinds: Kinds = CHECKS) -> dict[str, str]:
    """The two schemas, by file name: of `assignment.toml`, and of a task's file.

    `kinds` are the check types that tasks may name.
    """
    made = {"assignment.json": assignment(), "task.json": task(kinds)}
    return {
        name: json.dumps(schema, indent=1, sort_keys=True) + "\n" for name, schema in made.items()
    }


def assignment() -> dict[str, Any]:
    """The schema of an `assignment.toml`."""
    return {"$schema": DRAFT, **AssignmentFile.model_json_schema(schema_generator=Described)}


def task(kinds: Kinds = CHECKS) -> dict[str, Any]:
    """The schema of a task's file."""
    models = [(model, "validation") for model in (TaskFile, *kinds.values())]
    names, whole = models_json_schema(models, schema_generator=Described)  # type: ignore[arg-type]
    parts = whole["$defs"]
    places = {name: names[kind, "validation"]["$ref"] for name, kind in kinds.items()}
    for name, place in places.items():
        settings = parts[place.rsplit("/", 1)[-1]]
        settings["properties"] = {"type": {"const": name}, **settings.get("properties", {})}
    parts["ItemTable"]["properties"]["check"] = _check(places)
    return {"$schema": DRAFT, **parts.pop("TaskFile"), **whole}


def _check(places: Mapping[str, str]) -> dict[str, Any]:
    """`[item.check]`: its type decides which settings there are."""
    chosen = [
        {"if": {"properties": {"type": {"const": name}}}, "then": {"$ref": place}}
        for name, place in places.items()
    ]
    return {
        "type": "object",
        "required": ["type"],
        "allOf": chosen,
        "properties": {"type": {"enum": sorted(places)}},
        "description": "What marks it: the type, and its settings.",
    }
