"""Reads a table of text from CSV, XLSX, ODS or JSON: the first row is the header. Trusted side."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Sequence

from grader.core import bounded
from grader.core.errors import UsageError
from grader.intake import spreadsheet
from grader.intake.spreadsheet import MAX_CELLS

MAX_BYTES, MAX_UNPACKED = 50 << 20, 500 << 20
ENDINGS = (".csv", ".xlsx", ".ods", ".json")
NAMED = re.compile(r'"?sep=([,;\t|])"?[,;\t|]*')
"""A line before the header that tells Excel the separator."""
AGAIN = "download it again"


def read(name: str, content: bytes) -> list[list[str]]:
    """The rows, cells as text.

    Raises:
        UsageError: it is no such file; one sentence names the file and the mend.
    """
    if len(content) > MAX_BYTES:
        raise UsageError(f"{name} is larger than {MAX_BYTES >> 20} MiB and was not read")
    if not content.removeprefix(b"\xef\xbb\xbf").strip():
        raise UsageError(f"{name} is empty; {AGAIN}")
    lower = name.lower()
    if lower.endswith((".xlsx", ".ods")):
        rows = _sheet(name, content)
    else:
        rows = _json(name, content) if lower.endswith(".json") else _csv(name, content)
    if not rows:
        raise UsageError(f"{name} is empty; {AGAIN}")
    return rows


def cell(row: Sequence[str], place: int | None) -> str:
    """What a row holds in a column; empty where there is no such column, or the row is shorter."""
    return row[place] if place is not None and place < len(row) else ""


def _csv(name: str, content: bytes) -> list[list[str]]:
    text = _decoded(name, content)
    first, _, rest = text.partition("\n")
    if told := NAMED.fullmatch(first.strip()):
        text, separator = rest, told[1]
    else:
        separator = max(",;\t", key=first.count)
    if text.count(separator) + text.count("\n") + text.count("\r") > MAX_CELLS:
        raise UsageError(f"{name} has more than {MAX_CELLS} cells and was not read")
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as bad:
        raise UsageError(f"{name} is not a readable CSV file ({bad}); {AGAIN}") from None


def _decoded(name: str, content: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or what spreadsheet programs on Windows write."""
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UsageError(f"{name} is not in UTF-8; {AGAIN}, and do not save it from another program")


def _sheet(name: str, content: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED:
                raise UsageError(f"{name} unpacks to more than {MAX_UNPACKED >> 20} MiB")
        rows = spreadsheet.read(content)
        named = bool(rows) and NAMED.fullmatch("".join(rows[0]).strip())
        return rows[1:] if named else rows
    except UsageError:
        raise
    except Exception as bad:  # zipfile has many kinds, all of which mean this
        raise UsageError(f"{name} is not a readable spreadsheet ({bad}); {AGAIN}") from None


def _json(name: str, content: bytes) -> list[list[str]]:
    """Moodle's form: a list of lists of records, all with the same keys."""
    try:
        data = bounded.json_value(_decoded(name, content), MAX_CELLS)
    except ValueError as bad:
        raise UsageError(f"{name} is not readable JSON ({bad}); {AGAIN}") from None
    records = data[0] if isinstance(data, list) and data and isinstance(data[0], list) else data
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise UsageError(f"{name} is no table of records; download the quiz's report as JSON")
    header = list(dict.fromkeys(key for record in records for key in record))
    if len(header) * len(records) > MAX_CELLS:
        raise UsageError(f"{name} has more than {MAX_CELLS} cells and was not read")
    return [
        header,
        *([spreadsheet.text(record.get(key, "")) for key in header] for record in records),
    ]
