"""Checks of how a network was trained: validation split, loop, and the plots of its course.

Trusted side, pure. No names are prescribed: what was recorded is found by its form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, model_validator

from grader.checks.base import Check, error, failed, outcome, partial, passed, review
from grader.checks.functions.plots import all_axes, lines_of
from grader.checks.settings import Share, sum_up
from grader.checks.trained_network.network_facts import (
    FIGURES,
    HISTORIES,
    NETWORK,
    SPLIT,
    UNKNOWN,
    Network,
    Series,
    answer_to,
    fractions,
    nothing_trained,
    read_network,
    read_series,
)
from grader.core.model import AnswerStatus, Case, Outcome, Question, Status

MIN_EPOCHS = 2
IMAGES = 60_000
LOSS = re.compile(r"loss|verlust|fehler|kosten|cost|error", re.IGNORECASE)
BY_CLASS = re.compile(r"class(?!if)|klasse", re.IGNORECASE)
TRAINED = re.compile(r"train", re.IGNORECASE)
VALIDATED = re.compile(r"val", re.IGNORECASE)
FEWEST, OFF = 1000, 5.0
"""Images of the smallest training set; by so much a kept loss may differ from the one seen."""

ACCURACY = re.compile(r"acc|genau|treffer|correct|score", re.IGNORECASE)
VALIDATION = re.compile(r"val|test|dev", re.IGNORECASE)
TRAINING = re.compile(r"train|epo[ck]|hist|verlauf", re.IGNORECASE)
CLASSES = 10


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
        if not parts and any(_own_data(f) for f in facts.values()):
            return review(
                "The notebook makes data sets of its own; a person must look for a "
                "validation set among them."
            )
        if not parts:
            return failed(
                "No validation set was split from the training images.",
                given="validation_size leaves no validation images",
            )
        if not held:
            sizes = ", ".join(f"{name}: {rows.size} images" for name, rows in parts.items())
            return partial("0.5", "The validation set is too small or too large.", given=sizes)
        for name, rows in held.items():
            others = [r for n, r in parts.items() if n != name and r.size >= rows.size]
            if any(not np.intersect1d(rows, other).size for other in others):
                return passed(f"{rows.size} images are kept for validation.", given=name)
        return partial("0.5", "The validation images are also trained on.")


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

    @model_validator(mode="after")
    def _sum_up(self) -> Self:
        return sum_up(self)

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """The network, recorded series, and drawn lines."""
        return (NETWORK, HISTORIES, FIGURES)

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

    @model_validator(mode="after")
    def _sum_up(self) -> Self:
        return sum_up(self)

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """Figures, and the series they should show."""
        return (NETWORK, HISTORIES, FIGURES)

    def judge(self, case: Case) -> Outcome:
        """By the lines in the figures."""
        early = nothing_trained(case)
        if early is not None:
            return early
        if answer_to(case, FIGURES).status in UNKNOWN:
            return error("What the notebook draws could not be established.")
        axes = [ax for ax in all_axes(answer_to(case, FIGURES)) if lines_of(ax)]
        drawn = Course.sorted(named_lines(axes))
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
        if share <= self.text_share:
            return failed("There is no plot of the training's course.")
        return partial(share, f"In the plots of the training {', '.join(missing)} is missing.")


class Course:
    """The course of a training as series: a loss, and accuracies as fractions."""

    def __init__(self, loss: Series | None, accuracies: list[Series]) -> None:
        self.loss, self.accuracies = loss, accuracies

    @classmethod
    def of(cls, case: Case) -> Course:
        """From recorded series, or from drawn lines where nothing was kept at top level."""
        network = read_network(answer_to(case, NETWORK))
        series = read_series(answer_to(case, HISTORIES))
        fits = [(n, v) for n, v in series.items() if network is None or _fits(n, v, network)]
        recorded = cls.sorted(fits)
        drawn = cls.sorted(named_lines(all_axes(answer_to(case, FIGURES))))
        return cls(
            recorded.loss if recorded.loss is not None else drawn.loss,
            max(recorded.accuracies, drawn.accuracies, key=len),
        )

    @classmethod
    def sorted(cls, series: Iterable[tuple[str, Series]]) -> Course:
        """Sorts series by their names where these tell, else by form: losses fall."""
        accuracies: list[tuple[str, Series]] = []
        losses = []
        for name, values in series:
            if values.size < MIN_EPOCHS or not np.isfinite(values).all():
                continue
            if not _of_epochs(name, values):
                continue
            shares = fractions(values)
            if _is_accuracy(name, values):
                assert shares is not None
                known = [a for _, a in accuracies if a.size == shares.size]
                if not any(np.allclose(a, shares) for a in known):
                    accuracies.append((name, shares))
            elif LOSS.search(name) or values[-1] < values[0]:
                losses.append(values)
        loss = losses[0] if losses else None
        accuracies.sort(key=lambda named: bool(VALIDATION.search(named[0])))
        return cls(loss, [a for name, a in accuracies if not _of_classes(name, a, loss)])

    def curves(self) -> dict[str, list[float]]:
        """For the report: at most 200 points each."""
        curves = {}
        if self.loss is not None:
            curves["loss"] = [round(float(v), 5) for v in self.loss[:200]]
        for name, values in zip(
            ("train_accuracy", "validation_accuracy"), self.accuracies, strict=False
        ):
            curves[name] = [round(float(v), 5) for v in values[:200]]
        return curves


def _fits(name: str, values: Series, network: Network) -> bool:
    """Whether a series whose name tells nothing may be the course of this network's training.

    It has a value for each epoch that was seen, and what falls is of the size of the loss that was
    seen: widths of layers and settings of an optimizer are not.
    """
    if any(known.search(name) for known in (LOSS, ACCURACY, VALIDATION, TRAINING)):
        return True
    if network.seen and not network.seen / IMAGES * 0.9 <= values.size <= network.seen / FEWEST + 1:
        return False
    if not network.losses.size or not np.isfinite(values).all() or values[-1] >= values[0]:
        return True
    low, high = network.losses.min() / OFF, network.losses.max() * OFF
    return bool(values.min() >= low and values.max() <= high)


def _of_classes(name: str, values: Series, loss: Series | None) -> bool:
    """Whether these are numbers of the ten classes, such as an output or the accuracy on each."""
    if values.size != CLASSES:
        return False
    if loss is not None:
        return loss.size != CLASSES
    return not (ACCURACY.search(name) or VALIDATION.search(name) or TRAINING.search(name))


def named_lines(axes: Sequence[dict[str, Any]]) -> list[tuple[str, Series]]:
    """Every line with what is written about it: its label, else the axis's label and the title."""
    return [
        (line["label"] if _tells(line["label"]) else f"{ax['ylabel']} {ax['title']}", line["y"])
        for ax in axes
        for line in lines_of(ax)
    ]


def _tells(text: str) -> bool:
    return bool(LOSS.search(text)) != bool(ACCURACY.search(text))


def _of_epochs(name: str, values: Series) -> bool:
    """Whether a series may hold a number for each epoch.

    What is left behind at top level may not: labels and hits of the last batch, and the accuracies
    and counts of the ten classes.
    """
    whole = bool(np.isfinite(values).all() and np.array_equal(values, np.round(values)))
    left_over = whole and values.min() >= 0 and values.max() < CLASSES
    of_classes = values.size == CLASSES and BY_CLASS.search(name)
    return not left_over and not of_classes and not _counts(values)


def _counts(values: Series) -> bool:
    """Whether this is a numbering of epochs."""
    return bool(np.array_equal(values, np.round(values)) and np.all(np.diff(values) == 1))


def _is_accuracy(name: str, values: Series) -> bool:
    shares = fractions(values)
    if shares is None or (_tells(name) and LOSS.search(name)):
        return False
    return _tells(name) or bool(shares[-1] > shares[0] or shares[-1] >= 0.9 * shares[0] > 0.27)
