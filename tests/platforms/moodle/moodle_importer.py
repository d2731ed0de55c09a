"""What Moodle 4.5.6 does with an uploaded worksheet and feedback zip, by the rules it was seen to
follow (its importers were tried case by case). Strict where it loses things in silence.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta

REQUIRED = {
    "en": ("Identifier", "Grade", "Last modified (grade)", "Feedback comments", "Participant "),
    "de": (
        "ID",
        "Bewertung",
        "Zuletzt geändert (Bewertung)",
        "Feedback als Kommentar",
        "Teilnehmer/in",
    ),
}
ENGLISH = "%A, %d %B %Y, %I:%M %p"
PLUGINS = {
    ("assignsubmission", "file"),
    ("assignsubmission", "onlinetext"),
    ("assignfeedback", "file"),
}


@dataclass
class Record:
    """What Moodle holds of one participant."""

    grade: float | None = None
    modified: datetime | None = None
    comment: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    maximum: float = 100
    locked: bool = False


@dataclass
class Moodle:
    """An assignment."""

    language: str
    people: dict[int, Record]

    def upload_worksheet(self, content: bytes, now: datetime) -> list[int]:
        """Imports; the numbers of those of whom something was changed."""
        identifier, grade, modified, comment, prefix = REQUIRED[self.language]
        rows = self._csv(content.decode("utf-8-sig"))
        header = rows[0]
        if not {identifier, grade, modified} <= set(header):
            raise ValueError("could not read the uploaded worksheet")
        if any(len(row) != len(header) for row in rows):
            raise ValueError("No modified grades found")
        changed = []
        for row in rows[1:]:
            cell = dict(zip(header, row, strict=True))
            key = cell[identifier].encode()[len(prefix.encode()) :].decode().strip()
            if not re.fullmatch(r"\d+", key):
                raise ValueError("database error")
            record = self.people.get(int(key))
            if record is None:
                continue
            seen = self._strtotime(cell[modified])
            if record.modified is not None and record.modified > seen + timedelta(seconds=60):
                continue
            touched = self._mark(record, cell[grade])
            if comment in header and header.index(comment) > 0 and cell[comment] != record.comment:
                record.comment, touched = cell[comment], True
            if touched:
                record.modified = now
                changed.append(int(key))
        return changed

    def _mark(self, record: Record, text: str) -> bool:
        sign = "," if self.language == "de" else "."
        plain = text.replace(" ", "").replace(sign, ".")
        if not plain or record.locked:
            return False
        number = re.match(r"[+-]?\d*\.?\d*(?:[eE][+-]?\d+)?", plain)
        value = float(number[0]) if number and re.search(r"\d", number[0]) else 0.0
        if value < 0 or value > record.maximum or value == record.grade:
            return False
        record.grade = value
        return True

    def _strtotime(self, text: str) -> datetime:
        for form in (ENGLISH, "%Y-%m-%d %H:%M"):
            try:
                return datetime.strptime(text, form)
            except ValueError:
                continue
        return datetime(1970, 1, 1)

    @staticmethod
    def _csv(text: str) -> list[list[str]]:
        """As PHP reads it: a backslash before a quote keeps the quote from ending the cell."""
        return list(csv.reader(io.StringIO(text), escapechar="\\"))

    def upload_zip(self, content: bytes) -> list[int]:
        """Imports feedback files; the numbers of those who got one."""
        changed = []
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                parts = entry.filename.split("/")
                if any(part.startswith((".", "~")) for part in parts):
                    continue
                for depth, part in enumerate(parts):
                    pieces = part.split("_", 4)
                    if len(pieces) < 4 or not pieces[1].isdigit():
                        continue
                    key, plugin = int(pieces[1]), (pieces[2], pieces[3])
                    if key not in self.people or plugin not in PLUGINS:
                        break
                    rest = [*pieces[4:], *parts[depth + 1 :]]
                    path = "/".join(filter(None, rest))
                    self.people[key].files[path] = archive.read(entry)
                    self.people[key].modified = datetime(2100, 1, 1)
                    changed.append(key)
                    break
        return changed
