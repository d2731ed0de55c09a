"""Moodle's gradebook: a CSV for Grades > Import, where the worksheet is no way. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from grader.intake.platform import Outgoing, Platform, Result, Template

HEADERS = {
    "en": ("Email address", "ID number", "Mark", "Feedback"),
    "de": ("E-Mail-Adresse", "ID-Nummer", "Bewertung", "Rückmeldung"),
}


class MoodleGradebook(Platform):
    """See `grader.intake.platform.Platform`."""

    name = "moodle-gradebook"

    def back(
        self, results: Sequence[Result], title: str, template: Template | None, language: str
    ) -> Outgoing:
        """A row for each person with an address or ID number; one that is unknown stops all."""
        out, left, arriving = io.StringIO(), dict[str, str](), list[str]()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(HEADERS[language])
        for result in results:
            person = result.person
            if not (person.email or person.number):
                left[result.student] = "neither an address nor an ID number is known: use --people"
                continue
            mark = f"{result.points:.2f}".replace(".", "," if language == "de" else ".")
            writer.writerow([person.email, person.number, mark, " ".join(result.sentences)])
            arriving.append(result.student)
        where = "German" if language == "de" else "English"
        return Outgoing(
            files={"gradebook-import.csv": out.getvalue().encode("utf-8", "replace")},
            arriving=tuple(arriving),
            passed_over=left,
            steps=(
                f"With Moodle in {where}: Grades > Import > CSV file, gradebook-import.csv, "
                "encoding UTF-8, separator comma. Map one column to the person (address or ID "
                "number), the mark to the item, the feedback to its feedback.",
                "These marks override: a grading worksheet can't change them any more.",
            ),
        )
