"""Moodle: its downloads of assignments and quizzes, English and German, of every release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.intake.platform import (
    Entry,
    Outgoing,
    Place,
    Platform,
    QuizAttempt,
    Result,
    Table,
    Template,
)
from grader.platforms.moodle import (
    download,
    feedback_zip,
    gradebook,
    quiz_responses,
    worksheet,
    worksheet_back,
)


class Moodle(Platform):
    """See `grader.intake.platform.Platform`."""

    name = "moodle"
    dates_files = True

    def places(self, name: str, files: Mapping[str, bytes]) -> Mapping[str, Place]:
        """Of "Download all submissions", with and without folders."""
        return download.places(files)

    def attempts(self, name: str, table: Table) -> Sequence[QuizAttempt] | None:
        """Of the quiz's report "Responses"."""
        return quiz_responses.attempts(name, table)

    def people(self, name: str, table: Table) -> Sequence[Entry] | None:
        """Of a grading worksheet, or of an export of the gradebook."""
        entries = worksheet.people(name, table)
        return gradebook.people(name, table) if entries is None else entries

    def back(
        self, results: Sequence[Result], title: str, template: Template | None, language: str
    ) -> Outgoing:
        """The grading worksheet with the changed rows, and a zip of feedback files."""
        filled = worksheet_back.fill(results, template)
        zipped, left = feedback_zip.make(results, filled.keys)
        names = {"sheet": "1-grading-worksheet.csv", "zip": "2-feedback-files.zip"}
        return Outgoing(
            files={names["sheet"]: filled.content, names["zip"]: zipped},
            arriving=tuple(filled.arriving),
            passed_over=filled.passed_over | {f"{who} (page)": why for who, why in left.items()},
            steps=worksheet_back.steps(filled, names),
        )

    def complaint(self, name: str, table: Table) -> str:
        """On the quiz's other reports."""
        return quiz_responses.complaint(name, table)
