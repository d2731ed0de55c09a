"""Moodle: its downloads of assignments and quizzes, English and German, of every release."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from grader.intake.platform import Place, Platform, QuizAttempt, Table
from grader.platforms.moodle import download, quiz_responses


class Moodle(Platform):
    """See `grader.intake.platform.Platform`."""

    name = "moodle"

    def places(self, paths: Iterable[str]) -> Mapping[str, Place]:
        """Of "Download all submissions", with and without folders."""
        return download.places(paths)

    def attempts(self, name: str, table: Table) -> Sequence[QuizAttempt] | None:
        """Of the quiz's report "Responses"."""
        return quiz_responses.attempts(name, table)

    def complaint(self, name: str, table: Table) -> str:
        """On the quiz's other reports."""
        return quiz_responses.complaint(name, table)
