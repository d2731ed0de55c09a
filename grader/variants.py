"""Variants of a reference solution, as small files of code: right ones, wrong ones. Trusted side.

A file holds one or more variants. Each begins with a line that says what becomes of it:

    # %% loses relu_grad: the derivative of tanh
    # %% keeps relu_grad: written with np.heaviside
    # %% refers mlp: a person must look

Its code takes the place of the reference's cells that define the same names; `# cell: sample`
names the cell for what follows, where nothing is defined.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.errors import UsageError
from grader.model import Cell, Notebook

EQUIVALENT = "equivalent.toml"
"""Not a file of variants, but the list of mutants that are as right as the reference."""

BASE = "base.py"
"""Code that all variants of a task start from, in place of the reference's own."""

VERBS = ("loses", "keeps", "refers")
HEADER = re.compile(r"^# %%\s*(\w+)\s+([\w, ]+):\s*(\S.*)$")
CELL = re.compile(r"^# cell:\s*(\S+)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to solve a task, right or wrong, and what must become of its items."""

    verb: str  # "loses", "keeps" or "refers" (to a person)
    items: tuple[str, ...]  # those that it is about
    why: str
    code: str
    source: str  # file and line, for people

    @property
    def is_right(self) -> bool:
        """Whether nothing may be lost."""
        return self.verb == "keeps"


def read(folder: Path, known: Sequence[str]) -> tuple[Variant, ...]:
    """All variants in the files of a folder, in order; `known` are the items there are.

    Raises:
        UsageError: a file without a header, an unknown verb or item; says where.
    """
    found: list[Variant] = []
    for path in sorted([*folder.glob("*.py"), *folder.glob("*.toml")]):
        if path.name in (EQUIVALENT, BASE):
            continue
        found += parse(path.read_text(encoding="utf-8"), f"{folder.name}/{path.name}", known)
    return tuple(found)


def parse(text: str, name: str, known: Sequence[str]) -> list[Variant]:
    """The variants in one file's text.

    Raises:
        UsageError: as `read`.
    """
    found: list[Variant] = []
    lines = text.split("\n")
    starts = [n for n, line in enumerate(lines) if line.startswith("# %%")]
    if not starts:
        raise UsageError(f"{name} holds no variant: no line begins with '# %%'")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        place = f"{name}, line {start + 1}"
        header = HEADER.match(lines[start])
        if header is None or header[1] not in VERBS:
            raise UsageError(
                f"{place}: a variant begins with a line such as '# %% loses {known[0]}: why', "
                f"with one of {', '.join(VERBS)}"
            )
        items = tuple(item.strip() for item in header[2].split(",") if item.strip())
        for item in items:
            if item not in known:
                raise UsageError(f"{place}: {item!r} is no item; known are {', '.join(known)}")
        found.append(
            Variant(
                verb=header[1],
                items=items,
                why=header[3].strip(),
                source=place,
                code="\n".join(lines[start + 1 : end]).strip() + "\n",
            )
        )
    return found


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
        if cell.kind == "code":
            for statement in ast.parse(cell.source).body:
                homes |= dict.fromkeys(defined(statement), cell.id)
    return homes


def defined(statement: ast.stmt) -> list[str]:
    """The names that a top-level statement defines: functions, classes, simple assignments."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    return []
