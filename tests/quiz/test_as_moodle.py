"""Answers to the quiz, as a real Moodle stored and marked them: what it takes as right is right."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from grader.assignment import rubric
from grader.core.model import Assignment
from grader.intake import people, platform_tables
from grader.intake.platform import QuizAttempt
from grader.platforms.moodle import Moodle
from grader.quiz import answers, marking, quiz
from grader.quiz.marking import ValueVerdict

DATA = Path(__file__).parents[1] / "data" / "moodle" / "quiz"
OWN = json.loads((DATA / "moodle-own.json").read_text())["attempts"]
FINISHED = [one for one in OWN if one["state"] == "finished"]
FORMATS = ("csv", "xlsx", "ods", "json")


@pytest.fixture(scope="module")
def known() -> quiz.Quiz:
    assignment: Assignment = rubric.find("dais2021-a4")
    return quiz.read(assignment.reference_dir / "autodiff.toml", 5, 7)


def attempts(name: str) -> list[QuizAttempt]:
    return list(platform_tables.attempts(name, (DATA / name).read_bytes(), [Moodle()]))


@pytest.mark.parametrize(
    "case", json.loads((DATA / "numbers.json").read_text()), ids=lambda c: repr(c["text"])
)
def test_a_number_is_read_as_moodle_reads_it(case: dict[str, Any]) -> None:
    for language in ("en", "de"):
        read = answers.as_moodle(case["text"], language)
        if "e400" in case["text"] or case[language] is None:  # infinity in PHP
            assert read is None
        else:
            assert read is not None
            assert math.isclose(read, case[language], rel_tol=1e-12)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("columns", ["all", "plain"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_download_has_the_attempts_and_marks_that_moodle_has(
    language: str, columns: str, form: str
) -> None:
    rows = attempts(f"responses-{language}-{columns}.{form}")
    done = [row for row in rows if row.finished]
    assert sorted((row.username, str(row.grade)) for row in done) == sorted(
        (one["user"], f"{one['grade10']:.2f}") for one in FINISHED
    )
    typed = {(one["user"], one["attempt"]): one for one in FINISHED}
    seen: dict[str, int] = {}
    for row in done:
        seen[row.username] = seen.get(row.username, 0) + 1
        one = typed[row.username, seen[row.username]]
        found = answers.parts(row.responses["1"])
        assert len(found) == len(one["values"]) == 23
        for text, value in zip(found, one["values"], strict=True):
            if row.username != "lilli":  # whose texts a download changes: tags, lines
                assert text == value["given"].strip()


@pytest.mark.parametrize("one", FINISHED, ids=lambda o: o["user"])
def test_what_moodle_takes_as_right_is_right_and_strict_takes_nothing_else(
    known: quiz.Quiz, one: dict[str, Any]
) -> None:
    values = {"response 1": one["summary"]}
    names = [name for group in known.names.values() for name in group]
    variant = known.variants[int(one["variant"].removeprefix("Autodiff ")) - 1]
    given = answers.by_name(values, known.names)
    kind = marking.mark(variant, given, session=answers.session(values))
    strict = marking.mark(variant, given, session=answers.session(values), strict=True)
    for value, mine, theirs in zip(one["values"], kind, strict, strict=True):
        assert mine.name == names[value["i"] - 1]
        right = Decimal(value["moodle_fraction"] or 0) == 1
        assert right <= (mine.verdict is ValueVerdict.RIGHT), value
        assert right == (theirs.verdict is ValueVerdict.RIGHT), value
        if not right and mine.verdict is ValueVerdict.RIGHT:
            assert mine.note.startswith("Moodle reads ")


def test_a_text_that_looks_like_the_next_part_stays_one_text() -> None:
    assert answers.parts("part 1: 1; part 2: 5; part 2: 999; part 3:") == [
        "1; part 2: 5",
        "999",
        "",
    ]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", ["einzeln", "gruppen"])
def test_the_mark_that_newer_releases_put_before_formulas_is_taken_off(
    kind: str, form: str
) -> None:
    """Of an older release's XLSX and ODS a text that begins with = is lost: CSV has it."""
    old = {r.username: r.responses for r in attempts(f"v456-{kind}-de.csv") if r.finished}
    new = {r.username: r.responses for r in attempts(f"v458like-{kind}-de.{form}") if r.finished}
    assert new == old


def test_a_row_that_moodle_broke_in_an_ods_is_found() -> None:
    broken = [row for row in attempts("v456-einzeln-de.ods") if row.broken]
    whole = [row for row in attempts("v456-einzeln-de.csv") if row.broken]
    assert [row.username for row in broken] == ["max.a"]
    assert whole == []
    found = people.match(broken, [])
    assert found.responses == {}
