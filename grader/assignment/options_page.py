"""The page `rubrics/README.md`: every key of rubric files, with an example. Trusted side, pure.

Made of the models that read them, so that it can't say anything else than what is read.
"""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from grader.assignment.json_schema import Described
from grader.assignment.own_checks import Kinds
from grader.assignment.rubric_file import AssignmentFile, TaskFile
from grader.checks import CHECKS
from grader.core.model import LateRule, Limits

TITLE = "# Rubric files: every key, with an example"
HEAD = f"""\
{TITLE}

`grader schema --page rubrics/README.md` writes this page from what reads the files. An assignment
is a folder here with `assignment.toml`, a file for each task, and `mistakes/`. Points are texts in
quotes, so that they stay exact; shares are parts of an item's points. Values below are defaults, or
examples where there are none. What is unknown, missing, out of bounds or does nothing is refused.
"""
WIDTH = 110

ASSIGNMENT: dict[str, Any] = {
    "name": "clustering",
    "title": "Clustering",
    "points": "10",
    "pass_points": "5",
    "due": datetime(2030, 1, 31, 20),
    "timezone": "Europe/Berlin",
    "tasks": ["first", "quiz"],
    "questions_to": "the tutors, by mail to tutors@example.org",
    "questions_until": datetime(2030, 2, 28, 20),
}
TASK: dict[str, Any] = {
    "id": "first",
    "title": "First task",
    "points": "8",
    "notebook": "First.ipynb",
    "prepare": ["figures", "version_rot", "fashion_mnist", "training"],
    "network": "evaluated",
}
QUIZ: dict[str, Any] = {"id": "quiz", "title": "Quiz", "points": "2", "attempt": "last"}
STEPS: list[dict[str, Any]] = [
    {"id": "reach", "text": "Says how far the values reach.", "points": "1"},
    {"id": "both", "text": "Names both ends.", "points": "1", "group": "ends", "exclusive": True},
    {"id": "one", "text": "Names one end.", "points": "0.5", "group": "ends", "exclusive": True},
    {"id": "mixed", "text": "Takes it for the deviation.", "points": "-0.5"},
]
ITEMS: list[dict[str, Any]] = [
    {
        "id": "spread",
        "title": "Spread of the values",
        "points": "6",
        "visibility": "public",
        "question": "Write spread(values): how far the values reach.",
        "hint": "The spread is the largest value less the smallest one.",
        "check": {"type": "function_values", "function": "spread"},
        "mistake": [{"variant": "largest.py", "hint": "The smallest one was not subtracted."}],
    },
    {
        "id": "meaning",
        "title": "What the spread tells",
        "points": "2",
        "visibility": "hidden",
        "hint": "Think of a single value far from all others.",
        "needs": ["spread"],
        "check": {"type": "text_answer", "cell": "meaning-answer"},
        "step": STEPS,
    },
]


def page(kinds: Kinds = CHECKS) -> str:
    """The page, in Markdown; `kinds` are the check types that tasks may name."""
    late = example(LateRule) | {"days": 7}
    head = {"assignment": ASSIGNMENT, "late": late, "limits": example(Limits)}
    told: set[str] = set()
    first = {"task": TASK, "limits": {"question_seconds": 60}, "item": ITEMS}
    parts = [
        HEAD,
        "## assignment.toml\n",
        _block(_table(AssignmentFile, head, "", set())),
        "## A task's file\n",
        _block(_table(TaskFile, first, "", told)),
        "A quiz has no notebook, and a key of its own:\n",
        _block(_table(TaskFile, {"task": QUIZ}, "", told)),
        "## Check types\n",
    ]
    for name, kind in sorted(kinds.items()):
        lines = _table(kind, example(kind), "item.check", set())
        parts += [
            f"### {name}\n",
            f"{_paragraphs(kind.__doc__ or '')}\n",
            _block(["[item.check]", f'type = "{name}"', *lines]),
        ]
    return "\n".join(parts)


def example(kind: type) -> dict[str, Any]:
    """A table that shows every key of a model: its example, or its default."""
    return {name: _example(field) for name, field in _fields(kind).items()}


def _example(field: FieldInfo) -> Any:
    if field.examples:
        return field.examples[0]
    table = _table_of(field.annotation)
    if table is not None:
        return [example(table)] if _is_many(field.annotation) else example(table)
    return field.get_default(call_default_factory=True)


def _fields(kind: type) -> dict[str, FieldInfo]:
    """The keys of a model, or of a noun that is read as it is."""
    if issubclass(kind, BaseModel):
        return kind.model_fields
    assert is_dataclass(kind)
    hints = get_type_hints(kind, include_extras=True)
    return {
        f.name: FieldInfo.from_annotated_attribute(hints[f.name], f.default) for f in fields(kind)
    }


# --- TOML with comments -----------------------------------------------------------------------


def _table(kind: type, values: Mapping[str, Any], place: str, told: set[str]) -> Iterator[str]:
    """The keys of a table, each below what it is, if that is not `told` yet; then its tables."""
    schema = _schema(kind)
    inner: list[Iterator[str]] = []
    for name, field in _fields(kind).items():
        if name not in values:
            continue
        below, where = _table_of(field.annotation), f"{place}.{name}".lstrip(".")
        about = "" if where in told else _about(field, schema[name])
        told.add(where)
        if below is not None:
            inner.append(_tables(below, values[name], where, about, told))
        elif field.annotation == dict[str, Any]:
            inner.append(_plain_table(values[name], where, about))
        else:
            yield from _comment(about)
            is_set = values[name] is not None
            yield f"{name} = {written(values[name])}" if is_set else f"# {name} is not set"
    for lines in inner:
        yield from lines


def _tables(kind: type, value: Any, place: str, about: str, told: set[str]) -> Iterator[str]:
    is_list = isinstance(value, list | tuple)
    for number, table in enumerate(value if is_list else [value]):
        yield ""
        yield from _comment("" if number else about)
        yield f"[[{place}]]" if is_list else f"[{place}]"
        yield from _table(kind, table, place, told)


def _plain_table(value: Mapping[str, Any], place: str, about: str) -> Iterator[str]:
    yield ""
    yield from _comment(about)
    yield f"[{place}]"
    yield from (f"{name} = {written(inner)}" for name, inner in value.items())


def written(value: Any) -> str:
    """A value as TOML has it."""
    match value:
        case bool() | int() | float():
            return json.dumps(value)
        case datetime():
            return value.isoformat()
        case Decimal():
            return f'"{value}"'
        case Enum():
            return json.dumps(value.value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case Mapping():
            keys = ", ".join(f"{_key(k)} = {written(inner)}" for k, inner in value.items())
            return f"{{ {keys} }}"
        case list() | tuple():
            return f"[{', '.join(map(written, value))}]"
    return json.dumps(str(value))


def _key(name: str) -> str:
    return name if name.replace("_", "").isalpha() else json.dumps(name)


def _about(field: FieldInfo, schema: Mapping[str, Any]) -> str:
    """What a key is, what it may be, and whether it must be there."""
    parts = [str(schema.get("description", ""))]
    choices = schema.get("enum") or [c for one in _forms(schema) for c in one.get("enum", [])]
    several = schema.get("items", {}).get("enum", [])
    if choices or several:
        listed = ", ".join(written(choice) for choice in choices or several)
        parts.append(f"{'One' if choices else 'Any'} of {listed}.")
    parts += [*filter(None, map(_range, _forms(schema)))][:1]
    if field.is_required():
        parts.append("Needed.")
    return " ".join(filter(None, parts))


def _forms(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    forms: list[Mapping[str, Any]] = schema.get("anyOf", [schema])
    return forms


def _range(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None:
        above = schema.get("exclusiveMinimum")
        return "" if above is None else f"Above {above:g}, to {high:g}."
    return f"{low:g} or more." if high is None else f"{low:g} to {high:g}."


def _schema(kind: type) -> dict[str, Any]:
    """The schemas of a model's keys, those of enumerations put in."""
    whole = TypeAdapter(kind).json_schema(schema_generator=Described)
    parts = whole.get("$defs", {})
    found = {}
    for name, schema in whole.get("properties", {}).items():
        place = schema.get("$ref") or next((s["$ref"] for s in _forms(schema) if "$ref" in s), "")
        there = parts.get(place.rsplit("/", 1)[-1], {})
        found[name] = ({"enum": there["enum"]} if "enum" in there else {}) | schema
    return found


def _table_of(annotation: Any) -> type | None:
    """The model of a table, or of a list of tables; None for a value."""
    for kind in (annotation, *get_args(annotation)):
        is_noun = hasattr(kind, "__pydantic_config__")
        if isinstance(kind, type) and (issubclass(kind, BaseModel) or is_noun):
            return kind
    return None


def _is_many(annotation: Any) -> bool:
    return bool(get_args(annotation))


# --- text -------------------------------------------------------------------------------------


def _block(lines: Iterator[str] | list[str]) -> str:
    text = "\n".join(lines).strip("\n")
    return f"```toml\n{text}\n```\n"


def _comment(text: str) -> Iterator[str]:
    if text:
        yield from (f"# {line}" for line in textwrap.wrap(text, WIDTH - 2))


def _paragraphs(text: str) -> str:
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(textwrap.fill(" ".join(p.split()), WIDTH) for p in paragraphs)
