"""The one form of tables for people."""

from __future__ import annotations

from decimal import Decimal

import pytest

from grader.core import people_table
from grader.intake import tables


def test_a_row_is_one_for_a_spreadsheet_program_of_ours() -> None:
    cells: list[str | Decimal] = ["Jörg; Ö", Decimal("12.5"), Decimal("-0.125"), "", "a\nb"]
    assert people_table.row(cells).decode() == '"Jörg; Ö";12,50;-0,12;;"a\nb"\r\n'


@pytest.mark.parametrize("text", ["=1+1", "@A1", "a;=1+1"])
def test_no_text_is_a_formula(text: str) -> None:
    assert "=1" not in people_table.row([text]).decode().replace("'=1", "")
    assert people_table.row([text]).decode().count("'") == 1


def test_what_we_write_we_read() -> None:
    table = people_table.BEGIN + people_table.row(["näme", "points"])
    table += people_table.row(["a,b", Decimal(1)])
    assert tables.read("t.csv", table) == [["näme", "points"], ["a,b", "1,00"]]


def test_text_that_no_encoding_takes_is_written_all_the_same() -> None:
    assert people_table.row(["a\ud800", 'say "x"', "", "−1"]) == ('a?;"say ""x""";;−1\r\n'.encode())


@pytest.mark.parametrize(
    ("value", "shown"),
    [("0", "0,00"), ("1E+3", "1000,00"), ("2.675", "2,68"), ("-12.3", "-12,30")],
)
def test_numbers_have_two_decimals(value: str, shown: str) -> None:
    assert people_table.number(Decimal(value)) == shown
