"""Reads Moodle's quiz "Responses" download, English and German, and finds whose rows these are.

Trusted side. Columns are found by their headers, never by position.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from grader.errors import UsageError
from grader.model import QuizResponse, Submission

MAX_BYTES = 50 << 20
COLUMNS = {
    "last": ("surname", "last name", "nachname"),
    "first": ("first name", "vorname"),
    "email": ("email address", "e-mail-adresse", "e-mail", "email"),
    "state": ("state", "status"),
    "number": ("id number", "id-nummer", "matrikelnummer"),
    "username": ("username", "anmeldename"),
}
RESPONSE = re.compile(r"^(?:Response|Antwort) (\S+)$")
GRADE = re.compile(r"^(?:Grade|Bewertung)/(\d+(?:[.,]\d+)?)$")
FINISHED = ("finished", "beendet")
AVERAGES = ("overall average", "gesamtdurchschnitt", "group average", "gruppendurchschnitt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One attempt: who, whether it was finished, and the responses by question number."""

    line: int
    name: str
    reversed_name: str
    email: str
    username: str
    number: str
    finished: bool
    grade: Decimal | None
    responses: Mapping[str, str]
    source: str


def is_quiz_responses(name: str, content: bytes) -> bool:
    """Whether a file looks like a responses download: a CSV whose header has responses."""
    if not name.lower().endswith(".csv"):
        return False
    try:
        header = _table(name, content)[0]
    except (UsageError, IndexError):
        return False
    return any(RESPONSE.match(cell.strip()) for cell in header)


def read_responses(name: str, content: bytes) -> list[Row]:
    """All attempts in a download.

    Raises:
        UsageError: it is no such file; one sentence names the file and what is missing.
    """
    table = _table(name, content)
    if not table:
        raise UsageError(f"{name} is empty; download the quiz's responses again")
    header = [cell.strip() for cell in table[0]]
    columns = {key: _column(header, aliases) for key, aliases in COLUMNS.items()}
    responses = {m[1]: n for n, cell in enumerate(header) if (m := RESPONSE.match(cell))}
    grades = [n for n, cell in enumerate(header) if GRADE.match(cell)]
    if not responses:
        raise UsageError(f"{name} has no column 'Response 1' or 'Antwort 1'; download the quiz's "
                         "report 'Responses', not 'Grades'")  # fmt: skip
    if columns["last"] is None or columns["first"] is None:
        raise UsageError(
            f"{name} has no columns for last and first name; download it again with names"
        )
    rows = []
    for line, cells in enumerate(table[1:], 2):
        cell = dict(enumerate(cells))
        found = {
            key: cell.get(n, "").strip() if n is not None else "" for key, n in columns.items()
        }
        if not any(cells) or found["last"].casefold() in AVERAGES:
            continue
        rows.append(Row(
            line=line, name=f"{found['first']} {found['last']}",
            reversed_name=f"{found['last']} {found['first']}", email=found["email"],
            username=found["username"], number=found["number"],
            finished=columns["state"] is None or found["state"].casefold() in FINISHED,
            grade=_grade(cell.get(grades[0], "")) if grades else None,
            responses={number: cell.get(n, "") for number, n in responses.items()},
            source=f"{name}, row {line}",
        ))  # fmt: skip
    return rows


def match(
    rows: Sequence[Row], submissions: Sequence[Submission]
) -> tuple[dict[str, QuizResponse], list[str]]:
    """The response of each submission's student, and remarks on rows that fit nobody or several.

    Of several finished attempts the one with the highest grade counts (Moodle's default), the
    first among equals. Unfinished attempts do not count, and are named.
    """
    keys: dict[str, list[Submission]] = {}
    for submission in submissions:
        for key in {_key(submission.name), *_email_keys(submission.name)}:
            keys.setdefault(key, []).append(submission)
    found: dict[str, Row] = {}
    remarks = []
    for row in rows:
        owners = _owners(row, keys)
        if len(owners) != 1:
            why = "no submission" if not owners else "several submissions"
            remarks.append(f"{row.source}: {row.name} fits {why}; the answers were not used")
            continue
        if not row.finished:
            remarks.append(
                f"{row.source}: the attempt of {row.name} is not finished and does not count"
            )
            continue
        best = found.get(owners[0].student)
        if best is None or (row.grade or Decimal(-1)) > (best.grade or Decimal(-1)):
            found[owners[0].student] = row
    return {student: _response(row) for student, row in found.items()}, remarks


def _owners(row: Row, keys: Mapping[str, list[Submission]]) -> list[Submission]:
    local = row.email.partition("@")[0]
    for candidate in (row.email, row.number, row.username, local, row.name, row.reversed_name):
        if candidate and (owners := keys.get(_key(candidate))):
            return owners
    return []


def _email_keys(name: str) -> set[str]:
    return {_key(name.partition("@")[0])} if "@" in name else set()


def _key(text: str) -> str:
    """Text for comparison: one Unicode form, no case, single spaces, no punctuation."""
    plain = unicodedata.normalize("NFC", text).casefold()
    return " ".join(re.sub(r"[,._]+", " ", plain).split())


def _response(row: Row) -> QuizResponse:
    values = {f"response {number}": text for number, text in row.responses.items()}
    return QuizResponse(values=values, source=row.source, moodle_grade=row.grade)


def _grade(text: str) -> Decimal | None:
    try:
        return Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None


def _column(header: Sequence[str], aliases: Sequence[str]) -> int | None:
    for position, cell in enumerate(header):
        if cell.casefold() in aliases:
            return position
    return None


def _table(name: str, content: bytes) -> list[list[str]]:
    if len(content) > MAX_BYTES:
        raise UsageError(f"{name} is larger than {MAX_BYTES >> 20} MiB and was not read")
    text = ""
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as bad:
        raise UsageError(f"{name} is not a readable CSV file ({bad}); download it again") from None
