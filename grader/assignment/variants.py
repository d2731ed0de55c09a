"""Variants of a reference solution, as small files of code: right ones, wrong ones. Trusted side.

A file holds one or more variants. Each begins with a line that says what becomes of it:

    # %% loses relu_grad: the derivative of tanh
    # %% keeps relu_grad: written with np.heaviside
    # %% refers mlp: a person must look

Its code takes the place of the reference's cells that define the same names; `# cell: sample`
names the cell for what follows, where nothing is defined.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.core.errors import UsageError

EQUIVALENT = "equivalent.toml"
"""Not a file of variants, but the list of mutants that are as right as the reference."""

BASE = "base.py"
"""Code that all variants of a task start from, in place of the reference's own."""

VERBS = ("loses", "keeps", "refers")
HEADER = re.compile(r"^# %%\s*(\w+)\s+([\w, ]+):\s*(\S.*)$")


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
