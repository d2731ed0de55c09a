"""Steps written back into a task's rubric file, whose other lines stay as they are.

Lines are moved, and what came of it is read again: it must say the same as before, but for the
steps that were to be written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.assignment import rubric
from grader.core import toml_text
from grader.core.errors import UsageError
from grader.core.model import Step

HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.\s-]+?)\s*\]\]?\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class _Table:
    """The lines of one table of a file, without what stands before the next one's header."""

    name: str
    first: int
    end: int


def replaced(text: str, steps: Mapping[str, Sequence[Step]], where: str) -> str:
    """A task file's text with these steps for the items of these ids.

    Comments between the steps that it replaces are lost. `where` names the file.

    Raises:
        UsageError: such steps cannot be, or the file is laid out in another way.
    """
    lines = text.splitlines()
    for item, wanted in steps.items():
        lines = _with_steps(lines, item, wanted, where)
    new = "\n".join(lines) + "\n"
    before, after = _parsed(text, where), _parsed(new, where)
    for table in before["item"]:
        if table["id"] in steps:
            table.pop("step", None)
            if written := [_keys(step) for step in steps[table["id"]]]:
                table["step"] = written
    if before != after:
        raise _laid_out(where)
    rubric.task_file(after, where)
    return new


def _with_steps(lines: list[str], item: str, steps: Sequence[Step], where: str) -> list[str]:
    tables = _tables(lines)
    starts = [n for n, table in enumerate(tables) if table.name == "item"]
    for start, following in zip(starts, [*starts[1:], len(tables)], strict=True):
        own = tables[start:following]
        head = "\n".join(lines[own[0].first + 1 : own[0].end])
        if _parsed(head, where).get("id") != item:
            continue
        old = [table for table in own if table.name == "item.step"]
        gone = {n for table in old for n in range(table.first, table.end)}
        gone |= {table.first - 1 for table in old if not lines[table.first - 1].strip()}
        end = old[0].first if old else own[-1].end
        kept = [line for n, line in enumerate(lines[:end]) if n not in gone]
        new = [line for step in steps for line in ("", "[[item.step]]", *_written(step))]
        return [*kept, *new, *(line for n, line in enumerate(lines) if n >= end and n not in gone)]
    raise _laid_out(where)


def _tables(lines: Sequence[str]) -> list[_Table]:
    found = [(n, match[1]) for n, line in enumerate(lines) if (match := HEADER.fullmatch(line))]
    ends = [*(n for n, _ in found[1:]), len(lines)]
    tables = []
    for (first, name), end in zip(found, ends, strict=True):
        last = end
        while last > first + 1 and re.fullmatch(r"\s*(?:#.*)?", lines[last - 1]):
            last -= 1  # is about what follows
        tables.append(_Table("".join(name.split()), first, last))
    return tables


def _keys(step: Step) -> dict[str, Any]:
    keys: dict[str, Any] = {"id": step.id, "text": step.text}
    keys["points"] = f"{step.points:.2f}".rstrip("0").rstrip(".")
    if step.group:
        keys["group"] = step.group
    if step.exclusive:
        keys["exclusive"] = True
    return keys


def _written(step: Step) -> list[str]:
    return [
        f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in _keys(step).items()
    ]


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        return toml_text.parse(text.encode())
    except ValueError:
        raise _laid_out(where) from None


def _laid_out(where: str) -> UsageError:
    return UsageError(
        f"{where}: steps cannot be written into it as it is laid out; expected each as a table of "
        "its own below its item, headed [[item.step]]"
    )
