"""Canvas: its flat download of an assignment, and its gradebook as a table. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence

from grader.core import bounded
from grader.core.errors import UsageError
from grader.intake import tables
from grader.intake.platform import Entry, Outgoing, Place, Platform, Result, Table, Template
from grader.marking.scoring import rounded

FILE = re.compile(
    r"^(?P<name>[^\W\d_]+)(?:_(?:LATE|late))?_(?P<key>\d+)_(?P<submission>\d+)_(?P<path>[^/]+)$"
)
KEPT = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POINTS = "Points Possible"


class Canvas(Platform):
    """See `grader.intake.platform.Platform`."""

    name = "canvas"

    def places(self, name: str, files: Mapping[str, bytes]) -> Mapping[str, Place]:
        """Of "Download submissions": all files side by side, each with the numbers in front."""
        seen = [path for path in files if not path.lower().endswith(tables.ENDINGS)]
        found = {path: match for path in seen if (match := FILE.match(path))}
        if not found or len(found) < len(seen):
            return {}
        return {
            path: Place(key=match["key"], name=match["name"], path=match["path"])
            for path, match in found.items()
        }

    def people(self, name: str, table: Table) -> Sequence[Entry] | None:
        """Of an export of the gradebook."""
        head = [cell.strip() for cell in table[0]] if table else []
        if not {"Student", "ID", "Section"} <= set(head):
            return None
        return [
            Entry(
                source=f"{name}, row {line}",
                platform=self.name,
                key=cell["ID"],
                name=" ".join(reversed([part.strip() for part in cell["Student"].split(",", 1)])),
                reversed_name=cell["Student"].replace(",", " "),
                username=cell.get("SIS Login ID", ""),
                number=cell.get("SIS User ID", ""),
                group=cell["Section"],
            )
            for line, cell in _rows(head, table)
        ]

    def back(
        self, results: Sequence[Result], title: str, template: Template | None, language: str
    ) -> Outgoing:
        """The gradebook's table with the assignment's column alone."""
        head = [cell.strip() for cell in template.table[0]] if template else []
        if template is None or not {"Student", "ID", "Section"} <= set(head):
            raise UsageError(
                "Canvas needs its own gradebook: export it (Grades > Export), and name it with "
                "--worksheet"
            )
        column = _column(head, title)
        kept = [name for name in KEPT if name in head]
        highest = next((row for row in template.table[1:] if row and POINTS in row[0]), None)
        possible = bounded.decimal(highest[head.index(column)]) if highest else None
        rows = [[*kept, column]]
        if highest:
            rows.append([*(highest[head.index(name)] for name in kept), f"{possible or ''}"])
        by_key = {one.person.key: one for one in results if one.person.platform == self.name}
        by_number = {one.person.number: one for one in results if one.person.number}
        arriving, passed = list[str](), dict[str, str]()
        for _, cell in _rows(head, template.table):
            result = by_key.get(cell["ID"]) or by_number.get(cell.get("SIS User ID", ""))
            if result is None:
                continue
            mark = result.points * possible / result.highest if possible else result.points
            mark = rounded(mark)
            if bounded.decimal(cell[column]) == mark:
                passed[result.student] = "it has this mark already"
                continue
            arriving.append(result.student)
            rows.append([*(cell[name] for name in kept), f"{mark:.2f}"])
        for one in results:
            if one.student not in arriving and one.student not in passed:
                passed[one.student] = "the gradebook has no row for it"
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(rows)
        return Outgoing(
            files={"canvas-gradebook.csv": out.getvalue().encode()},
            arriving=tuple(arriving),
            passed_over=passed,
            steps=("Grades > Import: canvas-gradebook.csv; look at the changes, and save.",),
        )


def _rows(head: Sequence[str], table: Table) -> list[tuple[int, dict[str, str]]]:
    """The students' rows by header, with their lines."""
    rows = []
    for line, row in enumerate(table[1:], 2):
        cell = {name: row[n].strip() if n < len(row) else "" for n, name in enumerate(head)}
        if cell["ID"].isdigit():
            rows.append((line, cell))
    return rows


def _column(head: Sequence[str], title: str) -> str:
    """The column of the assignment: that of its title, or the only one there is."""
    found = [name for name in head if re.search(r" \(\d+\)$", name)]
    named = [name for name in found if name.rpartition(" (")[0].casefold() == title.casefold()]
    if len(named or found) != 1:
        raise UsageError(
            f"which of the gradebook's columns is {title!r}? It has {', '.join(found) or 'none'}; "
            "export it with this assignment alone, or give both the same name"
        )
    return (named or found)[0]
