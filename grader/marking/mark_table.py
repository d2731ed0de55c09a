"""What waits for a person as a table for a spreadsheet, and the marks of a filled one. Trusted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from grader.core import people_table
from grader.core.errors import UsageError
from grader.core.untrusted_text import neutral
from grader.intake import tables
from grader.marking.grades import Results
from grader.marking.hand_marks import Entry, GivenFor, Present

HEADER = (
    "student",
    "name",
    "item",
    "title",
    "max_points",
    "status",
    "message",
    "answer",
    "model_answer",
    "key",
    "points",
    "reason",
)
NEEDED = ("student", "item", "points", "reason")
"""Without these columns it is no such table; those of older graders have no key."""
MAX_CELL = 30_000
"""Characters; spreadsheet programs take 32,767."""


def export(present: Present) -> tuple[bytes, int]:
    """All items that wait for a person, or that one has marked, for a spreadsheet program.

    And how many wait. The key ties a row to the answer it shows.
    """
    rows, count = [people_table.row(HEADER)], 0
    for grade in Results(present.store, present.assignment, evidence=False):
        student = grade.submission.student
        for task in grade.tasks:
            for item in (item for item in task.items if item.is_open or item.mark):
                details, count = item.outcome.details, count + item.is_open
                name = f"{task.task.id}/{item.item.id}"
                cells: list[str | Decimal] = [
                    student,
                    grade.submission.name,
                    name,
                    item.item.title,
                    item.item.points,
                    item.outcome.status.value,
                    item.outcome.message,
                    _text(details.get("given")),
                    _text(details.get("expected")),
                    _key(present.given_for(student, name)),
                    item.mark.points if item.mark else "",
                    item.mark.reason if item.mark else "",
                ]
                rows.append(people_table.row(cells))
    return people_table.BEGIN + b"".join(rows), count


def read(name: str, content: bytes) -> list[Entry]:
    """The marks of a filled table (CSV, XLSX or ODS). Rows without points are left out.

    Columns are known by their names; others may stand between them. Marks of a table without keys
    are for the answers that are there now.

    Raises:
        UsageError: it is no such table.
    """
    header, *rows = tables.read(name, content)
    places = {cell.strip(): place for place, cell in reversed(list(enumerate(header)))}
    if missing := [column for column in NEEDED if column not in places]:
        raise UsageError(
            f"{name} has no column {' and no '.join(missing)}; export the table again, and fill "
            "only points and reason"
        )
    entries = []
    for number, cells in enumerate(rows, 2):
        row = {column: tables.cell(cells, place).strip() for column, place in places.items()}
        if row["points"] or row["reason"]:
            entries.append(_entry(row, f"{name}, row {number}: "))
    return entries


def _entry(row: Mapping[str, str], where: str) -> Entry:
    seen, problem = None, ""
    if not row["points"]:
        problem = "there is a reason but no points; fill in both, or neither"
    elif "key" in row and (seen := _given_for(row["key"])) is None:
        problem = "the key was changed; copy it from the exported table, or export it again"
    return Entry(
        student=_plain(row["student"]),
        item=_plain(row["item"]),
        name=_plain(row.get("name", "")),
        points=row["points"],
        reason=_plain(row["reason"]),
        where=where,
        given_for=seen,
        problem=problem,
    )


def _key(seen: GivenFor) -> str:
    """Digest of the answer, the item's points and newest mark, as no spreadsheet changes them."""
    return f"a-{seen.answer}-{seen.out_of:.2f}-{seen.newest or 0}".replace(".", "_")


def _given_for(key: str) -> GivenFor | None:
    """What a key tells; None if it is none of ours."""
    found = re.fullmatch(r"a-([0-9a-f]{16})-(\d+)_(\d\d)-(\d+)", key)
    if found is None:
        return None
    answer, whole, cents, newest = found.groups()
    return GivenFor(answer=answer, out_of=Decimal(f"{whole}.{cents}"), newest=int(newest))


def _plain(cell: str) -> str:
    """A cell as it was before it was made harmless."""
    return cell[1:] if cell.startswith("'") and neutral(cell[1:]) == cell else cell


def _text(detail: object) -> str:
    lines = detail if isinstance(detail, list) else [] if detail is None else [detail]
    return "\n".join(str(line) for line in lines)[:MAX_CELL]
