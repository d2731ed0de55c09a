"""Moodle: its downloads of assignments and quizzes, English and German, of every release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.intake.platform import Entry, Place, Platform, QuizAttempt, Table
from grader.platforms.moodle import download, gradebook, quiz_responses, worksheet


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

    def complaint(self, name: str, table: Table) -> str:
        """On the quiz's other reports."""
        return quiz_responses.complaint(name, table)
