"""Reads Moodle's quiz "Responses" download, English and German, of every release. Trusted side.

Columns are found by their headers, never by position. JSON downloads squeeze their headers, so
all headers are compared in that form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from grader.errors import UsageError
from grader.exchange import tables

COLUMNS = {
    "last": ("surname", "lastname", "nachname"),
    "first": ("firstname", "vorname"),
    "email": ("emailaddress", "e-mail-adresse", "e-mail", "email"),
    "state": ("state", "status"),
    "number": ("idnumber", "id-nummer", "matrikelnummer"),
    "username": ("username", "anmeldename"),
}
RESPONSE = re.compile(r"^(?:response|antwort)(\S+)$")
RIGHT = re.compile(r"^(?:rightanswer|richtigeantwort)(\S+)$")
QUESTION = re.compile(r"^(?:question|frage)(\S+)$")
GRADE = re.compile(r"^(?:grade|bewertung)/?(\d+(?:[.,]\d+)?)$")
FINISHED = ("finished", "beendet")
OPEN = ("inprogress", "inbearbeitung", "overdue", "überfällig", "neversubmitted", "nieabgegeben")
AVERAGES = ("overallaverage", "gesamtdurchschnitt", "groupaverage", "gruppendurchschnitt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
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


def is_quiz_responses(name: str, content: bytes) -> bool:
    """Whether a file looks like a responses download: a table whose header has responses."""
    if not name.lower().endswith(tables.ENDINGS):
        return False
    try:
        header = tables.read(name, content)[0]
    except (UsageError, IndexError):
        return False
    return any(RESPONSE.match(squeezed(cell)) for cell in header)


def read_responses(name: str, content: bytes) -> list[Row]:
    """All attempts in a download.

    Raises:
        UsageError: it is no such file; one sentence names the file and what is missing.
    """
    table = tables.read(name, content)
    header = [squeezed(cell) for cell in table[0]] if table else []
    columns = {key: _column(header, aliases) for key, aliases in COLUMNS.items()}
    responses = _numbered(header, RESPONSE)
    if not responses:
        raise UsageError(f"{name} has no column 'Response 1' or 'Antwort 1'; download the quiz's "
                         "report 'Responses', not 'Grades'")  # fmt: skip
    named = columns["last"] is not None and columns["first"] is not None
    if not named and not any(columns[key] is not None for key in ("email", "number", "username")):
        raise UsageError(
            f"{name} has no columns for last and first name; download it again with names"
        )
    grades = [(n, m[1]) for n, cell in enumerate(header) if (m := GRADE.match(cell))]
    groups = (responses, _numbered(header, RIGHT), _numbered(header, QUESTION))
    rows = []
    for line, cells in enumerate(table[1:], 2):
        cell = dict(enumerate(cells))
        found = {
            key: cell.get(n, "").strip() if n is not None else "" for key, n in columns.items()
        }
        if not any(cells) or squeezed(found["last"]) in AVERAGES:
            continue
        texts = [{number: cell.get(n, "") for number, n in group.items()} for group in groups]
        rows.append(Row(
            source=f"{name}, row {line}", name=f"{found['first']} {found['last']}".strip(),
            reversed_name=f"{found['last']} {found['first']}".strip(), email=found["email"],
            username=found["username"], number=found["number"], state=found["state"],
            finished=columns["state"] is None or squeezed(found["state"]) in FINISHED,
            grade=_grade(cell.get(grades[0][0], "")) if grades else None,
            highest=_highest(grades[0][1]) if grades else None,
            responses=texts[0], right=texts[1], questions=texts[2],
        ))  # fmt: skip
    return rows


def squeezed(text: str) -> str:
    """A header as Moodle's JSON has it: small letters without spaces, points and commas."""
    return re.sub(r"[\s.,]+" if "/" not in text else r"\s+", "", text).casefold()


def _numbered(header: Sequence[str], pattern: re.Pattern[str]) -> dict[str, int]:
    return {m[1]: n for n, cell in enumerate(header) if (m := pattern.match(cell))}


def _column(header: Sequence[str], aliases: Sequence[str]) -> int | None:
    return next((n for n, cell in enumerate(header) if cell in aliases), None)


def _grade(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _highest(text: str) -> Decimal | None:
    """The greatest grade, from a header: `10.00`, `10,00`, or `1000` in JSON."""
    value = _grade(text)
    return value / 100 if value is not None and "." not in text and "," not in text else value
