"""Where in a notebook's file something stands: the line of a cell's source. Trusted side, pure."""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.core.model import Evidence, Item, Notebook

SPACE = re.compile(r"[\s,:]*")
BEGINS = re.compile(r"[^\s)\]}#]")
"""A line with which something else begins after a definition."""
_decoder = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a file, counted from 1, and the cell that stands there, from 0 (-1: none)."""

    path: str
    line: int = 1
    cell: int = -1


def of_item(
    item: Item, notebook: Notebook, content: bytes, path: str, evidence: Evidence | None = None
) -> Place:
    """Where an item's work stands: the definition it is about, its cell, else one that failed."""
    index, offset = _cell_of(item, notebook)
    failed = [run.index for run in evidence.cells if run.status != "ok"] if evidence else []
    if index < 0 and failed:
        index, offset = failed[0], 0
    if index < 0:
        return Place(path=path)
    try:
        lines = source_lines(content.decode("utf-8-sig", "replace"))[index]
    except (IndexError, ValueError, RecursionError):
        return Place(path=path, cell=index)
    return Place(path=path, line=lines[min(offset, len(lines) - 1)] if lines else 1, cell=index)


def work_of(item: Item, notebook: Notebook) -> tuple[int, str]:
    """The cell, from 0, and the code in it that an item is about: a definition, else all of it.

    (-1, "") if there is none.
    """
    number, offset = _cell_of(item, notebook)
    if number < 0:
        return -1, ""
    source = notebook.cells[number].source
    if not item.check.subject:
        return number, source
    first, *rest = source.split("\n")[offset:]
    end = next((n for n, line in enumerate(rest) if BEGINS.match(line)), len(rest))
    return number, "\n".join([first, *rest[:end]]).rstrip()


def _cell_of(item: Item, notebook: Notebook) -> tuple[int, int]:
    """The cell's number, and the line in its source: -1 and 0 if there is none."""
    code = [(n, cell) for n, cell in enumerate(notebook.cells) if cell.kind == "code"]
    if subject := item.check.subject:
        definition = re.compile(rf"^(?:def {re.escape(subject)}\b|{re.escape(subject)}\s*=)")
        for number, cell in reversed(code):
            for offset, line in enumerate(cell.source.split("\n")):
                if definition.match(line):
                    return number, offset
    wanted = _letters(item.id)
    named = [
        (len(name), -number)
        for number, cell in code
        for name in {_letters(part) for part in (cell.id, *cell.tags)}
        if len(name) > 3 and name in wanted
    ]
    return (-max(named)[1], 0) if named else (-1, 0)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def source_lines(text: str) -> list[list[int]]:
    """For each cell of a notebook's JSON text, the file's line of each line of its source.

    Raises:
        ValueError: it is no notebook.
    """
    found = []
    ends = [match.start() for match in re.finditer("\n", text)]
    for key, start in _members(text, _start(text, "{")):
        if key == "cells":
            for cell in _elements(text, _start(text, "[", start)):
                found.append(_source(text, cell, ends))
    return found


def _source(text: str, cell: int, ends: Sequence[int]) -> list[int]:
    for key, start in _members(text, _start(text, "{", cell)):
        if key != "source":
            continue
        if text[start] != "[":  # one string: all its lines stand in one line of the file
            value, _ = _decoder.raw_decode(text, start)
            return [bisect.bisect(ends, start) + 1] * (str(value).count("\n") + 1)
        parts = _elements(text, _start(text, "[", start))
        return [bisect.bisect(ends, part) + 1 for part in parts]
    return []


def _members(text: str, at: int) -> Iterator[tuple[str, int]]:
    """Keys of an object and where their values begin; `at` is behind its brace."""
    while text[at := _skip(text, at)] != "}":
        key, at = _decoder.raw_decode(text, at)
        start = _skip(text, at)
        yield str(key), start
        _, at = _decoder.raw_decode(text, start)


def _elements(text: str, at: int) -> Iterator[int]:
    while text[at := _skip(text, at)] != "]":
        yield at
        _, at = _decoder.raw_decode(text, at)


def _start(text: str, bracket: str, at: int = 0) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != bracket:
        raise ValueError(f"no {bracket} at {at}")
    return at + 1


def _skip(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at
