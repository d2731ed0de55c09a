"""Fills in Moodle's grading worksheet, so that what is in it arrives. Pure.

The importer passes over much in silence: what it will pass over is said here. Only changed rows are
written, for an untouched one loses the form of its comment; comments are one paragraph, in which
neither a quote nor a backslash can end a cell early, and which no release takes for a formula.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from grader.core import bounded
from grader.core.errors import UsageError
from grader.intake.identity import cleaned, folded
from grader.intake.platform import Result, Template
from grader.marking.scoring import rounded
from grader.platforms.moodle import dates, worksheet
from grader.platforms.moodle.headers import PEOPLE, column, squeezed
from grader.platforms.moodle.worksheet import Worksheet

DECIMAL = {"en": ".", "de": ","}
NO, RELEASED = ("No", "Nein"), ("Released", "Freigegeben")
OLD = (
    "An earlier export held marks that this worksheet does not show. If that was uploaded, "
    "download the worksheet anew and export with --all: rows of an older one are passed over."
)
RELEASE = (
    "3. The assignment has a marking workflow: nobody sees these marks, and the gradebook has none "
    "of them, before you set the state to Released."
)
MOST = 20_000
"""Characters of a comment."""


@dataclass(kw_only=True)
class Filled:
    """A worksheet to be uploaded, and what of it will not arrive."""

    language: str
    content: bytes = b""
    arriving: list[str] = field(default_factory=list)
    passed_over: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)  # by id, as the worksheet has them
    has_dates: bool = False  # rows that were graded before
    has_workflow: bool = False  # marks that wait until they are released
    may_be_old: bool = False  # rows without a mark of whom an earlier export held one


def fill(results: Sequence[Result], template: Template | None) -> Filled:
    """The changed rows of a worksheet.

    Raises:
        UsageError: there is none, or it is another table.
    """
    sheet = worksheet.find(template.table) if template else None
    if template is None or sheet is None:
        shown = f"{template.name} is no" if template else "Moodle needs its"
        raise UsageError(
            f"{shown} grading worksheet; download it (Assignment > Submissions > Download grading "
            "worksheet), and name it with --worksheet"
        )
    made = Filled(language=sheet.language)
    names = _written(sheet)
    rows = [[sheet.header[sheet.columns[name]] for name in names]]
    for result in results:
        own = _rows(sheet, result)
        if not own:
            made.passed_over[result.student] = "the worksheet has no row for it"
        for row in own:
            made.keys.setdefault(result.student, sheet.key(row))
            mark = _mark(sheet, row, result)
            who = (
                result.student if len(own) == 1 else f"{result.student}, {sheet.cell(row, 'name')}"
            )
            comment = paragraph(result)
            why = _why_not(sheet, row, mark)
            told = "comment" in sheet.columns and _plain(comment) != _plain(
                sheet.cell(row, "comment")
            )
            if why:
                made.passed_over[who] = why
            else:
                made.arriving.append(who)
            if why and not told:
                continue
            graded = sheet.cell(row, "graded")
            made.has_workflow |= sheet.cell(row, "workflow") not in ("", *RELEASED)
            is_dated = graded.strip() not in ("", "-")
            made.has_dates |= is_dated
            made.may_be_old |= result.was_sent and not is_dated
            cells = {
                "id": sheet.cell(row, "id"),
                "name": sheet.cell(row, "name").replace("\\", ""),
                "grade": "" if why else _shown(mark, sheet.language),
                "graded": _date(graded, sheet.language),
                "comment": comment,
            }
            rows.append([cells[name] for name in names])
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    made.content = b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")
    return made


def _written(sheet: Worksheet) -> list[str]:
    """The columns that are written; the comment may not be the first."""
    wanted = ("id", "name", "grade", "graded", "comment")
    return [name for name in wanted if name in sheet.columns]


def _rows(sheet: Worksheet, result: Result) -> list[tuple[str, ...]]:
    """A person's row, or those of a team's members."""
    person = result.person
    if person.members:
        return [
            row for row in sheet.rows if cleaned(sheet.cell(row, "team")) == cleaned(result.name)
        ]
    if person.platform == worksheet.PLATFORM and person.key:
        return [row for row in sheet.rows if sheet.key(row) == person.key]
    header = [squeezed(cell) for cell in sheet.header]
    for kind, value in (
        ("email", person.email),
        ("number", person.number),
        ("username", person.username),
    ):
        place = column(header, PEOPLE[kind])
        if value and place is not None:
            own = [row for row in sheet.rows if folded(row[place]) == folded(value)]
            if len(own) == 1:
                return own
    own = [row for row in sheet.rows if cleaned(sheet.cell(row, "name")) == cleaned(result.name)]
    return own if len(own) == 1 else []


def _mark(sheet: Worksheet, row: tuple[str, ...], result: Result) -> Decimal | None:
    """The points, in parts of what the worksheet has as the maximum; None with a scale."""
    if "scale" in sheet.columns:
        return None
    highest = _number(sheet.cell(row, "maximum"))
    if highest is None or highest == result.highest or not result.highest:
        return rounded(result.points)
    return rounded(result.points * highest / result.highest)


def _why_not(sheet: Worksheet, row: tuple[str, ...], mark: Decimal | None) -> str:
    """Why Moodle will pass over a mark; empty if it will take it."""
    highest = _number(sheet.cell(row, "maximum"))
    if mark is None:
        return "it is marked by a scale; choose the mark in Moodle (the comment is sent)"
    if sheet.cell(row, "changeable").strip() in NO:
        return "the mark is locked or overridden in Moodle's gradebook (the comment is sent)"
    if highest is not None and mark > highest:
        return f"{mark} is more than the maximum of {highest}"
    if _number(sheet.cell(row, "grade")) == mark:
        return "it has this mark already"
    return ""


def _number(cell: str) -> Decimal | None:
    number = bounded.decimal(cell)
    return None if number is None else rounded(number)


def _shown(mark: Decimal | None, language: str) -> str:
    return "" if mark is None else f"{mark:.2f}".replace(".", DECIMAL[language])


def _date(cell: str, language: str) -> str:
    """As it was downloaded; German ones are not understood and are written in another form."""
    found = dates.find(cell) if language != "en" else None
    return f"{found:%Y-%m-%d %H:%M}" if found else cell


def paragraph(result: Result) -> str:
    """The sentences as one paragraph of safe HTML."""
    text = " ".join(" ".join(sentence.split()) for sentence in result.sentences)
    return f"<p>{html.escape(text[:MOST]).replace(chr(92), '&#92;')}</p>"


def _plain(comment: str) -> str:
    """A comment as a download shows it: without tags, with single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^<>]*>", " ", comment)).split())


def steps(filled: Filled, names: Mapping[str, str]) -> tuple[str, ...]:
    """What to do with the files in Moodle, in order."""
    sheet, zipped = names["sheet"], names["zip"]
    where = "English" if filled.language == "en" else "German"
    dated = (
        " If Moodle then says that nothing changed, tick 'Update records even if they have been "
        "modified more recently', unless somebody else marks, too."
        if filled.has_dates
        else ""
    )
    return (
        *([OLD] if filled.may_be_old else []),
        f"1. With Moodle in {where}: Assignment > Submissions > Upload grading worksheet, {sheet}, "
        f"encoding UTF-8, separator comma.{dated} Look at the list before you confirm.",
        f"2. After it, and not before: Upload multiple feedback files in a zip, {zipped}.",
        *([RELEASE] if filled.has_workflow else []),
    )
