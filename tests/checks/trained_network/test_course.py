"""A course is compared with what was seen of its training; what was not seen costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grader.checks.trained_network.course_of_training import TrainingLoop, TrainingPlots
from grader.checks.trained_network.network_facts import EXPORT, FIGURES, HISTORIES, NETWORK
from grader.core import codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    Cell,
    Ending,
    Evidence,
    Notebook,
    Outcome,
    Run,
    Status,
)
from grader.retraining import runs
from grader.retraining.datasets import fashion_mnist
from tests.checks.model_evaluation.evaluation_task import case

LABELS = (np.arange(10_000) % 10).astype(np.uint8)
ASKED = (NETWORK, HISTORIES, FIGURES, EXPORT)
NETWORK_FACTS: dict[str, Any] = {
    "name": "model",
    "parameters": 7,
    "steps": 940,
    "networks": 1,
    "calls": [],
    "output": [4, 10],
    "layers": [],
    "optimizer": "Adam",
}
COURSE = {"loss": [1.9, 0.8, 0.6], "train": [0.61, 0.79, 0.83], "val": [0.6, 0.8, 0.82]}


@pytest.fixture(autouse=True)
def labels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Made-up labels: these tests are about what is told."""
    monkeypatch.setattr(fashion_mnist, "load", lambda split, folder=None: (None, LABELS))
    yield


def ok(value: Any) -> Answer:
    return Answer(status=AnswerStatus.OK, value=value)


def arrays(course: dict[str, Any]) -> dict[str, Any]:
    return {name: np.array(values, dtype=float) for name, values in course.items()}


def exported(percent: float) -> dict[str, Any]:
    """A network that left, and is right on so many percent of the images."""
    classes = LABELS.copy()
    wrong = round(10_000 - percent * 100)
    classes[:wrong] = (classes[:wrong] + 1) % 10
    return {"problem": "", "classes": classes, "finite": True}


def written(code: str) -> Notebook:
    return Notebook(name="n", cells=(Cell(id="a", kind="code", source=code),))


def loop(
    course: dict[str, Any] = COURSE,
    percent: float = 84.0,
    again: dict[str, Any] | None = None,
    code: str = "",
    given: str = "",
    **facts: Any,
) -> Outcome:
    """The loop's outcome for a course that is kept, and what was seen besides."""
    check = TrainingLoop()
    answers = (ok(NETWORK_FACTS | facts), ok(arrays(course)), ok([]), ok(exported(percent)))
    found = case(check, ASKED, answers)
    found = replace(found, notebook=written(code), template=written(given))
    if again is not None:
        told = {codec.digest(HISTORIES): ok(arrays(again))}
        evidence = Evidence(task="t", ending=Ending.COMPLETED, answers=told)
        found = replace(found, runs=(Run(evidence=evidence, labels=runs.order(1, 1)),))
    return check.judge(found)


def test_a_course_that_fits_passes() -> None:
    other = COURSE | {"loss": [1.8, 0.81, 0.6], "train": [0.6, 0.78, 0.83], "val": [0.6, 0.79, 0.8]}
    assert loop(again=other).status is Status.PASSED


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("losses = [1.9, .8, 6e-1]", True),
        ("accuracies = torch.tensor([61, 79.0, 83]) / 100", True),
        ("losses = [1.9, 0.8]; epochs = 0.6 / 3", True),
        ("# losses were 1.9, 0.8, 0.6", False),
        ("losses = [11.9, 0.8, 0.6]", False),
        ("losses = [1.9, 0.7, 0.6]", False),
        ("x1.9, 0.8, 0.6", False),
    ],
)
def test_a_course_that_stands_as_numbers_in_the_code_goes_to_a_person(
    code: str, typed: bool
) -> None:
    got = loop(code=code)
    assert (got.status is Status.REVIEW) is typed
    assert ("stands as numbers in the code" in got.message) is typed
    assert loop(code=code, given=code).status is Status.PASSED


@pytest.mark.parametrize("made", [lambda a: a * 0.97, lambda a: a * 1.01])
def test_accuracies_that_are_a_share_of_the_others_go_to_a_person(made: Any) -> None:
    train = np.array([0.61372, 0.79151, 0.83413])
    got = loop(COURSE | {"train": train, "val": made(train)})
    assert got.status is Status.REVIEW
    assert "or share of it" in got.message


def test_settings_that_were_tried_are_no_accuracies() -> None:
    kept = {"losses": COURSE["loss"], "dropouts": [0.1, 0.2, 0.5], "sizes": [16, 32, 58]}
    got = loop(kept)
    assert (got.status, str(got.share)) == (Status.PARTIAL, "0.6")
    # What is named tells what it is, and what ends near to the network's accuracy may be its own.
    assert loop(kept | {"a": [0.6, 0.8, 0.9], "b": [0.5, 0.7, 0.8]}).status is Status.PASSED
    assert loop(kept | {"val": [0.1, 0.2, 0.75], "train": [0.1, 0.3, 0.4]}).share == 1


def test_a_network_that_is_far_better_than_its_course_goes_to_a_person() -> None:
    got = loop(COURSE | {"train": [0.08, 0.09, 0.1], "val": [0.07, 0.09, 0.1]})
    assert got.status is Status.REVIEW
    assert "No accuracy is told above 10.0 %" in got.message


TWO = {
    "loss_small": [2.3, 2.2, 2.1],
    "train_small": [0.2, 0.25, 0.3],
    "val_small": [0.19, 0.24, 0.31],
    "loss_big": [1.9, 0.8, 0.6],
    "train_big": [0.61, 0.79, 0.83],
    "val_big": [0.6, 0.8, 0.82],
}
"""The courses of two networks, as a notebook keeps them that compares these."""


@pytest.mark.parametrize(
    ("last", "level", "percent"),
    [("small", [2.31, 2.2, 2.12], 30.0), ("big", [1.8, 0.8, 0.6], 81.0)],
)
def test_of_two_networks_courses_that_of_the_one_that_counts_is_told(
    last: str, level: list[float], percent: float
) -> None:
    seen = np.repeat(level, 300) + np.random.default_rng(1).normal(0, 0.05, 900)
    got = loop(TWO, percent, losses=seen)
    assert got.status is Status.PASSED
    assert got.details["curves"] == {
        "loss": TWO[f"loss_{last}"],
        "train_accuracy": TWO[f"train_{last}"],
        "validation_accuracy": TWO[f"val_{last}"],
    }


def test_more_values_than_updates_go_to_a_person() -> None:
    got = loop(steps=0 + 1, course={name: [*values, 0.5, 0.4] for name, values in COURSE.items()})
    assert got.status is Status.REVIEW
    assert "5 values is told, but the weights were updated only 1 times" in got.message


@pytest.mark.parametrize(
    ("images", "seen", "is_odd"),
    [(8, 40, True), (64, 4800, True), (300, 3000, False), (64, 60_000, False), (0, 0, False)],
)
def test_a_course_of_next_to_no_images_goes_to_a_person(
    images: int, seen: int, is_odd: bool
) -> None:
    got = loop(images=images, seen=seen)
    assert (got.status is Status.REVIEW) == is_odd
    assert (f"only {images} images, {seen} in all" in got.message) == is_odd


def test_a_value_before_the_first_update_and_one_for_each_cost_nothing() -> None:
    assert loop(steps=2).status is Status.PASSED


def test_an_optimizer_that_asks_for_its_loss_more_often_costs_nothing() -> None:
    course = {"loss": [1.9 / n for n in range(1, 40)], **{k: COURSE[k] for k in ("train", "val")}}
    assert loop(course, steps=2, optimizer="LBFGS").status is Status.PASSED


def test_accuracies_that_the_network_does_not_have_go_to_a_person() -> None:
    got = loop(percent=19.8)
    assert got.status is Status.REVIEW
    assert "82.0% or more, but the network reaches 19.80 %" in got.message


def test_overfitting_costs_nothing() -> None:
    course = COURSE | {"train": [0.7, 0.95, 1.0], "val": [0.5, 0.6, 0.62]}
    assert loop(course, percent=60.0).status is Status.PASSED


def test_one_accuracy_alone_may_be_of_images_learned_by_heart() -> None:
    got = loop({"loss": COURSE["loss"], "train": [0.7, 0.95, 1.0]}, percent=60.0)
    assert got.status is Status.PARTIAL


FINE = {
    "loss": [1.90127, 0.81334, 0.60418],
    "train": [0.61233, 0.79021, 0.83357],
    "val": [0.6011, 0.8023, 0.8217],
}


@pytest.mark.parametrize("same", ["loss", "train", "val"])
def test_the_same_course_in_two_trainings_goes_to_a_person(same: str) -> None:
    other = {name: [v * 0.99 for v in values] for name, values in FINE.items()}
    got = loop(FINE, again=other | {same: FINE[same]})
    assert got.status is Status.REVIEW
    assert "same course" in got.message


def test_rounded_courses_may_agree_in_part() -> None:
    """Typed ones agree in all that they tell."""
    epochs = range(1, 8)
    course = {
        "loss": [round(2 / n, 2) for n in epochs],
        "train": [round(0.6 + n / 30, 2) for n in epochs],
        "val": [round(0.59 + n / 31, 2) for n in epochs],
    }
    other = {"loss": [v + 0.01 for v in course["loss"]], "val": [v - 0.01 for v in course["val"]]}
    assert loop(course, again=course | other).status is Status.PASSED
    assert loop(course, again=course).status is Status.REVIEW


def test_a_course_that_is_drawn_alone_is_compared_with_that_of_the_second_run() -> None:
    check = TrainingPlots()
    lines = [{"x": np.arange(3.0), "y": np.array(y), "label": k} for k, y in FINE.items()]
    drawn = ok([{"cell": 1, "axes": [{"lines": lines, "title": "course"}], "legend": []}])
    found = case(check, ASKED, (ok(NETWORK_FACTS), ok({}), drawn, ok(exported(84.0))))
    told = {codec.digest(FIGURES): drawn}
    evidence = Evidence(task="t", ending=Ending.COMPLETED, answers=told)
    got = check.judge(replace(found, runs=(Run(evidence=evidence, labels=runs.order(1, 1)),)))
    assert got.status is Status.REVIEW
    assert "same course" in got.message


@pytest.mark.parametrize(
    "name", ["lr", "lr_history", "learning_rates", "Learning rate", "Lernrate"]
)
def test_a_schedule_is_no_course(name: str) -> None:
    schedule = {name: [0.9, 0.7, 0.5]}
    other = {"loss": [1.8, 0.81, 0.6], "train": [0.6, 0.78, 0.83], "val": [0.6, 0.79, 0.8]}
    assert loop(schedule | COURSE, again=schedule | other).status is Status.PASSED


ACCURACY = np.array([0.612, 0.7431, 0.7998, 0.8263, 0.8301])


@pytest.mark.parametrize(
    ("val", "is_odd"),
    [(ACCURACY - 0.01, True), (ACCURACY - [0.01, 0.012, 0.009, 0.01, 0.01], False)],
)
def test_an_accuracy_made_of_the_other_goes_to_a_person(val: Any, is_odd: bool) -> None:
    got = loop({"loss": [1.9, 0.8, 0.6, 0.5, 0.4], "train": ACCURACY, "val": val})
    assert (got.status is Status.REVIEW) == is_odd
    assert ("by the same amount in every epoch" in got.message) == is_odd


def test_rounded_accuracies_may_differ_by_the_same_amount() -> None:
    train = np.round(ACCURACY, 2)
    course = {"loss": [1.9, 0.8, 0.6, 0.5, 0.4], "train": train, "val": train - 0.01}
    assert loop(course).status is Status.PASSED


@pytest.mark.parametrize(
    ("seen", "is_odd"),
    [([2.31, 2.3, 2.29], True), ([2.3, 1.2, 0.6], False), ([2.3, 2.0], False), ([], False)],
)
def test_a_loss_that_was_seen_to_stay_is_not_told_to_fall(seen: list[float], is_odd: bool) -> None:
    got = loop(losses=np.array(seen, dtype=float))
    assert (got.status is Status.REVIEW) == is_odd
    assert ("seen here it stayed between 2.29 and 2.31" in got.message) == is_odd


def test_a_constant_accuracy_may_be_the_same_twice() -> None:
    course = COURSE | {"train": [0.1, 0.1, 0.1], "val": [0.1, 0.1, 0.1]}
    assert loop(course, percent=10.0, again=course | {"loss": [2, 1, 0.9]}).status is not (
        Status.REVIEW
    )


def test_a_network_that_could_not_be_measured_costs_nothing() -> None:
    check = TrainingLoop()
    answers = (ok(NETWORK_FACTS), ok(arrays(COURSE)), ok([]), ok({"problem": "it is too large"}))
    assert check.judge(case(check, ASKED, answers)).status is Status.PASSED


def test_plots_of_a_course_that_can_not_be_go_to_a_person() -> None:
    check = TrainingPlots()
    lines = [{"x": np.arange(3.0), "y": np.array(y), "label": k} for k, y in COURSE.items()]
    drawn = [{"cell": 1, "axes": [{"lines": lines, "title": "course"}], "legend": []}]
    for percent, status in ((84.0, Status.PASSED), (19.8, Status.REVIEW)):
        answers = (ok(NETWORK_FACTS), ok({}), ok(drawn), ok(exported(percent)))
        assert check.judge(case(check, ASKED, answers)).status is status
