"""Moodle's export of the gradebook as text: who is in the course. Pure."""

from __future__ import annotations

from grader.intake import tables
from grader.intake.platform import Entry, Table
from grader.platforms.moodle.headers import PEOPLE, column, squeezed

LAST = ("lastdownloadedfromthiscourse", "zuletztausdiesemkursgeladen")


def people(name: str, table: Table) -> list[Entry] | None:
    """The people of an export; None if it is another table."""
    header = [squeezed(cell) for cell in table[0]] if table else []
    places = {key: column(header, aliases) for key, aliases in PEOPLE.items()}
    if column(header, LAST) is None or places["first"] is None or places["last"] is None:
        return None
    entries = []
    for line, row in enumerate(table[1:], 2):
        cell = {key: tables.cell(row, place).strip() for key, place in places.items()}
        if any(row):
            entries.append(
                Entry(
                    source=f"{name}, row {line}",
                    name=f"{cell['first']} {cell['last']}".strip(),
                    reversed_name=f"{cell['last']} {cell['first']}".strip(),
                    email=cell["email"],
                    username=cell["username"],
                    number=cell["number"],
                )
            )
    return entries
