"""Learning platforms as the reading of submissions sees them: a Protocol and plain data. Pure.

The platforms themselves lie above, in `grader.platforms`; the command line hands them in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from grader.core.model import Person

Table = Sequence[Sequence[str]]
"""Rows of text; the first is the header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose a file of a download is, and where it lies within that work."""

    key: str  # the platform's number of the person or team; empty where it gives none
    name: str  # as the download has it
    path: str
    submitted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of a table of people; what the table does not tell is empty."""

    source: str  # file and row
    platform: str = ""  # whose number `key` is
    key: str = ""  # as in the names of a download of the same assignment
    name: str = ""
    reversed_name: str = ""
    email: str = ""
    username: str = ""
    number: str = ""  # the institution's
    group: str = ""
    team: str = ""  # who hands in together
    submitted_at: datetime | None = None  # without a zone that of the assignment
    extended_until: datetime | None = None  # likewise
    reason: str = ""  # of the extension
    is_draft: bool = False  # saved, and never submitted
    is_late: bool | None = None  # as the platform says; None: it says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizAttempt:
    """One attempt: who, whether it was finished, and the cells by question number."""

    source: str  # file and row
    name: str
    reversed_name: str
    email: str = ""
    username: str = ""
    number: str = ""
    finished: bool
    state: str = ""
    grade: Decimal | None = None
    highest: Decimal | None = None  # of the grade
    responses: Mapping[str, str]
    right: Mapping[str, str] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)
    broken: str = ""  # why its cells are not those of its columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one person or team is to get back."""

    student: str  # the id
    name: str
    person: Person
    points: Decimal
    highest: Decimal  # of the points
    sentences: tuple[str, ...]  # plain text: points by task, and what is to be known of them
    page: bytes  # a self-contained HTML page
    was_sent: bool = False  # an earlier export held a mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A file that the platform wants filled in."""

    name: str
    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Files for a platform, by name, and what whoever uploads them must know."""

    files: Mapping[str, bytes]
    arriving: tuple[str, ...] = ()  # ids of those whose mark will arrive
    passed_over: Mapping[str, str] = field(default_factory=dict)  # by id or name: why not
    steps: tuple[str, ...] = ()  # in order


class Platform(Protocol):
    """One learning platform; what it does not have stays as it is here."""

    dates_files: bool = False
    """Whether the times in a download's zip are when the files were handed in."""

    @property
    def name(self) -> str:
        """As it is called on the command line."""

    def places(self, name: str, files: Mapping[str, bytes]) -> Mapping[str, Place]:
        """Whose these files of a folder are, by path; nothing if it is no download of its.

        Raises:
            UsageError: it is one, and does not say whose the files are.
        """
        return {}

    def attempts(self, name: str, table: Table) -> Sequence[QuizAttempt] | None:
        """The attempts of a quiz download; None if it is another table.

        Raises:
            UsageError: it is one, and does not say whose the attempts are.
        """
        return None

    def people(self, name: str, table: Table) -> Sequence[Entry] | None:
        """The people of a table that this platform made; None if it is another table."""
        return None

    def back(
        self, results: Sequence[Result], title: str, template: Template | None, language: str
    ) -> Outgoing | None:
        """Marks and feedback as this platform takes them; None if it takes nothing.

        `title` is the assignment's; `language` that of the session in which the files are uploaded,
        if the template does not tell.

        Raises:
            UsageError: the template is missing, or another one.
        """
        return None

    def complaint(self, name: str, table: Table) -> str:
        """Why a table that may be meant for this platform is no use; empty if it is another."""
        return ""
