"""Answers to the quiz, as a real Moodle stored and marked them: what it takes as right is right."""

from __future__ import annotations

import ast
import json
import math
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from grader.assignment import rubric
from grader.core.errors import UsageError
from grader.core.model import Assignment
from grader.intake import people, platform_tables
from grader.intake.platform import QuizAttempt
from grader.platforms.moodle import Moodle
from grader.quiz import answers, graph, marking, quiz
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


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_right_answers_of_a_download_tell_the_variant(known: quiz.Quiz, language: str) -> None:
    rows = [row for row in attempts(f"responses-{language}-right.csv") if row.finished]
    assert sorted(row.username for row in rows) == sorted(one["user"] for one in FINISHED)
    for row in rows:
        own = {one["variant"] for one in FINISHED if one["user"] == row.username}
        given = replace(people.response(row), values={})
        found = quiz.find(known, given)
        assert found is not None
        assert f"Autodiff {known.variants.index(found) + 1:02}" in own


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_report_of_marks_is_told_apart_and_the_right_one_named(language: str) -> None:
    name = f"grades-{language}.csv"
    content = (DATA / name).read_bytes()
    with pytest.raises(UsageError, match=f"{name} has no column .*not 'Grades'"):
        platform_tables.attempts(name, content, [Moodle()])
    assert "not 'Grades'" in platform_tables.look(name, {name: content}, [Moodle()]).complaint


@pytest.mark.parametrize("kind", ["einzeln", "gruppen"])
@pytest.mark.parametrize("form", ["json", "xlsx", "ods"])
def test_every_form_of_a_quiz_of_single_questions_says_the_same(kind: str, form: str) -> None:
    """But for texts that begin with =, which XLSX and ODS lose."""
    told = attempts(f"v456-{kind}-de.csv")
    found = attempts(f"v456-{kind}-de.{form}")
    assert [row.username for row in found] == [row.username for row in told]
    for mine, theirs in zip(found, told, strict=True):
        if not mine.broken:
            assert mine.grade == theirs.grade
            lost = {n for n, text in theirs.responses.items() if text.startswith("=")}
            assert [n for n in theirs.responses if mine.responses[n] != theirs.responses[n]] == [
                n for n in theirs.responses if n in lost and form != "json"
            ]


def test_moodle_stored_our_right_answers_and_showed_our_questions(known: quiz.Quiz) -> None:
    """Of the five variants that it imported, each with fields of its own."""
    shown = (DATA / "log-import-de.txt").read_text()
    stored = (DATA / "log-field-sizes.txt").read_text().splitlines()
    assert "Importing 5 questions" in shown
    for number, variant in enumerate(known.variants, 1):
        point = ", ".join(f"{name} = {value}" for name, value in variant.point.items())
        assert f"<b>{number}</b>. Werten Sie den Berechnungsgraphen von" in shown
        assert f"an der Stelle {point} aus" in shown
    for variant, line in zip(known.variants[:3], stored, strict=True):
        solved = graph.solution(variant)
        right = [value for group in known.names for value in solved[group].values()]
        answers_there = [float(text) for text in re.findall(r"\('([^']+)', \d+\)", line)]
        assert len(right) == len(answers_there) == 23
        assert all(
            math.isclose(mine, theirs, abs_tol=6e-7)
            for mine, theirs in zip(right, answers_there, strict=True)
        )


@pytest.mark.parametrize("language", ["en", "de"])
def test_texts_that_were_once_read_otherwise_are_read_as_moodle_reads_them(language: str) -> None:
    lines = (DATA / "log-numbers-that-differ.txt").read_text().splitlines()
    found = [re.match(rf"('.*?'|\".*?\") .*Moodle.*? {language} (\S+) ", line) for line in lines]
    cases = [(ast.literal_eval(one[1]), one[2]) for one in found if one]
    assert len(cases) == 48
    for text, theirs in cases:
        read = answers.as_moodle(text, language)
        if theirs == "None" or "e400" in text:
            assert read is None, text
        else:
            assert read == pytest.approx(float(theirs)), text


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
