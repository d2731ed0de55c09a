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
