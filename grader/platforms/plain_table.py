"""No platform: a table of marks for whatever takes one. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from grader.core.untrusted_text import neutral
from grader.intake.platform import Outgoing, Platform, Result, Template

COLUMNS = ("student", "name", "email", "number", "username", "key", "points", "highest", "comment")


class PlainTable(Platform):
    """See `grader.intake.platform.Platform`."""

    name = "csv"

    def back(
        self, results: Sequence[Result], title: str, template: Template | None, language: str
    ) -> Outgoing:
        """A row for each person or team; of a team's members each has one."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for result in results:
            person = result.person
            for name in person.members or (result.name,):
                cells = [result.student, name, person.email, person.number, person.username]
                cells += [person.key, f"{result.points:.2f}", f"{result.highest:.2f}"]
                cells.append(" ".join(result.sentences))
                writer.writerow([neutral(cell) for cell in cells])
        return Outgoing(
            files={"marks.csv": out.getvalue().encode("utf-8-sig", "replace")},
            arriving=tuple(result.student for result in results),
        )
