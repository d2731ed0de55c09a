"""A person's marks: checked against the rubric, as a table for a spreadsheet, and back. Trusted.

All or nothing: a mistake in one row leaves every mark as it was.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from grader.core.errors import UsageError
from grader.core.model import Assignment, Grade, Item, Override
from grader.core.untrusted_text import neutral
from grader.intake import tables
from grader.store.store import Store

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
    "points",
    "reason",
)
MAX_CELL = 30_000
"""Characters; spreadsheet programs take 32,767."""

BY_HAND = "Marked by hand."


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A mark that somebody wants to give."""

    student: str
    item: str
    points: str
    reason: str
    where: str = ""  # file and row, for the sentence if it is not right


def apply(
    store: Store, assignment: Assignment, marks: Sequence[Mark], by: str, at: datetime
) -> int:
    """Appends those marks that differ from what counts already; how many.

    Raises:
        UsageError: one of them is not right; nothing was written.
    """
    students, seen = set(store.students()), dict[tuple[str, str], Mark]()
    new: list[tuple[str, Override]] = []
    for mark in marks:
        item, override = _checked(mark, assignment, students, by, at)
        twin = seen.setdefault((mark.student, item), mark)
        if twin is not mark:
            raise UsageError(f"{mark.where}{mark.student} has two marks for {item}; keep one")
        known = [o for o in store.overrides(mark.student) if o.item == item]
        if not known or (known[-1].points, known[-1].reason) != (override.points, override.reason):
            new.append((mark.student, override))
    with store.transaction():
        for student, override in new:
            store.add_override(student, override)
    return len(new)


def _checked(
    mark: Mark, assignment: Assignment, students: Collection[str], by: str, at: datetime
) -> tuple[str, Override]:
    if mark.student not in students:
        raise UsageError(
            f"{mark.where}there is no student {mark.student!r}; use the names of the files in "
            "students/"
        )
    name, item = _item(mark, assignment)
    points = _points(mark)
    if not 0 <= points <= item.points:
        raise UsageError(
            f"{mark.where}{mark.points} points for {name} are out of range; it is worth 0 to "
            f"{item.points}"
        )
    override = Override(item=name, points=points, reason=mark.reason or BY_HAND, by=by, at=at)
    return name, override


def _item(mark: Mark, assignment: Assignment) -> tuple[str, Item]:
    """The item of this id, with or without its task's."""
    items = {f"{task.id}/{item.id}": item for task in assignment.tasks for item in task.items}
    found = [name for name in items if mark.item in (name, name.partition("/")[2])]
    if len(found) != 1:
        what = f"is more than one item ({', '.join(found)})" if found else "is no item"
        raise UsageError(f"{mark.where}{mark.item!r} {what}; known are {', '.join(items)}")
    return found[0], items[found[0]]


def _points(mark: Mark) -> Decimal:
    """Points with a decimal point or comma."""
    try:
        points = Decimal(mark.points.strip().replace(",", "."))
    except InvalidOperation:
        points = Decimal("NaN")
    if not points.is_finite() or points != round(points, 2):
        raise UsageError(
            f"{mark.where}points are {mark.points!r}; expected a number such as 1,5 with two "
            "decimals at most"
        )
    return points


# --- the table --------------------------------------------------------------------------------


def export(grades: Iterable[Grade]) -> tuple[bytes, int]:
    """All items that wait for a person, as CSV for spreadsheet programs; and how many.

    With byte order mark, semicolons and decimal commas, as LibreOffice and Excel like it in German;
    a text that looks like a formula is shown as text.
    """
    out, count = io.StringIO(), 0
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    for grade in grades:
        for task in grade.tasks:
            for item in (item for item in task.items if item.is_open):
                details, count = item.outcome.details, count + 1
                name = f"{task.task.id}/{item.item.id}"
                cells = [
                    grade.submission.student,
                    grade.submission.name,
                    name,
                    item.item.title,
                    _comma(item.item.points),
                    item.outcome.status.value,
                    item.outcome.message,
                    _text(details.get("given")),
                    _text(details.get("expected")),
                    "",
                    "",
                ]
                writer.writerow([neutral(cell) for cell in cells])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace"), count


def read(name: str, content: bytes) -> list[Mark]:
    """The marks of a filled table (CSV, XLSX or ODS). Rows without points are left out.

    Raises:
        UsageError: it is no such table, or a row has a reason but no points.
    """
    header, *rows = tables.read(name, content)
    if [cell.strip() for cell in header if cell.strip()] != list(HEADER):
        raise UsageError(
            f"{name}: the first row was changed; expected {', '.join(HEADER)}; export the table "
            "again, and fill only points and reason"
        )
    marks = []
    for number, cells in enumerate(rows, 2):
        row = dict(zip(HEADER, [cell.strip() for cell in cells], strict=False))
        where = f"{name}, row {number}: "
        if row.get("points"):
            marks.append(
                Mark(
                    student=_plain(row["student"]),
                    item=_plain(row["item"]),
                    points=row["points"],
                    reason=_plain(row.get("reason", "")),
                    where=where,
                )
            )
        elif row.get("reason"):
            raise UsageError(f"{where}there is a reason but no points; fill in both, or neither")
    return marks


def _plain(cell: str) -> str:
    """A cell as it was before it was made harmless."""
    return cell[1:] if cell.startswith("'") and neutral(cell[1:]) == cell else cell


def _comma(points: Decimal) -> str:
    return f"{points:.2f}".replace(".", ",")


def _text(detail: object) -> str:
    lines = detail if isinstance(detail, list) else [] if detail is None else [detail]
    return "\n".join(str(line) for line in lines)[:MAX_CELL]
