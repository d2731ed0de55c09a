"""Spreadsheets that keep the library busy for ever, or end its process, end nothing else."""

from __future__ import annotations

import io
import zipfile

import pytest

from grader.core.errors import UsageError
from grader.intake import spreadsheet, tables
from tests.intake.test_tables import ROWS, ods, xlsx


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (0.5 + 0.2 + 0.1, "0.8"),
        (3.0, "3"),
        (1e-7, "1e-07"),
        (0.1234567890123, "0.1234567890123"),
        (None, ""),
        ("0,5", "0,5"),
    ],
)
def test_a_number_is_read_as_the_program_shows_it(cell: object, shown: str) -> None:
    assert spreadsheet.text(cell) == shown


def changed(blob: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """The archive with one member changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(blob)) as read, zipfile.ZipFile(stream, "w") as written:
        for entry in read.namelist():
            content = read.read(entry)
            assert entry != name or old in content
            written.writestr(entry, content.replace(old, new, 1) if entry == name else content)
    return stream.getvalue()


def test_a_cell_far_away_is_refused() -> None:
    blob = changed(xlsx(ROWS), "xl/worksheets/s.xml", b"<c t=", b'<c r="XFD1048576" t=')
    with pytest.raises(UsageError, match=r"x.xlsx is not a readable spreadsheet \(it is damaged"):
        tables.read("x.xlsx", blob)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"</office:document-content>", b""),
        (b"<table:table-row>", b'<table:table-row table:number-rows-repeated="2000000000">'),
    ],
)
def test_a_table_without_end_is_given_up(
    old: bytes, new: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "SECONDS", 2)
    blob = changed(ods(ROWS), "content.xml", old, new)
    if not new:
        blob = changed(blob, "content.xml", b"</table:table-row>", b"<x")
    with pytest.raises(UsageError, match=r"x.ods is not a readable spreadsheet"):
        tables.read("x.ods", blob)
