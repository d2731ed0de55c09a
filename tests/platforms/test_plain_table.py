"""A table of marks for whatever takes one."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace

from grader.core.model import Person
from grader.intake.platform import Result
from grader.platforms.plain_table import COLUMNS, PlainTable
from tests.platforms.results import back, result


def rows(results: Sequence[Result]) -> list[list[str]]:
    text = back(PlainTable(), results).files["marks.csv"].decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_person_has_a_row_with_all_that_is_known() -> None:
    assert rows([result("Ada Öz", "moodle", "5")]) == [
        list(COLUMNS),
        [
            "ada-öz",
            "Ada Öz",
            "5@x.org",
            "005",
            "",
            "5",
            "73.50",
            "100.00",
            "73.51 of 100.00 points.",
        ],
    ]


def test_each_member_of_a_team_has_the_teams_mark() -> None:
    team = replace(result("Three", "moodle", "6"), person=Person(key="6", members=("Ada", "Mei")))
    assert [row[:2] + row[5:7] for row in rows([team])[1:]] == [
        ["three", "Ada", "6", "73.50"],
        ["three", "Mei", "6", "73.50"],
    ]


def test_a_table_of_marks_has_no_formulas() -> None:
    hostile = replace(result("=cmd()", "", "1"), sentences=("+1", "-2"))
    row = rows([hostile])[1]
    assert (row[1], row[8]) == ("'=cmd()", "'+1 -2")


def test_a_lone_half_of_a_sign_is_no_crash() -> None:
    assert rows([result("A\ud800", "", "1")])[1][1] == "A?"


def test_nobody_is_a_header_alone() -> None:
    assert rows([]) == [list(COLUMNS)]
