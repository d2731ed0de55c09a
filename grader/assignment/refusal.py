"""Why a rubric file is refused, as one sentence: file, item, key, what was expected. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
MISSING = ("missing", "missing_keyword_only_argument")
LONGEST = 80

EXPECTED = {
    "bool_type": "true or false",
    "dataclass_type": "a table",
    "dict_type": "a table",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "model_type": "a table",
    "string_type": "text",
    "string_too_short": "text",
    "too_long": "{max_length} at most",
    "too_short": "{min_length} at least",
    "tuple_type": "a list",
}
"""What was expected, where pydantic says it for programmers."""


def sentence(
    invalid: ValidationError, model: type[BaseModel], data: Mapping[str, Any], where: str
) -> str:
    """The first fault, a mistyped key before all others, for which more is missing or wrong.

    `data` is what the model was to be made of, and `where` the file, or the item in it.
    """
    fault = min(invalid.errors(), key=lambda one: one["type"] not in UNKNOWN)
    trail, kind = _trail(fault["loc"], data, kept=fault["type"] in MISSING), fault["type"]
    if kind == "value_error":
        return f"{_place(trail, data, where)}: {fault['ctx']['error']}"
    place, key = _place(trail[:-1], data, where), _key(trail)
    schema = _schema_of(model)
    if kind in UNKNOWN:
        known = _schema_at(trail[:-1], schema).get("properties", {})
        return f"{place}: key {shown(key)} is unknown{close(key, known)}"
    if kind in MISSING:
        is_table = _schema_at(trail, schema).get("type") == "object"
        what = f"table [{key}]" if is_table else f"key '{key}'"
        return f"{place}: {key if isinstance(trail[-1], int) else what} is missing"
    expected = EXPECTED.get(kind, "").format(**fault.get("ctx", {}))
    expected = expected or fault["msg"].removeprefix("Input should be ")
    return f"{place}: {key} is {shown(fault['input'])}; expected {expected}"


def close(name: str, known: Iterable[str]) -> str:
    """The near miss among the known names, or all of them."""
    match = difflib.get_close_matches(name, known := sorted(known), 1)
    return f"; did you mean '{match[0]}'?" if match else f"; known are {', '.join(known)}"


def shown(value: object) -> str:
    """A value as it is told, cut where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _trail(loc: Iterable[int | str], data: Any, *, kept: bool) -> list[int | str]:
    """The part of a fault's place that is there in the file; pydantic adds names of its types."""
    trail: list[int | str] = []
    for part in loc:
        is_entry = isinstance(data, list) and isinstance(part, int) and part < len(data)
        there = part in data if isinstance(data, Mapping) else is_entry
        if not there and not kept:
            break
        trail.append(part)
        data = data[part] if there else None
    return trail


def _place(trail: list[int | str], data: Any, where: str) -> str:
    """The file, and in it the table: an item by its id."""
    places = [where]
    name = ""
    for part in trail:
        data = data[part]
        if isinstance(part, int):
            known = data.get("id") or data.get("variant") if isinstance(data, Mapping) else None
            fit = isinstance(known, str) and known.isprintable() and len(known) <= LONGEST
            places.append(f"{name} {known if fit else f'number {part + 1}'}")
        elif isinstance(data, Mapping):
            places.append(f"[{part}]")
        name = str(part)
    return ": ".join(places)


def _key(trail: list[int | str]) -> str:
    """The key; of a list's entry its number."""
    *_, list_, last = ["", *trail]
    return f"{list_} number {last + 1}" if isinstance(last, int) else last


@cache
def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _schema_at(trail: list[int | str], schema: dict[str, Any]) -> dict[str, Any]:
    """The part of a JSON schema that describes what lies there."""
    found: dict[str, Any] = schema
    for part in [*trail, None]:
        while "$ref" in found:
            found = schema["$defs"][found["$ref"].rsplit("/", 1)[-1]]
        if part is not None:
            inside = found.get("properties", {})
            found = found.get("items", {}) if isinstance(part, int) else inside.get(part, {})
    return found
