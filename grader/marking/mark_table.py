"""What waits for a person as a table for a spreadsheet, and the marks of a filled one. Trusted."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from decimal import Decimal

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
OLDER = tuple(name for name in HEADER if name != "key")
"""The header of tables that were written before there were keys."""
MAX_CELL = 30_000
"""Characters; spreadsheet programs take 32,767."""


def export(present: Present) -> tuple[bytes, int]:
    """All items that wait for a person, as CSV for spreadsheet programs; and how many.

    With byte order mark, semicolons and decimal commas, as LibreOffice and Excel like it in German;
    a text that looks like a formula is shown as text. The key ties a row to the answer it shows.
    """
    out, count = io.StringIO(), 0
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    for grade in Results(present.store, present.assignment, evidence=False):
        student = grade.submission.student
        for task in grade.tasks:
            for item in (item for item in task.items if item.is_open):
                details, count = item.outcome.details, count + 1
                name = f"{task.task.id}/{item.item.id}"
                cells = [
                    student,
                    grade.submission.name,
                    name,
                    item.item.title,
                    _comma(item.item.points),
                    item.outcome.status.value,
                    item.outcome.message,
                    _text(details.get("given")),
                    _text(details.get("expected")),
                    _key(present.given_for(student, name)),
                    "",
                    "",
                ]
                writer.writerow([neutral(cell) for cell in cells])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace"), count


def read(name: str, content: bytes) -> list[Entry]:
    """The marks of a filled table (CSV, XLSX or ODS). Rows without points are left out.

    Those of a table without keys are taken for the answers that are there now.

    Raises:
        UsageError: it is no such table, or a row has a reason but no points.
    """
    header, *rows = tables.read(name, content)
    names = tuple(cell.strip() for cell in header if cell.strip())
    if names not in (HEADER, OLDER):
        raise UsageError(
            f"{name}: the first row was changed; expected {', '.join(HEADER)}; export the table "
            "again, and fill only points and reason"
        )
    entries = []
    for number, cells in enumerate(rows, 2):
        row = dict(zip(names, [cell.strip() for cell in cells], strict=False))
        where = f"{name}, row {number}: "
        if row.get("points"):
            entries.append(
                Entry(
                    student=_plain(row["student"]),
                    item=_plain(row["item"]),
                    points=row["points"],
                    reason=_plain(row.get("reason", "")),
                    where=where,
                    given_for=_given_for(row, where) if "key" in names else None,
                )
            )
        elif row.get("reason"):
            raise UsageError(f"{where}there is a reason but no points; fill in both, or neither")
    return entries


def _key(seen: GivenFor) -> str:
    """Digest of the answer, the item's points and newest mark, as no spreadsheet changes them."""
    return f"a-{seen.answer}-{seen.out_of:.2f}-{seen.newest or 0}".replace(".", "_")


def _given_for(row: Mapping[str, str], where: str) -> GivenFor:
    found = re.fullmatch(r"a-([0-9a-f]{16})-(\d+)_(\d\d)-(\d+)", row.get("key", ""))
    if found is None:
        raise UsageError(
            f"{where}the key was changed; copy it from the exported table, or export it again"
        )
    answer, whole, cents, newest = found.groups()
    return GivenFor(answer=answer, out_of=Decimal(f"{whole}.{cents}"), newest=int(newest))


def _plain(cell: str) -> str:
    """A cell as it was before it was made harmless."""
    return cell[1:] if cell.startswith("'") and neutral(cell[1:]) == cell else cell


def _comma(points: Decimal) -> str:
    return f"{points:.2f}".replace(".", ",")


def _text(detail: object) -> str:
    lines = detail if isinstance(detail, list) else [] if detail is None else [detail]
    return "\n".join(str(line) for line in lines)[:MAX_CELL]
