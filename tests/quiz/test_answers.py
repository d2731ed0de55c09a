"""Numbers as people type them, answer files, and the parts of a Moodle cell."""

from __future__ import annotations

import pytest

from grader.core.errors import UsageError
from grader.quiz import answers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        (" −2 ", -2.0),
        ("1/4", 0.25),
        ("-1/4", -0.25),
        ("1e-3", 1e-3),
        (".5", 0.5),
        ("3*10^-4", 3e-4),
        ("3x10**2", 300.0),
        ("12 000", 12000.0),
        ("1.234,5", 1.2345),
        ("1,234,567", 1234567.0),
        ("0.7 (rounded)", 0.7),
    ],
)
def test_numbers_in_every_spelling(text: str, value: float) -> None:
    assert answers.number(text) == value


@pytest.mark.parametrize(
    "text", ["", "-", "x", "=1+1", "nan", "inf", "1/0", "1e999", "0.5.3", "2+3"]
)
def test_what_is_no_number(text: str) -> None:
    assert answers.number(text) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("autodiff.toml", b"[forward]\nv1 = 1.5\n[adjoints]\nadj_v1 = '2,5'\n"),
        ("autodiff.json", b'{"v1": 1.5, "adj_v1": "2,5"}'),
        ("autodiff.csv", b"name;value\nv1;1.5\nadj_v1;2,5\n"),
    ],
)
def test_answer_files_give_values_by_name(name: str, content: bytes) -> None:
    values = answers.read(name, content).values
    assert (values["v1"], values["adj_v1"]) == ("1.5", "2,5")


def test_a_broken_answer_file_is_one_sentence() -> None:
    with pytest.raises(UsageError, match=r"^autodiff\.json could not be read"):
        answers.read("autodiff.json", b"{")


def test_parts_are_split_where_their_numbers_run_on() -> None:
    cell = "part 1: 0.45; Teil 2: ; part 3: see part 1: no; part 4:"
    assert answers.parts(cell) == ["0.45", "", "see part 1: no", ""]


def test_questions_of_a_download_become_named_values() -> None:
    names = {"forward": ["v1", "v2"], "gradient": ["grad_x"]}
    cells = {"response 1": "part 1: 3; part 2: 4", "response 2": "5"}
    found = answers.by_name(cells, names)
    assert found == {"v1": "3", "v2": "4", "grad_x": "5"}
    single = {"response 1": "3", "response 2": "4", "response 3": "5"}
    assert answers.by_name(single, names) == found


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.toml", b"v1 = ", "a.toml could not be read: Invalid value"),
        ("a.json", b"[1]", "a.json must hold names and values, such as v1 = 0.5"),
        ("a.json", b'{"v1": "\xff"}', "a.json could not be read: 'utf-8' codec can't decode"),
        ("a.json", b"[" * 20_000, "a.json could not be read: its lists are nested too deeply"),
        ("a.csv", b"v1;" + b"9" * 150_000, "a.csv is larger than 64 KiB, more than any answers"),
    ],
)
def test_what_is_no_answer_file_names_the_file_and_why(
    name: str, content: bytes, told: str
) -> None:
    with pytest.raises(UsageError) as refused:
        answers.read(name, content)
    assert str(refused.value).startswith(told)


def test_of_an_answer_file_only_numbers_and_texts_are_answers() -> None:
    content = b'{"v1": true, "v2": null, "v3": [1], "v4": {"v5": 2}, "v6": "\\ud800", "v7": NaN}'
    assert answers.read("a.json", content).values == {"v5": "2", "v6": "?", "v7": "nan"}
    assert answers.number("nan") is None


def test_long_names_and_texts_of_an_answer_file_are_cut() -> None:
    content = f'{{"{"n" * 99}": "{"9" * 999}"}}'.encode()
    assert answers.read("a.json", content).values == {"n" * 40: "9" * 200}


def test_rows_of_a_table_without_a_value_are_left_and_its_separator_is_the_commoner() -> None:
    content = b'\xef\xbb\xbfv1 , 0.5\nv2\n\nv3,"1;5",more\n'
    assert answers.read("a.csv", content).values == {"v1": "0.5", "v3": "1;5"}


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("", []),
        ("0.5", []),
        ("part 2: 5", []),
        ("mine: 3; part 1: 5", []),  # a response that only looks like parts
        ("part 1:", [""]),
        ("  Teil 1: 0,5  ", ["0,5"]),
        ("part 1: a; part 1: b; part 2: c", ["a; part 1: b", "c"]),
        ("part 1: a; part 2: b; part 2: c", ["a; part 2: b", "c"]),
        ("part 1: a; part 3: b", ["a; part 3: b"]),
        ("part 1: a;part 2: b", ["a;part 2: b"]),
    ],
)
def test_what_a_student_types_takes_no_other_part_away(cell: str, found: list[str]) -> None:
    assert answers.parts(cell) == found


def test_fewer_responses_than_groups_leave_the_rest_unanswered() -> None:
    names = {"forward": ["v1", "v2"], "adjoints": ["adj_v1"], "gradient": ["grad_x"]}
    two = {"response 1": "part 1: 3; part 2: 4", "response 2": "5", "Name": "Ada"}
    assert answers.by_name(two, names) == {"v1": "3", "v2": "4", "adj_v1": "5"}
    assert answers.by_name({"response 1": "0.5"}, names) == {}
    assert answers.by_name({"v1": "1", "else": "2"}, names) == {"v1": "1", "else": "2"}
