"""Answers in words: found wherever students write them, and shown beside the model answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from grader.checks.text import MAX_COMPARED, Handout, TextAnswer, _without_comments
from grader.core.model import Cell, Notebook, Outcome, Status
from grader.core.notebook import read, release
from tests.checks.model_evaluation.evaluation_task import case

REFERENCE = Path(__file__).parents[2] / "reference" / "dais2021-a4"
QUESTIONS = {
    1: "When do vanishing gradients occur?",
    2: "Which of the three activation functions are prone to vanishing gradients for positive "
    "inputs, and why?",
    3: "Which layers of a network are hit most by vanishing gradients?",
    4: "What could cause the opposite problem, exploding gradients?",
}
VANISHING = {
    n: TextAnswer(cell=f"vanishing-answer-{n}", question=text) for n, text in QUESTIONS.items()
}
INTERPRETATION = TextAnswer(
    cell="interpretation-answer",
    comments=True,
    question="What does the matrix above say about the model?",
)
WORDS = "The product of many small factors is almost nothing."
Cells = tuple[Cell, ...]


@cache
def master(name: str) -> Notebook:
    return read((REFERENCE / name).read_bytes(), name)


@cache
def template(name: str) -> Notebook:
    return read(release((REFERENCE / name).read_bytes(), name), name)


def mark(
    check: TextAnswer,
    cells: Cells | None,
    name: str = "ActivationFunctions.ipynb",
    repairs: tuple[str, ...] = (),
) -> Outcome:
    """The outcome for a notebook with these cells; None: no notebook."""
    notebook = None if cells is None else Notebook(name=name, cells=cells, repairs=repairs)
    return check.judge(
        replace(
            case(check, (), ()),
            notebook=notebook,
            master=master(name),
            template=template(name),
        )
    )


def handout(name: str = "ActivationFunctions.ipynb") -> Cells:
    return template(name).cells


def note(text: str, kind: str = "markdown") -> Cell:
    return Cell(id=f"own-{abs(hash(text))}", kind=kind, source=text)


def edited(cells: Cells, change: Callable[[str], str], *ids: str) -> Cells:
    """The cells with the sources of those named changed."""
    return tuple(replace(c, source=change(c.source)) if c.id in ids else c for c in cells)


def after(cells: Cells, cell_id: str, *added: Cell) -> Cells:
    """The cells with others put in behind one."""
    place = next(n for n, c in enumerate(cells) if c.id == cell_id) + 1
    return (*cells[:place], *added, *cells[place:])


def without(cells: Cells, *ids: str) -> Cells:
    return tuple(c for c in cells if c.id not in ids)


def stripped(cells: Cells) -> Cells:
    """The cells as an old editor saves them: neither ids nor tags."""
    content = {"cells": [{"cell_type": c.kind, "source": c.source, "metadata": {}} for c in cells]}
    return read(json.dumps(content).encode(), "old.ipynb").cells


def filled(n: int = 1) -> Cells:
    """The handout with an answer in its cell."""
    return edited(handout(), lambda _: WORDS, f"vanishing-answer-{n}")


# --- answers at their place -------------------------------------------------------------------


@pytest.mark.parametrize("n", VANISHING)
def test_an_answer_in_its_cell_goes_to_a_person_beside_the_model_answer(n: int) -> None:
    got = mark(VANISHING[n], filled(n))
    assert got.status is Status.REVIEW
    assert got.details["given"] == WORDS
    solution = next(
        c for c in master("ActivationFunctions.ipynb").cells if c.id == f"vanishing-answer-{n}"
    ).source
    assert len(got.details["expected"]) > 150
    assert got.details["expected"] in solution


def test_an_answer_is_no_answer_to_another_question() -> None:
    assert mark(VANISHING[1], filled(2)).status is Status.FAILED
    assert mark(VANISHING[3], filled(2)).status is Status.FAILED


PLACES: dict[str, Cells] = {
    "in its cell": filled(),
    "below the words of the stub": edited(
        handout(), lambda text: f"{text}\n\n{WORDS}", "vanishing-answer-1"
    ),
    "after the words of the stub": edited(
        handout(), lambda text: f"{text}\n{WORDS}", "vanishing-answer-1"
    ),
    "in the cell of the question": edited(
        handout(), lambda text: f"{text}\n\n{WORDS}", "vanishing-question-1"
    ),
    "in the line of the question": edited(
        handout(), lambda text: f"{text} {WORDS}", "vanishing-question-1"
    ),
    "in the cell of the question, its own deleted": without(
        edited(handout(), lambda text: f"{text}\n\n{WORDS}", "vanishing-question-1"),
        "vanishing-answer-1",
    ),
    "in a cell below": after(handout(), "vanishing-answer-1", note(WORDS)),
    "in a cell between": after(handout(), "vanishing-question-1", note(WORDS)),
    "in a cell in place of its own": without(
        after(handout(), "vanishing-answer-1", note(WORDS)), "vanishing-answer-1"
    ),
    "in two cells": after(filled(), "vanishing-answer-1", note("And so on.")),
    "in a raw cell": after(handout(), "vanishing-answer-1", note(WORDS, "raw")),
    "question and answer copied": after(
        handout(), "vanishing-answer-1", note(f"Question 1: {QUESTIONS[1]}\n\n{WORDS}")
    ),
}


@pytest.mark.parametrize("where", PLACES)
def test_an_answer_is_found(where: str) -> None:
    got = mark(VANISHING[1], PLACES[where])
    assert (got.status, got.message) == (Status.REVIEW, "A person marks this answer.")
    assert WORDS in got.details["given"]


@pytest.mark.parametrize("where", PLACES)
def test_an_answer_is_found_in_a_notebook_without_ids(where: str) -> None:
    got = mark(VANISHING[1], stripped(PLACES[where]))
    assert got.status is Status.REVIEW
    assert WORDS in got.details["given"]


def test_an_answer_is_found_by_its_tag() -> None:
    question = {"vanishing-question-1"}
    cells = tuple(
        replace(c, id=f"cell-{n}") for n, c in enumerate(filled()) if c.id not in question
    )
    got = mark(VANISHING[1], cells)
    assert got.details["given"] == WORDS


def test_the_words_of_the_handout_are_not_the_students() -> None:
    got = mark(VANISHING[1], PLACES["below the words of the stub"])
    assert got.details["given"] == WORDS
    got = mark(VANISHING[1], PLACES["in the cell of the question"])
    assert got.details["given"] == WORDS


def test_a_notebook_of_the_students_own_is_searched_for_the_question() -> None:
    cells = (note("# My notes"), note("When do vanishing gradients occur"), note(WORDS))
    got = mark(VANISHING[1], cells)
    assert got.status is Status.REVIEW
    assert WORDS in got.details["given"]


def test_a_translated_question_does_not_hide_the_answer() -> None:
    cells = edited(
        filled(), lambda _: "**Frage 1.** Wann verschwinden Gradienten?", "vanishing-question-1"
    )
    for version in (cells, stripped(cells)):
        got = mark(VANISHING[1], version)
        assert got.status is Status.REVIEW
        assert WORDS in got.details["given"]


def test_whitespace_and_line_ends_of_the_question_do_not_matter() -> None:
    cells = edited(
        filled(), lambda text: "  " + text.replace(" ", "  \n") + "\n\n\n", "vanishing-question-1"
    )
    got = mark(VANISHING[1], stripped(cells))
    assert got.status is Status.REVIEW
    assert got.details["given"] == WORDS


# --- nothing at the place ---------------------------------------------------------------------


def test_no_notebook_fails() -> None:
    assert mark(VANISHING[1], None).status is Status.FAILED


@pytest.mark.parametrize("n", VANISHING)
def test_the_handout_as_it_was_given_fails(n: int) -> None:
    got = mark(VANISHING[n], handout())
    assert (got.status, got.message) == (Status.FAILED, "No answer was given.")
    assert mark(VANISHING[n], stripped(handout())).status is Status.FAILED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "*Write  your answer here. *\n\n",
        "Write your answer here",
        "<!-- nothing -->",
        "---",
        "...",
    ],
)
def test_a_place_without_words_fails(text: str) -> None:
    assert (
        mark(VANISHING[1], edited(handout(), lambda _: text, "vanishing-answer-1")).status
        is Status.FAILED
    )


def test_a_deleted_cell_without_an_answer_fails() -> None:
    assert mark(VANISHING[1], without(handout(), "vanishing-answer-1")).status is Status.FAILED


@pytest.mark.parametrize(
    "source",
    [
        f"# {WORDS}",
        WORDS,
        f"print({WORDS!r})",
        f"answer = {WORDS!r}",
        f'"""{WORDS}"""',
        f"{WORDS!r}",
    ],
)
def test_an_answer_in_a_code_cell_is_shown_to_a_person(source: str) -> None:
    got = mark(VANISHING[1], after(handout(), "vanishing-answer-1", note(source, "code")))
    assert (got.status, got.details["given"]) == (Status.REVIEW, WORDS)
    assert got.message == "The answer stands in a code cell. A person marks it."


@pytest.mark.parametrize("source", ["x = 1", "plt.plot(x, 'r')", "print(x)", ""])
def test_code_without_words_is_no_answer(source: str) -> None:
    cells = after(handout(), "vanishing-answer-1", note(source, "code"))
    assert mark(VANISHING[1], cells).status is Status.FAILED


OTHER_YEAR = {
    1: "**Task 1**: When do vanishing gradients usually occur?",
    2: "**Task 2**: Which of these three activation functions are prone to the problem of "
    "vanishing gradients for positive inputs?",
    3: "**Task 3**: Which layers of a network are most hit by the vanishing gradients?",
    4: "**Task 4**: What could cause the opposite problem of exploding gradients?",
}


def another_year(*answers: str) -> Cells:
    """A handout that asks the same in other words, with these answers in cells of their own."""
    texts = [text for pair in zip(OTHER_YEAR.values(), answers, strict=True) for text in pair]
    return tuple(replace(note(text), id=f"cell-{n}") for n, text in enumerate(texts) if text)


@pytest.mark.parametrize("n", VANISHING)
def test_answers_are_found_after_questions_in_the_words_of_another_year(n: int) -> None:
    answers = [f"My own thoughts on matter number {n} are these." for n in range(1, 5)]
    got = mark(VANISHING[n], another_year(*answers))
    assert (got.message, got.details["given"].splitlines()[-1]) == (
        "A person marks this answer.",
        answers[n - 1],
    )


@pytest.mark.parametrize("n", VANISHING)
def test_a_blank_handout_of_another_year_has_no_answers(n: int) -> None:
    assert mark(VANISHING[n], another_year("", "", "", "")).status is Status.FAILED


@pytest.mark.parametrize("ids", ["with ids", "without ids"])
@pytest.mark.parametrize("n", VANISHING)
def test_all_answers_in_one_cell_at_the_end_go_to_a_person(n: int, ids: str) -> None:
    cells = (*handout(), note("1. Deep nets.\n\n2. Two.\n\n3. The first.\n\n4. Large weights."))
    got = mark(VANISHING[n], cells if ids == "with ids" else stripped(cells))
    assert got.status is Status.REVIEW, got
    assert "The first." in got.details["given"]


@pytest.mark.parametrize("n", VANISHING)
def test_all_answers_in_one_cell_at_the_start_go_to_a_person(n: int) -> None:
    cells = (note("1. Deep nets.\n\n2. Two.\n\n3. The first.\n\n4. Large weights."), *handout())
    got = mark(VANISHING[n], cells)
    assert got.status is Status.REVIEW
    assert "No answer was found at its place" in got.message
    assert "The first." in got.details["given"]


def test_a_deleted_question_goes_to_a_person() -> None:
    cells = without(handout(), "vanishing-question-1", "vanishing-answer-1")
    got = mark(VANISHING[1], cells)
    assert got.status is Status.REVIEW
    assert got.details["given"] == "No text of the student's own was found."


def test_an_answer_whose_question_was_deleted_goes_to_a_person_with_its_words() -> None:
    got = mark(VANISHING[1], without(filled(), "vanishing-question-1"))
    assert got.status is Status.REVIEW
    assert got.details["given"] == WORDS


def test_an_empty_notebook_goes_to_a_person() -> None:
    assert mark(VANISHING[1], ()).status is Status.REVIEW


# --- comments in code -------------------------------------------------------------------------


def interpretation(cells: Cells) -> Outcome:
    return mark(INTERPRETATION, cells, "Evaluation.ipynb")


def test_the_interpretation_in_its_cell() -> None:
    cells = edited(handout("Evaluation.ipynb"), lambda _: WORDS, "interpretation-answer")
    got = interpretation(cells)
    assert (got.status, got.details["given"]) == (Status.REVIEW, WORDS)
    assert "55 of the 57" in got.details["expected"]


@pytest.mark.parametrize(
    ("source", "given"),
    [
        (f"# {WORDS}", WORDS),
        (f"### {WORDS}\n# And more.", f"{WORDS}\nAnd more."),
        (f"print(1)\n    # {WORDS}", WORDS),
        (f'"""{WORDS}"""', WORDS),
        (f"'''\n{WORDS}\n'''", WORDS),
    ],
)
def test_the_interpretation_in_comments_of_a_code_cell(source: str, given: str) -> None:
    cells = after(handout("Evaluation.ipynb"), "interpretation-answer", note(source, "code"))
    got = interpretation(cells)
    assert (got.status, got.details.get("given")) == (Status.REVIEW, given)


def test_comments_are_found_in_a_notebook_without_ids() -> None:
    cells = after(handout("Evaluation.ipynb"), "interpretation-answer", note(f"# {WORDS}", "code"))
    got = interpretation(stripped(cells))
    assert got.status is Status.REVIEW
    assert WORDS in got.details["given"]


def test_the_interpretation_in_a_cell_turned_into_code() -> None:
    cells = tuple(
        replace(c, kind="code", source=f"# {WORDS}") if c.id == "interpretation-answer" else c
        for c in handout("Evaluation.ipynb")
    )
    assert interpretation(cells).details["given"] == WORDS


def test_the_interpretation_as_comments_below_the_printed_matrix_goes_to_a_person() -> None:
    cells = edited(handout("Evaluation.ipynb"), lambda text: f"{text}\n# {WORDS}", "confusion-test")
    got = interpretation(cells)
    assert got.status is Status.REVIEW
    assert WORDS in got.details["given"]


def test_code_without_comments_is_no_interpretation() -> None:
    cells = after(handout("Evaluation.ipynb"), "interpretation-answer", note("x = 1\nx", "code"))
    assert interpretation(cells).status is Status.FAILED
    assert interpretation(handout("Evaluation.ipynb")).status is Status.FAILED


def test_a_million_openings_of_a_comment_are_text_and_take_no_time() -> None:
    """As a pattern, each would be searched for its end: hours, for one cell."""
    flood = "<!--" * 250_000
    assert _without_comments(flood + WORDS) == flood + WORDS


def answered(source: str) -> Cells:
    return tuple(
        replace(cell, source=source) if cell.id == "vanishing-answer-1" else cell
        for cell in handout()
    )


def test_a_flood_of_words_is_shown_in_part() -> None:
    found = mark(VANISHING[1], answered(f"{WORDS} " + "word, " * 500_000))
    assert found.status is Status.REVIEW
    assert found.details["given"].startswith(WORDS)
    assert len(found.details["given"]) < 25_000


def test_a_notebook_of_megabytes_of_words_is_shown_in_part() -> None:
    flood = tuple(
        Cell(id=f"flood-{n}", kind="markdown", source=f"{n} " + "word, " * 20_000)
        for n in range(40)
    )
    found = mark(VANISHING[2], (*handout(), *flood))
    assert found.status is Status.REVIEW
    assert len(found.details["given"]) < 25_000


def test_an_answer_below_a_pasted_picture_is_found() -> None:
    picture = f"![plot](data:image/png;base64,{'iVBORw0KGgo' * 40_000}==)"
    found = mark(VANISHING[1], answered(f"{picture}\n\n{WORDS}"))
    assert found.status is Status.REVIEW
    assert WORDS in found.details["given"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a<!-- b -->c", "ac"),
        ("<!--a<!-- b -->c-->", "c-->"),
        ("<!--->-->x", "x"),
        ("<!-->", "<!-->"),
        ("a<!-- b", "a<!-- b"),
        ("<!--a-->b<!--c-->", "b"),
    ],
)
def test_comments_are_no_words(text: str, left: str) -> None:
    assert _without_comments(text) == left


def test_more_paragraphs_than_a_person_reads_are_not_compared_with_the_handouts() -> None:
    """Each costs as many comparisons as the handout has paragraphs."""
    given = Notebook(
        name="n", cells=(Cell(id="a", kind="markdown", source="one two three four five six"),)
    )
    found = Handout(given, None)
    assert found.beyond("one two three four five seven") == ""
    flood = [f"one two three four five x{number}" for number in range(3 * MAX_COMPARED)]
    assert len(found.beyond("\n\n".join(flood)).split("\n\n")) == 2 * MAX_COMPARED + 1
    assert found.beyond("One two three four five six.") == ""


@pytest.mark.parametrize("alt", ["image.png", "1"])
@pytest.mark.parametrize("size", [900_000, 1_300_000])
def test_an_answer_below_a_large_pasted_picture_is_found(alt: str, size: int) -> None:
    cells = tuple(answered(f"![{alt}](data:image/png;base64,{'A' * size})\n\n{WORDS}"))
    given = [
        {"cell_type": cell.kind, "id": cell.id, "source": cell.source, "metadata": {}}
        for cell in cells
    ]
    notebook = read(json.dumps({"cells": given, "nbformat": 4}).encode(), "A.ipynb")
    assert not [repair for repair in notebook.repairs if "cut" in repair]
    found = mark(VANISHING[1], notebook.cells)
    assert found.status is Status.REVIEW
    assert WORDS in found.details["given"]


def test_where_a_cell_was_cut_nobody_says_that_there_is_no_answer() -> None:
    given = {"cell_type": "markdown", "id": "x", "source": "a " * 600_000, "metadata": {}}
    notebook = read(json.dumps({"cells": [given], "nbformat": 4}).encode(), "A.ipynb")
    assert notebook.repairs == ("cell 1 was cut after 1 MiB",)
    assert mark(VANISHING[1], handout()).status is Status.FAILED
    assert mark(VANISHING[1], handout(), repairs=notebook.repairs).status is Status.REVIEW
