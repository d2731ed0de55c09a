"""A notebook with other code in the place of its own: for variants, mutants and mistakes. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from grader.core.errors import UsageError
from grader.core.model import Cell, Notebook

CELL = re.compile(r"^# cell:\s*(\S+)\s*$")


def applied(master: Notebook, code: str, place: str) -> Notebook:
    """The reference notebook with a variant's code in the place of its own.

    Raises:
        UsageError: the code is no Python, or names a cell that is not there.
    """
    sources = parts(master, code, place)
    cells = tuple(
        replace(cell, source=sources[cell.id]) if cell.id in sources else cell
        for cell in master.cells
    )
    extra = sources.get("")
    if extra:
        cells += (Cell(id="variant", kind="code", source=extra),)
    return replace(master, cells=cells)


def parts(master: Notebook, code: str, place: str) -> dict[str, str]:
    """A variant's code by the id of the cell whose place it takes; under "" what has none.

    Raises:
        UsageError: as `applied`.
    """
    homes = _homes(master)
    ids = {cell.id for cell in master.cells}
    found: dict[str, str] = {}
    target, block = None, []
    for line in [*code.split("\n"), "# cell: "]:
        marker = CELL.match(line) or (line == "# cell: " and line)
        if not marker:
            block.append(line)
            continue
        text = "\n".join(block).strip("\n")
        if target is not None:
            found[target] = f"{found.get(target, '')}{text}\n"
        elif text.strip():
            found |= _by_definition(text, homes, place)
        if isinstance(marker, re.Match):
            target, block = marker[1], []
            if target not in ids:
                raise UsageError(f"{place}: the reference has no cell {target!r}")
    return found


def _by_definition(text: str, homes: Mapping[str, str], place: str) -> dict[str, str]:
    """Code cut after each definition that the reference has, too; helpers go with what follows."""
    try:
        statements = ast.parse(text).body
    except SyntaxError as bad:
        raise UsageError(f"{place}: this is no Python: {bad}") from None
    lines = text.split("\n")
    found: dict[str, str] = {}
    begin, home = 0, ""
    for statement in statements:
        known = [homes[name] for name in defined(statement) if name in homes]
        if known:
            home, end = known[0], statement.end_lineno or 0
            found[home] = found.get(home, "") + "\n".join(lines[begin:end]) + "\n"
            begin = end
    rest = "\n".join(lines[begin:])
    if rest.strip():
        found[home] = found.get(home, "") + rest + "\n"
    return found


def _homes(master: Notebook) -> dict[str, str]:
    """The id of the cell that defines each name."""
    homes: dict[str, str] = {}
    for cell in master.cells:
        with suppress(SyntaxError):  # a line for the shell, or a magic
            body = ast.parse(cell.source).body if cell.kind == "code" else []
            for statement in body:
                homes |= dict.fromkeys(defined(statement), cell.id)
    return homes


def defined(statement: ast.stmt) -> list[str]:
    """The names that a top-level statement defines: functions, classes, simple assignments."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return []
