"""Tables in every format that Moodle offers, and files that only look like one."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from grader.core.errors import UsageError
from grader.intake import tables

ROWS = [["Nachname", "Antwort 1"], ["Müller", "0,5"]]


def xlsx(rows: list[list[str]]) -> bytes:
    """The smallest workbook that spreadsheet programs open."""
    lines = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{c}</t></is></c>' for c in row) + "</row>"
        for row in rows
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    link = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return packed(
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            'relationships+xml"/><Override PartName="/xl/workbook.xml" '
            f'ContentType="{kind}.sheet.main+xml"/><Override PartName="/xl/worksheets/s.xml" '
            f'ContentType="{kind}.worksheet+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="a" '
            f'Type="{link}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{link}"><sheets>'
            '<sheet name="s" sheetId="1" r:id="b"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
            f'<Relationship Id="b" Type="{link}/worksheet" Target="worksheets/s.xml"/>'
            "</Relationships>",
            "xl/worksheets/s.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData>'
            "</worksheet>",
        }
    )


def ods(rows: list[list[str]]) -> bytes:
    space = "urn:oasis:names:tc:opendocument:xmlns"
    lines = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{c}</text:p></table:table-cell>'
            for c in row
        )
        + "</table:table-row>"
        for row in rows
    )
    return packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": '<manifest:manifest xmlns:manifest="'
            f'{space}:manifest:1.0"><manifest:file-entry manifest:full-path="/" '
            'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
            "</manifest:manifest>",
            "content.xml": f'<office:document-content xmlns:office="{space}:office:1.0" '
            f'xmlns:table="{space}:table:1.0" xmlns:text="{space}:text:1.0"><office:body>'
            f'<office:spreadsheet><table:table table:name="s">{lines}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        }
    )


def packed(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'Nachname,"Antwort 1"\r\nMüller,"0,5"\r\n'.encode("utf-8-sig")),
        ("a.csv", "Nachname;Antwort 1\nMüller;0,5\n".encode()),
        ("a.csv", "Nachname\tAntwort 1\nMüller\t0,5\n".encode("utf-16")),
        ("a.csv", "Nachname;Antwort 1\nMüller;0,5\n".encode("cp1252")),
        ("a.csv", "sep=;\r\nNachname;Antwort 1\r\nMüller;0,5\r\n".encode("utf-8-sig")),
        ("a.csv", '"sep=,";\nNachname,Antwort 1\nMüller,"0,5"\n'.encode()),
        ("a.xlsx", xlsx([["sep=;"], *ROWS])),
        ("a.json", '[[{"Nachname": "Müller", "Antwort 1": "0,5"}]]'.encode()),
        ("a.xlsx", xlsx(ROWS)),
        ("a.ods", ods(ROWS)),
    ],
)
def test_one_table_in_every_format_and_encoding(name: str, content: bytes) -> None:
    assert tables.read(name, content) == ROWS


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\xef\xbb\xbf", "is empty"),
        ("a.csv", b"\xff\xfe", "is empty"),
        ("a.csv", b"sep=;\r\n", "is empty"),
        ("a.ods", ods([]), "is empty"),
        ("a.csv", b"a\0b\0c", "is not in UTF-8"),
        ("a.xlsx", b"PK\3\4 nothing", "is not a readable spreadsheet"),
        ("a.ods", b"<html>", "is not a readable spreadsheet"),
        ("a.json", b"[[", "is not readable JSON"),
        ("a.json", b'{"a": 1}', "is no table of records"),
        ("a.json", b"[" * 100_000, "is not readable JSON"),
        ("a.csv", b"a;b" + b";" * 2_000_001, "has more than 2000000 cells"),
        ("a.csv", b"a;b" + b"\n" * 2_000_001, "has more than 2000000 cells"),
        ("a.json", b"[" + b"0," * 2_000_001 + b"0]", "is not readable JSON"),
        (
            "a.json",
            json.dumps([{f"key {n}": 1} for n in range(2000)]).encode(),
            "has more than 2000000 cells",
        ),
    ],
)
def test_what_is_no_table_is_one_sentence(name: str, content: bytes, why: str) -> None:
    with pytest.raises(UsageError, match=rf"^{name} {why}[^\n]*$"):
        tables.read(name, content)


def test_a_large_file_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_BYTES", 1 << 20)
    assert len(tables.read("a.csv", (b"a" * 1023 + b"\n") * 1024)) == 1024
    with pytest.raises(UsageError) as refusal:
        tables.read("a.csv", b"a" * ((1 << 20) + 1))
    assert str(refusal.value) == "a.csv is larger than 1 MiB and was not read"


def test_a_spreadsheet_that_unpacks_to_too_much_is_not_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tables, "MAX_UNPACKED", 1 << 20)
    with pytest.raises(UsageError) as refusal:
        tables.read("a.ods", packed({"content.xml": " " * ((1 << 20) + 1)}))
    assert str(refusal.value) == "a.ods unpacks to more than 1 MiB"


def test_a_cell_without_end_is_one_sentence() -> None:
    with pytest.raises(UsageError) as refusal:
        tables.read("a.csv", b'"' + b"a" * 200_000)
    assert str(refusal.value) == (
        "a.csv is not a readable CSV file (field larger than field limit (131072)); "
        "download it again"
    )


def test_records_that_lack_a_key_have_an_empty_cell_there() -> None:
    content = b'[{"a": 1, "b": null}, {"c": 0.30000000000000004, "a": true}]'
    assert tables.read("a.json", content) == [["a", "b", "c"], ["1", "", ""], ["True", "", "0.3"]]


@pytest.mark.parametrize(
    ("place", "text"), [(0, "x"), (1, ""), (None, "")], ids=["there", "short", "nowhere"]
)
def test_a_cell_that_is_not_there_is_empty(place: int | None, text: str) -> None:
    assert tables.cell(["x"], place) == text
