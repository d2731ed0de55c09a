"""What a person reads of a check in a terminal: complete, in lines, and with no power over it."""

from __future__ import annotations

import pytest

from grader.checks.base import failed, passed, review
from grader.core.model import Status
from grader.reports import item_words, terminal_lines, text
from grader.reports.terminal_lines import STYLES, WIDTH, estimate_lines, heading, item_lines
from tests.reports.grades import assignment, grade, item, task


def texts(*lines: terminal_lines.Line) -> list[str]:
    return [line for line, _ in lines]


def test_a_task_is_told_with_its_notebook_if_it_has_one() -> None:
    with_one, without = task(item()), task(item(), notebook=None)
    assert heading(with_one.task) == ("Task activation (ActivationFunctions.ipynb)", "bold")
    assert heading(without.task) == ("Task activation", "bold")


def test_an_item_that_passed_is_one_line() -> None:
    (line,) = item_lines(item(hint="Never shown.", details={"given": "x"}))
    assert line == ("  passed   logistic           1.50 of 1.50", "green")


def test_of_another_item_message_values_and_hint_are_told() -> None:
    wrong = item(
        Status.FAILED,
        message="logistic returns wrong values.",
        hint="Mind the sign.",
        details={"given": ["logistic(0) = 1", "logistic(1) = 2"]},
    )
    first, *more = item_lines(wrong)
    assert first == ("  failed   logistic           0.00 of 1.50", "red")
    assert [line.strip() for line in texts(*more)] == [
        "logistic returns wrong values.",
        "yours: logistic(0) = 1",
        "yours: logistic(1) = 2",
        "hint: Mind the sign.",
    ]


def test_only_some_of_many_values_are_shown() -> None:
    wrong = item(Status.FAILED, details={"given": [f"f({n})" for n in range(20)]})
    shown = [line.strip() for line in texts(*item_lines(wrong)) if "yours" in line]
    assert shown == [f"yours: f({n})" for n in range(item_words.SHOWN)]


def test_a_value_that_is_no_list_is_shown_once() -> None:
    wrong = item(Status.REVIEW, details={"given": "An answer in words."})
    assert "           yours: An answer in words." in texts(*item_lines(wrong))


def test_an_error_of_the_graders_needs_no_hint() -> None:
    broken = item(Status.ERROR, message="The check itself failed.", hint="Mind the sign.")
    assert not any("Mind the sign" in line for line in texts(*item_lines(broken)))


@pytest.mark.parametrize("status", Status)
def test_each_status_has_its_word_and_style(status: Status) -> None:
    line, style = next(item_lines(item(status)))
    assert line.split()[0] == status.value
    assert style == STYLES[status]


def test_long_texts_are_folded_and_no_word_is_lost() -> None:
    message = " ".join(f"word{n}" for n in range(80))
    lines = texts(*item_lines(item(Status.FAILED, message=message)))[1:]
    assert max(map(len, lines)) <= WIDTH + 11
    assert " ".join(" ".join(lines).split()) == message


@pytest.mark.parametrize("evil", ["\x1b[31mred", "a\r\nb", "\u202egrade", "tab\there", "\x07"])
def test_no_text_of_a_student_moves_the_terminal(evil: str) -> None:
    wrong = item(Status.FAILED, message=evil, hint=evil, details={"given": [evil]})
    for line in texts(*item_lines(wrong)):
        assert line.isprintable(), line


def test_the_summary_names_what_to_look_at() -> None:
    one = grade(
        task(item(), item(Status.FAILED, id="tanh"), item(Status.REVIEW, id="words")),
        notes=("Handed in late.",),
    )
    blank, sums, *rest = terminal_lines.summary(one)
    assert blank == ("", "")
    assert sums == ("1 of 3 items passed, 1.50 of 4.50 points", "bold")
    assert texts(*rest) == ["To look at: tanh, words.", "Handed in late."]


def test_who_passed_all_has_nothing_to_look_at() -> None:
    lines = list(terminal_lines.summary(grade()))
    assert lines[1] == ("1 of 1 items passed, 1.50 of 1.50 points", "bold green")
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("outcome", "told", "style"),
    [
        (passed("It reached 88 %."), "It should reach 82.5 %.", "green"),
        (review("It varies."), "It is uncertain that it reaches 82.5 %.", "cyan"),
        (failed("It reached 40 %."), "It will hardly reach 82.5 %.", "red"),
    ],
)
def test_an_estimate_says_how_sure_it_is(outcome: object, told: str, style: str) -> None:
    lines = list(
        estimate_lines("fmssvrc", 82.5, outcome, was_cut=False)  # type: ignore[arg-type]
    )
    assert lines[1] == (f"Estimate (fmssvrc): {told}", style)
    assert len(lines) == 3


def test_an_estimate_from_a_training_that_was_cut_says_so() -> None:
    lines = texts(*estimate_lines("t", 82, passed("m"), was_cut=True))
    assert lines[-1].strip().startswith("The training was cut short here")


def test_the_text_file_holds_the_same_lines_for_every_grade() -> None:
    both = [grade(), grade(task(item(Status.FAILED)), student="bob", name="Bob\x1b")]
    content = text.render(both, assignment())["results.txt"].decode()
    assert "Ada Lovelace\nTask activation" in content
    assert "Bob\N{REPLACEMENT CHARACTER}\n" in content
    assert content.count("of 1.50 points") == 2
