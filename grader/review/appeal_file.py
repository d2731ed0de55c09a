"""Students' requests to look again, read from a table or a mail, each tied to its item."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy

from grader.core.errors import UsageError
from grader.core.model import Assignment
from grader.intake import tables
from grader.marking import codes
from grader.store.decisions import Appeal
from grader.store.store import Store

CODE = re.compile(r"(?<![A-Z0-9-])[A-Z2-7]{4}-[A-Z2-7]{4}(?![A-Z0-9-])")
HEADER = re.compile(
    r"(From|To|Subject|Date|Received|Return-Path|Delivered-To|MIME-Version|Message-ID|X-[\w-]+): ",
    re.IGNORECASE,
)
"""How a mail with its head begins."""
MAX_TEXT = 4000
TABLES = (".csv", ".xlsx", ".ods")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import came to."""

    new: int = 0
    known: int = 0
    strange: tuple[str, ...] = ()  # codes that are none of this batch's


def read(name: str, content: bytes) -> list[tuple[str, str, str]]:
    """Code, text and source of each request: of a table with the columns code and text, or mail.

    Raises:
        UsageError: there is no code in it.
    """
    if name.lower().endswith(TABLES):
        found = list(_rows(name, content))
    else:
        text = _mail(content)
        found = [(code, text.strip(), name) for code in dict.fromkeys(CODE.findall(text))]
    if not found:
        raise UsageError(
            f"{name} holds no code of an item, such as ABCD-EFGH on the student's page; expected "
            "mail text, or a table with the columns code and text"
        )
    return found


def _rows(name: str, content: bytes) -> Iterator[tuple[str, str, str]]:
    header, *rows = tables.read(name, content)
    names = [cell.strip().casefold() for cell in header]
    if "code" not in names or "text" not in names:
        raise UsageError(f"{name}: the first row must name the columns code and text")
    for number, cells in enumerate(rows, 2):
        row = dict(zip(names, cells, strict=False))
        code, text = row.get("code", "").strip().upper(), row.get("text", "").strip()
        if code and not CODE.fullmatch(code):
            raise UsageError(f"{name}, row {number}: {code!r} is no code such as ABCD-EFGH")
        if code:
            yield code, text, f"{name}, row {number}"


def _mail(content: bytes) -> str:
    """The text of a mail, or of a plain file."""
    text = content.decode("utf-8", "replace")
    if not HEADER.match(text):
        return text
    try:
        body = message_from_bytes(content, policy=policy.default).get_body(("plain",))
        return str(body.get_content()) if body is not None else text
    except Exception:  # the library has many kinds, all of which mean that it can't read it
        return text


def take(
    store: Store,
    assignment: Assignment,
    found: Sequence[tuple[str, str, str]],
    at: datetime,
) -> Imported:
    """Puts requests into the queue, tied to item and student; each once."""
    owners = codes.owners(store, assignment)
    new, known, strange = 0, 0, []
    with store.transaction():
        for code, text, source in found:
            if code not in owners:
                strange.append(code)
                continue
            student, item = owners[code]
            appeal = Appeal(student=student, item=item, text=text[:MAX_TEXT], source=source, at=at)
            added = store.decisions.add_appeal(appeal)
            new, known = new + added, known + (not added)
    return Imported(new=new, known=known, strange=tuple(strange))
