"""What all check types share: strict settings, and outcomes whose share fits."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

import numpy as np
import pytest
from pydantic import ValidationError

from grader.checks import base
from grader.checks.base import Check, error, failed, outcome, partial, passed, review
from grader.core.model import Answer, AnswerStatus, Case, Outcome, Question, Status


class Double(Check):
    """With two settings."""

    function: str
    tolerance: float = 0.1


class Patient(Check):
    """Wants further runs."""

    def again(self, case: Case) -> tuple[Question, ...]:
        return (Question(probe="p"),)


def test_settings_are_those_of_the_rubric_and_no_others() -> None:
    assert Double(function="f").tolerance == 0.1
    with pytest.raises(ValidationError, match="tolerence"):
        Double.model_validate({"function": "f", "tolerence": 0.2})
    with pytest.raises(ValidationError, match="function"):
        Double.model_validate({})


def test_settings_do_not_change() -> None:
    check = Double(function="f")
    with pytest.raises(ValidationError, match="frozen"):
        check.tolerance = 0.5


def test_a_check_is_about_its_plot_else_its_function() -> None:
    class Plots(Double):
        plot: str = ""

    assert Double(function="f").subject == "f"
    assert Plots(function="f", plot="plot_f").subject == "plot_f"
    assert Plots(function="f").subject == "f"
    assert Check().subject == ""


def test_only_a_check_that_says_so_asks_for_further_runs() -> None:
    assert Patient().may_ask_again
    assert not Double(function="f").may_ask_again
    assert Double(function="f").again(Case()) == ()


def test_a_check_asks_nothing_and_publishes_all_unless_it_says_otherwise() -> None:
    answer = Answer(status=AnswerStatus.OK, value=[1])
    check = Check()
    assert check.questions(np.random.default_rng(1)) == ()
    assert check.published(answer) is answer
    assert check.essence(answer) == [1]
    assert (check.reference, check.observes, check.automatic) == (False, True, True)


def test_a_check_without_a_verdict_is_a_bug() -> None:
    with pytest.raises(NotImplementedError):
        Check().judge(Case())


@pytest.mark.parametrize(
    ("found", "status", "share"),
    [
        (passed("m", x=1), Status.PASSED, "1"),
        (failed("m", x=1), Status.FAILED, "0"),
        (review("m", x=1), Status.REVIEW, "0"),
        (error("m", x=1), Status.ERROR, "0"),
        (partial("0.25", "m", x=1), Status.PARTIAL, "0.25"),
        (partial(Decimal("0.5"), "m", x=1), Status.PARTIAL, "0.5"),
        (outcome(Status.BLOCKED, "m", x=1), Status.BLOCKED, "0"),
    ],
)
def test_an_outcome_has_the_share_of_its_status(found: Outcome, status: Status, share: str) -> None:
    assert (found.status, found.share) == (status, Decimal(share))
    assert (found.message, found.details) == ("m", {"x": 1})


def test_a_partial_outcome_needs_its_share() -> None:
    with pytest.raises(ValueError, match="needs its share"):
        outcome(Status.PARTIAL, "m")


def test_what_a_check_type_is_stands_in_its_class_and_is_no_setting() -> None:
    class Asks(Check):
        reference: ClassVar[bool] = True

    assert Asks().reference
    assert Asks().model_dump() == {}
    assert base.Check.model_config["extra"] == "forbid"
