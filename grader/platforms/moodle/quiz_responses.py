"""Reads Moodle's quiz "Responses" download, English and German, of every release. Trusted side.

Columns are found by their headers, never by position.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from grader.core import bounded
from grader.core.errors import UsageError
from grader.intake.platform import QuizAttempt, Table
from grader.platforms.moodle.headers import PEOPLE, column, squeezed

COLUMNS = PEOPLE | {"state": ("state", "status")}
RESPONSE = re.compile(r"^(?:response|antwort)(\S+)$")
RIGHT = re.compile(r"^(?:rightanswer|richtigeantwort)(\S+)$")
QUESTION = re.compile(r"^(?:question|frage)(\S+)$")
BROKEN = "Moodle wrote this row of the ODS file wrongly; download the report as CSV"
GRADE = re.compile(r"^(?:grade|bewertung)(/?)(\d+(?:[.,]\d+)?)$")
NO_RESPONSES = (
    "{name} has no column 'Response 1' or 'Antwort 1'; download the quiz's report "
    "'Responses', not 'Grades'"
)
FINISHED = ("finished", "beendet")
AVERAGES = ("overallaverage", "gesamtdurchschnitt", "groupaverage", "gruppendurchschnitt")


def attempts(name: str, table: Table) -> list[QuizAttempt] | None:
    """All attempts in a download; None if it is another table.

    Raises:
        UsageError: nothing in it says whose they are.
    """
    header = [squeezed(cell) for cell in table[0]] if table else []
    columns = {key: column(header, aliases) for key, aliases in COLUMNS.items()}
    responses = _numbered(header, RESPONSE)
    if not responses:
        return None
    named = columns["last"] is not None and columns["first"] is not None
    if not named and not any(columns[key] is not None for key in ("email", "number", "username")):
        raise UsageError(
            f"{name} has no columns for last and first name; download it again with names"
        )
    grade, highest = _grade_column(header, table[1:])
    groups = (responses, _numbered(header, RIGHT), _numbered(header, QUESTION))
    rows = []
    for line, cells in enumerate(table[1:], 2):
        cell = dict(enumerate(cells))
        found = {
            key: cell.get(n, "").strip() if n is not None else "" for key, n in columns.items()
        }
        if not any(cells) or squeezed(found["last"]) in AVERAGES:
            continue
        texts = [
            {number: plain(cell.get(n, "")) for number, n in group.items()} for group in groups
        ]
        rows.append(
            QuizAttempt(
                source=f"{name}, row {line}",
                name=f"{found['first']} {found['last']}".strip(),
                reversed_name=f"{found['last']} {found['first']}".strip(),
                email=found["email"],
                username=found["username"],
                number=found["number"],
                state=found["state"],
                finished=columns["state"] is None or squeezed(found["state"]) in FINISHED,
                grade=None if grade is None else _grade(cell.get(grade, "")),
                highest=highest,
                responses=texts[0],
                right=texts[1],
                questions=texts[2],
                broken=BROKEN if name.lower().endswith(".ods") and not whole(header, cells) else "",
            )
        )
    return rows


def whole(header: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether a row has all its cells: of an answer such as `=1+1` Moodle's ODS loses one."""
    return len(cells) >= len(header) and bool(cells[len(header) - 1])


def plain(cell: str) -> str:
    """A cell without the mark that newer releases put before what looks like a formula."""
    return cell[1:] if re.match(r"'[=+@-]", cell) else cell


def complaint(name: str, table: Table) -> str:
    """Why a table with people in it is no responses download; empty if it is another thing."""
    header = {squeezed(cell) for cell in [*table, []][0]}
    people = {alias for key in ("last", "first", "email") for alias in PEOPLE[key]}
    return NO_RESPONSES.format(name=name) if header & people else ""


def _numbered(header: Sequence[str], pattern: re.Pattern[str]) -> dict[str, int]:
    return {m[1]: n for n, cell in enumerate(header) if (m := pattern.match(cell))}


def _grade(text: str) -> Decimal | None:
    return bounded.decimal(text)


def _grade_column(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[int | None, Decimal | None]:
    """Where the grade stands, and the greatest one: of `Grade/10.00` it is 10.

    JSON has `grade1000` for that, and `grade10` for `Grade/10`: grades have as many digits after
    the point as the greatest, so these tell.
    """
    found = [(n, m) for n, cell in enumerate(header) if (m := GRADE.match(cell))]
    if not found:
        return None, None
    place, match = found[0]
    highest = _grade(match[2])
    if highest is None or match[1]:
        return place, highest
    given = [row[place] for row in rows if place < len(row) and _grade(row[place]) is not None]
    digits = max(
        (
            len(re.split("[.,]", text.strip(), maxsplit=1)[-1])
            for text in given
            if re.search("[.,]", text)
        ),
        default=0 if given else 2,
    )
    return place, highest.scaleb(-digits)
