"""Moodle's offline grading worksheet, English and German: who takes part, and what of. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from grader.core.errors import UsageError
from grader.intake import tables
from grader.intake.platform import Entry, Table
from grader.platforms.moodle import dates
from grader.platforms.moodle.headers import PEOPLE, column, squeezed

PLATFORM = "moodle"
REQUIRED = {
    "en": ("Identifier", "Grade", "Last modified (grade)"),
    "de": ("ID", "Bewertung", "Zuletzt geändert (Bewertung)"),
}
"""As Moodle asks for them, in the language of whoever downloaded the file."""

COLUMNS = {
    "name": ("Full name", "Vollständiger Name"),
    "status": ("Status",),
    "team": ("Group", "Gruppe"),
    "maximum": ("Maximum Grade", "Maximum grade", "Bestwertung"),
    "scale": ("Scale", "Skala"),
    "changeable": ("Grade can be changed", "Bewertung kann geändert werden"),
    "submitted": ("Last modified (submission)", "Zuletzt geändert (Abgabe)"),
    "workflow": ("Marking workflow state", "Status des Bewertungsworkflows"),
    "due": ("Due date", "Fälligkeitsdatum"),
    "comment": ("Feedback comments", "Feedback als Kommentar"),
}
DRAFT = ("Draft (not submitted)", "Entwurf (nicht abgegeben)", "Reopened", "Erneut geöffnet")
LATE = re.compile(r"^(?!Assignment is overdue)\d.* (?:late|später|zu spät)$")
EXTENSION = ("Extension granted until:", "Verlängertes Abgabeende bis:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worksheet:
    """A worksheet as it was downloaded."""

    language: str  # "en" or "de"
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    columns: Mapping[str, int]  # where `id`, `grade`, `graded` and those of COLUMNS stand

    def cell(self, row: tuple[str, ...], name: str) -> str:
        """What a row holds there; empty if there is no such column."""
        return tables.cell(row, self.columns.get(name))

    def key(self, row: tuple[str, ...]) -> str:
        """The number behind the word for a participant."""
        match = re.search(r"(\d+)\s*$", self.cell(row, "id"))
        return match[1] if match else ""


def find(table: Table) -> Worksheet | None:
    """The worksheet that a table is; None if it is another one."""
    header = tuple(cell.strip() for cell in table[0]) if table else ()
    for language, required in REQUIRED.items():
        if all(name in header for name in required):
            columns = dict(zip(("id", "grade", "graded"), map(header.index, required), strict=True))
            for key, names in COLUMNS.items():
                places = [header.index(name) for name in names if name in header]
                if places:
                    columns[key] = places[0]
            rows = tuple(tuple(row) for row in table[1:] if any(row))
            return Worksheet(language=language, header=header, rows=rows, columns=columns)
    return None


def people(name: str, table: Table) -> list[Entry] | None:
    """The participants of a worksheet; None if it is another table.

    Raises:
        UsageError: a row has no number.
    """
    sheet = find(table)
    if sheet is None:
        return None
    squeezed_header = [squeezed(cell) for cell in sheet.header]
    known = {key: column(squeezed_header, aliases) for key, aliases in PEOPLE.items()}
    entries = []
    for line, row in enumerate(sheet.rows, 2):
        if not sheet.key(row):
            raise UsageError(
                f"{name}, row {line}: {sheet.cell(row, 'id')!r} is no participant; download the "
                "grading worksheet again"
            )
        state = [part.strip() for part in sheet.cell(row, "status").split(" - ")]
        longer = [part for part in state if part.startswith(EXTENSION)]
        entries.append(
            Entry(
                source=f"{name}, row {line}",
                platform=PLATFORM,
                key=sheet.key(row),
                name=sheet.cell(row, "name"),
                email=tables.cell(row, known["email"]).strip(),
                username=tables.cell(row, known["username"]).strip(),
                number=tables.cell(row, known["number"]).strip(),
                team=sheet.cell(row, "team"),
                submitted_at=dates.find(sheet.cell(row, "submitted")),
                extended_until=dates.find(longer[0] if longer else sheet.cell(row, "due")),
                is_draft=any(part in DRAFT for part in state),
                is_late=any(LATE.match(part) for part in state),
            )
        )
    return entries
