"""Which variant a student had: from the question, the right answers, or the answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.core.errors import UsageError
from grader.core.model import QuizResponse
from grader.quiz import graph as graphs
from grader.quiz import marking, quiz
from grader.quiz.graph import Graph

FILE = Path(__file__).parents[2] / "reference" / "dais2021-a4" / "autodiff.toml"
QUIZ = quiz.read(FILE, 30, 7)
THIRD = QUIZ.variants[2]


def cell(variant: Graph, word: str = "part") -> str:
    """A perfect answer to the one question with all parts."""
    values = marking.solve(variant, marking.steps(variant))
    names = [name for group in QUIZ.names.values() for name in group]
    return "; ".join(f"{word} {n}: {values[name]:.4f}" for n, name in enumerate(names, 1))


def response(answers: str, right: str = "", question: str = "") -> QuizResponse:
    return QuizResponse(
        values={"response 1": answers},
        right={"response 1": right} if right else {},
        question=question,
        source="row 2",
    )


def test_without_variants_everybody_has_the_point() -> None:
    only = quiz.read(FILE)
    assert [dict(v.point) for v in only.variants] == [{"x1": 2.0, "x2": 0.6, "x3": 0.5}]
    assert quiz.find(only, response("-")) == only.variants[0]


def test_the_question_text_tells_the_numbers_in_either_spelling() -> None:
    x1, x2, x3 = THIRD.point.values()
    for text in (f"f at x1 = {x1}, x2 = {x2}, x3 = {x3}: first", f"x1={x1} x2={x2}, x3={x3}"):
        assert quiz.find(QUIZ, response("-", question=text)) == THIRD
    german = f"an der Stelle x1 = {x1}, x2 = {x2}, x3 = {x3}".replace(".", ",")
    assert quiz.find(QUIZ, response("-", question=german)) == THIRD


def test_numbers_that_are_no_variants_are_not_believed() -> None:
    assert quiz.find(QUIZ, response("-", question="x1 = 9.9, x2 = 9.9, x3 = 9.9")) is None


def test_one_set_of_numbers_is_not_taken_for_another_that_the_question_states() -> None:
    only = quiz.read(FILE)
    assert quiz.find(only, response("-", question="x1 = 2.0, x2 = 0.6, x3 = 0.5"))
    assert quiz.find(only, response("-", question="x1 = 2.0, x2 = 0.6, x3 = 0.7")) is None


def test_the_right_answers_tell_the_variant_of_an_empty_attempt() -> None:
    assert quiz.find(QUIZ, response("-", right=cell(THIRD, "Teil"))) == THIRD


def test_the_answers_tell_the_variant_if_enough_are_right() -> None:
    assert quiz.find(QUIZ, response(cell(THIRD))) == THIRD
    assert quiz.find(QUIZ, response("part 1: 1; part 2: 2; part 3: 3")) is None
    assert quiz.find(QUIZ, response("-")) is None


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        ({"response 1": cell(THIRD)}, True),
        ({"response 1": "-"}, True),
        ({"response 1": "part 1: 4; part 2: 5"}, False),
        ({"response 1": "Paris", "response 2": "1789"}, False),
        ({f"response {n}": "1" for n in range(23)}, True),
        ({"v1": "1.2"}, True),
        ({"capital": "Paris"}, False),
    ],
)
def test_answers_of_another_quiz_are_told_apart(values: dict[str, str], fits: bool) -> None:
    assert quiz.fits(QUIZ, QuizResponse(values=values, source="")) is fits


@pytest.mark.parametrize(
    "line", ["variants = 1.5", "variants = -1", "variants = 1001", "variants = true", 'seed = "x"']
)
def test_bad_variants_are_one_sentence(tmp_path: Path, line: str) -> None:
    path = tmp_path / "autodiff.toml"
    path.write_text(f'expression = "x * sin(x)"\n{line}\n[point]\nx = 2.0\n')
    with pytest.raises(UsageError, match="variants must be a whole number"):
        quiz.read(path)


def test_a_new_graph_needs_no_code(tmp_path: Path) -> None:
    path = tmp_path / "autodiff.toml"
    path.write_text(
        'expression = "sqrt(a) / relu(b)"\nvariants = 4\nseed = 1\n[point]\na = 4.0\nb = 0.5\n'
    )
    made = quiz.read(path)
    assert len(made.variants) == 4
    assert made.names == {
        "forward": ["v1", "v2", "v3"],
        "adjoints": ["adj_v1", "adj_v2", "adj_v3"],
        "gradient": ["grad_a", "grad_b"],
    }
    assert graphs.written(made.variants[0].nodes[2]) == "v1 ÷ v2"


def test_right_answers_that_fit_no_variant_or_several_tell_none() -> None:
    assert quiz.find(QUIZ, response("-", right="part 1: 9.87; part 2: 6.54")) is None
    assert quiz.find(QUIZ, response("-", right="part 1: a word")) is None
    names = [name for group in QUIZ.names.values() for name in group]
    shared = names.index(f"adj_{THIRD.nodes[-1].name}") + 1  # 1 in all of them
    parts = "; ".join(f"part {n}: {'1' if n == shared else ''}" for n in range(1, len(names) + 1))
    assert quiz.find(QUIZ, response("-", right=parts)) is None


def test_two_of_three_inputs_in_the_question_state_no_variant() -> None:
    x1, x2, _ = THIRD.point.values()
    text = f"f at x1 = {x1}, x2 = {x2}, x3 = three"
    assert quiz.find(QUIZ, response("-", question=text)) is None
    assert quiz.find(QUIZ, response(cell(THIRD), question=text)) == THIRD  # the answers do


def test_a_part_in_a_question_of_its_own_fits_without_the_word_for_it() -> None:
    sizes = [len(group) for group in QUIZ.names.values()]
    cells = ["; ".join(f"part {n}: 1" for n in range(1, size + 1)) for size in sizes]
    grouped = {f"response {n}": text for n, text in enumerate(cells, 1)}
    assert quiz.fits(QUIZ, QuizResponse(values=grouped, source=""))
    assert not quiz.fits(QUIZ, QuizResponse(values=grouped | {"response 1": "1"}, source=""))
    assert quiz.fits(QUIZ, QuizResponse(values=grouped | {"response 1": " "}, source=""))
