"""Checks of how a network was trained: validation split, loop, and the plots of its course.

Trusted side, pure. No names are prescribed: what was recorded is found by its form.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, model_validator

from grader.checks.base import Check, error, failed, outcome, partial, passed, review
from grader.checks.functions.plots import all_axes
from grader.checks.settings import Share, sum_up
from grader.checks.trained_network.course import CLASSES, Course, contradictions
from grader.checks.trained_network.drawn_lines import courses_of
from grader.checks.trained_network.network_facts import (
    EXPORT,
    FIGURES,
    HISTORIES,
    NETWORK,
    SPLIT,
    UNKNOWN,
    answer_to,
    nothing_trained,
    read_network,
)
from grader.core.model import AnswerStatus, Case, Outcome, Question, Status

IMAGES = 60_000
TRAINED = re.compile(r"train", re.IGNORECASE)
VALIDATED = re.compile(r"val", re.IGNORECASE)

FEW = 0.05
"""The share of a validation set that may be learned from by a slip."""

MANY = 100
"""Parts of the training images that are compared with each other."""


class ValidationSplit(Check):
    """Part of the training images is kept aside for validation, and not trained on."""

    smallest: Annotated[int, Field(ge=1, le=IMAGES)] = 500
    """Images that a validation set has at least."""
    largest: Annotated[int, Field(ge=1, le=IMAGES)] = 30_000
    """Images that it has at most."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.smallest > self.largest:
            raise ValueError(f"smallest is {self.smallest}, more than largest, {self.largest}")
        return self

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """What data sets there are."""
        return (SPLIT,)

    def judge(self, case: Case) -> Outcome:
        """By the rows that the data sets select, whatever their names."""
        answer = case.answers[0]
        facts = answer.value.get("sets") if isinstance(answer.value, dict) else None
        if answer.status is not AnswerStatus.OK or not isinstance(facts, dict):
            return error("The notebook's data sets could not be looked at.")
        sets = {
            name: (np.asarray(f["rows"]), int(f["size"]))
            for name, f in facts.items()
            if isinstance(f, dict)
            and f.get("train") is True
            and f.get("known") is True
            and _are_rows(f.get("rows"))
            and f["rows"].size == f.get("size")
        }
        parts = {name: rows for name, (rows, size) in sets.items() if 0 < size < IMAGES}
        held = {
            n: r
            for n, r in parts.items()
            if self.smallest <= r.size <= self.largest and not _is_for_training(n)
        }
        if not parts:
            return self._nothing_split(facts, answer.value.get("taught"))
        if not held:
            sizes = ", ".join(f"{name}: {rows.size} images" for name, rows in parts.items())
            return partial("0.5", "The validation set is too small or too large.", given=sizes)
        if len(parts) > MANY:
            return review(
                f"The notebook keeps {len(parts)} parts of the training images; a person must look "
                "which is for validation."
            )
        learned, used = _learned(answer.value.get("taught")), ""
        for name, rows in held.items():
            others = [r for n, r in parts.items() if n != name and r.size >= rows.size]
            if any(not np.intersect1d(rows, other).size for other in others):
                of_these = int(learned[rows].sum())
                if of_these <= FEW * rows.size:
                    return passed(f"{rows.size} images are kept for validation.", given=name)
                used = used or f"{of_these} of the {rows.size} images of `{name}`"
        if used:
            return review(
                f"A validation set was split off, but the network that counts also learned from "
                f"{used}. A person must look whether it is ever used for validation."
            )
        return partial("0.5", "The validation images are also trained on.")

    def _nothing_split(self, facts: dict[str, Any], taught: object) -> Outcome:
        if any(_own_data(f) for f in facts.values()):
            return review(
                "The notebook makes data sets of its own; a person must look for a "
                "validation set among them."
            )
        if taught is not None and _learned(taught).sum() <= IMAGES - self.smallest:
            return review(
                "No validation set was found, but the network was not seen to learn from all "
                "training images either. A person must look whether some are kept aside."
            )
        return failed(
            "No validation set was split from the training images.",
            given="validation_size leaves no validation images",
        )


def _learned(value: object) -> np.ndarray:
    """For each training image, whether the network was seen to learn from it."""
    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.size * 8 == IMAGES:
        return np.unpackbits(value)
    return np.zeros(IMAGES, dtype=np.uint8)


def _is_for_training(name: str) -> bool:
    """Whether a name says that a set is not the validation set."""
    return bool(TRAINED.search(name)) and not VALIDATED.search(name)


def _are_rows(value: object) -> bool:
    """Whether these are numbers of training images, each once."""
    if not isinstance(value, np.ndarray) or value.ndim != 1 or value.dtype.kind not in "iu":
        return False
    fits = value.size == 0 or (value.min() >= 0 and value.max() < IMAGES)
    return bool(fits and np.unique(value).size == value.size)


def _own_data(fact: object) -> bool:
    """Whether a data set's rows could not be traced back to Fashion-MNIST."""
    return isinstance(fact, dict) and fact.get("known") is False


class TrainingLoop(Check):
    """Loss, training and validation accuracy of each epoch are recorded while it learns."""

    trained_share: Share = Decimal("0.4")
    """For a network that learns. The shares add up to 1."""
    loss_share: Share = Decimal("0.2")
    """For the loss of each epoch."""
    training_share: Share = Decimal("0.2")
    """For the training accuracy of each epoch."""
    validation_share: Share = Decimal("0.2")
    """For the validation accuracy of each epoch."""

    _one_whole = model_validator(mode="after")(sum_up)

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """The network, recorded series, and drawn lines."""
        return (NETWORK, HISTORIES, FIGURES, EXPORT)

    def judge(self, case: Case) -> Outcome:
        """A share for each thing that is there."""
        early = nothing_trained(case)
        if early is not None:
            return early
        network = read_network(answer_to(case, NETWORK))
        if network is None:
            return error("What is known of the network can't be believed.")
        if network.steps == 0:
            return failed("The network's weights were never updated.")
        if any(answer_to(case, q).status in UNKNOWN for q in (HISTORIES, FIGURES)):
            return error("What the notebook recorded could not be established.")
        course = Course.of(case)
        if wrong := contradictions(case, course, network):
            return review(f"{' '.join(wrong)} A person must look.", curves=course.curves())
        found = {
            "trained_share": True,
            "loss_share": course.loss is not None,
            "training_share": len(course.accuracies) >= 1,
            "validation_share": len(course.accuracies) >= 2,
        }
        words = {
            "loss_share": "the loss of each epoch",
            "training_share": "the training accuracy of each epoch",
            "validation_share": "the validation accuracy of each epoch",
        }
        missing = [words[key] for key in words if not found[key]]
        share = sum((getattr(self, key) for key in found if found[key]), Decimal(0))
        details = {"curves": course.curves(), "given": f"{network.steps} updates"}
        if not missing:
            return passed("The network learns, and the course of it is recorded.", **details)
        message = f"The network was trained, but {' and '.join(missing)} is not recorded."
        return outcome(Status.PARTIAL, message, share, **details)


class TrainingPlots(Check):
    """Plots of loss and of both accuracies over the epochs, with titles or labels."""

    loss_share: Share = Decimal("0.35")
    """For the loss. The shares add up to 1."""
    accuracy_share: Share = Decimal("0.25")
    """For the training accuracy."""
    validation_share: Share = Decimal("0.25")
    """For the validation accuracy."""
    text_share: Share = Decimal("0.15")
    """For a title, label or legend."""

    _one_whole = model_validator(mode="after")(sum_up)

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """Figures, and the series they should show."""
        return (NETWORK, HISTORIES, FIGURES, EXPORT)

    def judge(self, case: Case) -> Outcome:
        """By the lines in the figures."""
        early = nothing_trained(case)
        if early is not None:
            return early
        if answer_to(case, FIGURES).status in UNKNOWN:
            return error("What the notebook draws could not be established.")
        axes_of_all = all_axes(answer_to(case, FIGURES))
        axes = [ax for ax in axes_of_all if courses_of(ax)]
        drawn = Course.drawn(case, axes)
        network = read_network(answer_to(case, NETWORK))
        if network is not None and (wrong := contradictions(case, drawn, network)):
            return review(f"{' '.join(wrong)} A person must look.")
        share = Decimal(0)
        missing = []
        for there, part, words in (
            (drawn.loss is not None, self.loss_share, "the loss"),
            (len(drawn.accuracies) >= 1, self.accuracy_share, "the training accuracy"),
            (len(drawn.accuracies) >= 2, self.validation_share, "the validation accuracy"),
            (
                any((ax["xlabel"] or ax["ylabel"] or ax["title"] or ax["legend"]) for ax in axes),
                self.text_share,
                "a title, label or legend",
            ),
        ):
            if there:
                share += part
            else:
                missing.append(words)
        if not missing:
            return passed("Loss and accuracies are plotted over the epochs.")
        if share <= self.text_share and _has_bars(axes_of_all, Course.of(case)):
            return review("The training's course may be drawn as bars. A person must look.")
        if share <= self.text_share:
            return failed("There is no plot of the training's course.")
        return partial(share, f"In the plots of the training {', '.join(missing)} is missing.")


def _has_bars(axes: list[dict[str, Any]], course: Course) -> bool:
    """Whether there are as many bars as a course has values, beyond the ten of the classes."""
    counts = [len(ax["bars"]) for ax in axes if isinstance(ax.get("bars"), list)]
    kept = [series.size for series in (course.loss, *course.accuracies) if series is not None]
    return any(size != CLASSES and size in counts for size in kept)
