"""The course of a training: found among series by its form, and compared with what was seen.

Trusted side, pure. No names are prescribed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

import numpy as np

from grader.checks.functions.plots import all_axes
from grader.checks.trained_network.drawn_lines import ACCURACY, LOSS, named_lines, told_apart
from grader.checks.trained_network.measured import further, measured
from grader.checks.trained_network.network_facts import (
    FIGURES,
    HISTORIES,
    NETWORK,
    Network,
    Series,
    answer_to,
    fractions,
    own_code,
    read_network,
    read_series,
)
from grader.core import codec
from grader.core.model import Case, Evidence

MIN_EPOCHS = 2
BY_CLASS = re.compile(r"class(?!if)|klasse", re.IGNORECASE)
CLASSES = 10
VALIDATION = re.compile(r"val|test|dev", re.IGNORECASE)
TRAINING = re.compile(r"train|epo[ck]|hist|verlauf", re.IGNORECASE)
SCHEDULE = re.compile(
    r"learn\w*[\W_]*rate|lernrate|(^|[\W_])lrs?([\W_]|$)|schedul|momentum", re.IGNORECASE
)
"""What an optimizer is told, and the same in each training."""

IMAGES = 60_000
FEWEST, OFF = 1000, 5.0
"""Images of the smallest training set; by so much a kept loss may differ from the one seen."""

MANY_LOSSES = ("LBFGS",)
"""Optimizers that ask for the loss several times in one step."""

TOO_GOOD = 15.0
"""Points of accuracy by which a network may be worse on the test images than both courses end."""

NEAR_ZERO, NO_NUMBER = 1e-9, 1e12
"""What is nearer to zero is zero; what is larger, or nan, is no loss and no accuracy."""

MANY = 200
"""Accuracies of one length that are compared with each other: the first ones."""

NOTHING_SEEN: Series = np.zeros(0)

TINY, TINY_ROWS = 100, 5000
"""So few images, and in all passes together, have no course: it is no training of epochs."""

FALLEN, STAYED = 0.6, 0.9
"""A loss that is told to fall below this share of what it was, and one that was seen to stay."""

NUMBER = re.compile(r"(?<![\w.])\d{0,15}\.?\d{1,20}\.?(?:[eE][-+]?\d{1,2})?(?![\w.])")

FAR = 0.25
"""Below the accuracy that a network has: a series that ends there and has no name is no course."""

MIN_SHIFTED = 5
MIN_SAME = 3
"""Values of a course, to say that it is another one's."""

BITS, ENOUGH_BITS = (0.8, 0.8, 0.8, 3.0, 6.0), 12.0
"""Of one value, by its decimals: two trainings of a network differ by some 0.5 % in each epoch."""


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
        seen = network.losses if network is not None else NOTHING_SEEN
        reached = next((one.accuracy / 100 for one in measured(case)), None)
        recorded = cls.sorted(fits, seen, reached)
        drawn = cls.drawn(case, all_axes(answer_to(case, FIGURES)))
        return cls(
            recorded.loss if recorded.loss is not None else drawn.loss,
            max(recorded.accuracies, drawn.accuracies, key=len),
        )

    @classmethod
    def drawn(cls, case: Case, axes: Sequence[dict[str, Any]]) -> Course:
        """From the lines of some axes."""
        network = read_network(answer_to(case, NETWORK))
        seen = network.losses if network is not None else NOTHING_SEEN
        reached = next((one.accuracy / 100 for one in measured(case)), None)
        return cls.sorted(named_lines(axes), seen, reached)

    @classmethod
    def in_run(cls, evidence: Evidence) -> tuple[Course, Course]:
        """What was recorded in a further run, and what was drawn."""
        recorded = read_series(codec.answer_to(HISTORIES, evidence)).items()
        lines = named_lines(all_axes(codec.answer_to(FIGURES, evidence)))
        # Other curves, such as of a function, may well be the same in each run.
        drawn = [(n, y) for n, y in lines if LOSS.search(n) or ACCURACY.search(n)]
        return cls.sorted(recorded), cls.sorted(drawn)

    @classmethod
    def sorted(
        cls,
        series: Iterable[tuple[str, Series]],
        seen: Series = NOTHING_SEEN,
        reached: float | None = None,
    ) -> Course:
        """Sorts series by their names where these tell, else by form: losses fall.

        Of several networks' courses the one that counts is nearest to the losses that were seen of
        its training, and ends nearest to the accuracy (a fraction) that it has reached.
        """
        accuracies: list[tuple[str, Series]] = []
        losses = []
        for name, values in series:
            if values.size < MIN_EPOCHS or not (np.abs(values) < NO_NUMBER).all():
                continue
            if not _of_epochs(name, values) or SCHEDULE.search(name):
                continue
            shares = fractions(values)
            if _is_accuracy(name, values):
                assert shares is not None
                # Settings that were tried rise as well, but do not end where the network does.
                tells = any(k.search(name) for k in (ACCURACY, VALIDATION, TRAINING))
                if not tells and reached is not None and reached - shares[-1] > FAR:
                    continue
                known = [a for _, a in accuracies if a.size == shares.size]
                if len(known) < MANY and not any(np.allclose(a, shares) for a in known):
                    accuracies.append((name, shares))
            elif LOSS.search(name) or values[-1] < values[0]:
                losses.append(values)
        loss = min(losses, key=lambda values: _distance(values, seen)) if losses else None
        named = [(name, a) for name, a in accuracies if not _of_classes(name, a, loss)]
        return cls(loss, _in_order(named, reached))

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


def _distance(values: Series, seen: Series) -> float:
    """How far a loss lies from the one seen while a network was trained, epoch by epoch."""
    if seen.size < values.size or values.min() <= 0:
        return 0.0
    means = np.array([part.mean() for part in np.array_split(seen, values.size)])
    return float(np.abs(np.log(values / np.maximum(means, NEAR_ZERO))).mean())


def _in_order(accuracies: Sequence[tuple[str, Series]], reached: float | None) -> list[Series]:
    """Accuracies, that on training images first, then that on validation images, then the rest."""
    others = [a for name, a in accuracies if not VALIDATION.search(name)]
    held = [a for name, a in accuracies if VALIDATION.search(name)]
    if reached is not None and held:
        for kind in (others, held):
            kind.sort(key=lambda values: abs(float(values[-1]) - reached))
    return [*others[:1], *held[:1], *others[1:], *held[1:]]


def contradictions(case: Case, course: Course, network: Network) -> list[str]:
    """What of a course can't be, by what was seen of the training, in words.

    What merely was not seen is none.
    """
    found = []
    kept = [*([] if course.loss is None else [course.loss]), *course.accuracies]
    longest = max((series.size for series in kept), default=0)
    # An optimizer may evaluate the loss several times for one step, and a course begin before it.
    if network.optimizer not in MANY_LOSSES and 0 < 2 * network.steps + 1 < longest:
        found.append(
            f"A course of {longest} values is told, but the weights were updated only "
            f"{network.steps} times."
        )
    if longest and 0 < network.images < TINY and network.seen < TINY_ROWS:
        found.append(
            f"A course of {longest} values is told, but it was seen to learn from only "
            f"{network.images} images, {network.seen} in all passes together."
        )
    told = [float(series[-1]) for series in course.accuracies[:2]]
    reached = measured(case)[:1]
    if len(told) == 2 and reached and min(told) * 100 - reached[0].accuracy > TOO_GOOD:
        found.append(
            f"Both accuracies are told to end at {min(told):.1%} or more, but the network reaches "
            f"{reached[0].accuracy:.2f} % on the test images."
        )
    best = max((100 * float(series.max()) for series in course.accuracies), default=100.0)
    if len(told) == 2 and reached and reached[0].accuracy - best > TOO_GOOD:
        text = f"{reached[0].accuracy:.2f} % on the test images"
        found.append(f"No accuracy is told above {best:.1f} %, but the network reaches {text}.")
    others = [other for run in further(case) for other in Course.in_run(run.evidence)]
    if any(_is_the_same(course, other) for other in others):
        found.append(
            "Trained again with other class numbers, it tells the same course to the last digit."
        )
    if case.notebook is not None and (
        typed := _typed(kept, own_code(case.notebook, case.template))
    ):
        values = ", ".join(f"{value:g}" for value in typed[:5])
        found.append(f"The course that is told stands as numbers in the code: {values} ….")
    if len(course.accuracies) > 1 and _is_shifted(*course.accuracies[:2]):
        found.append(
            "Both accuracies are told to differ by the same amount in every epoch, or share of it."
        )
    if course.loss is not None and _falls(course.loss) and _stays(network.losses):
        first, last = course.loss[0], course.loss[-1]
        low, high = network.losses.min(), network.losses.max()
        found.append(
            f"The loss is told to fall from {first:.3g} to {last:.3g}, but seen here it stayed "
            f"between {low:.3g} and {high:.3g}."
        )
    return found


def _typed(series: Sequence[Series], code: Sequence[str]) -> list[float]:
    """The values of a series that stand one after the other in the code; empty if none do."""
    for source in code:
        text = re.sub(r"#.*", "", source)
        written = np.array([float(found) for found in NUMBER.findall(text)])
        for values in series:
            if values.size < MIN_SAME or np.unique(values).size < MIN_SAME:
                continue
            if written.size < values.size or np.array_equal(values, np.round(values)):
                continue
            places = np.lib.stride_tricks.sliding_window_view(written, values.size)
            for scale in (1, 100):
                if np.isclose(places, values * scale, rtol=1e-9, atol=0).all(axis=1).any():
                    return [float(value) * scale for value in values]
    return []


def _is_shifted(one: Series, other: Series) -> bool:
    """Whether one is made of the other. Of rounded accuracies of few epochs, chance may do that."""
    if one.size != other.size or one.size < MIN_SAME or np.ptp(one) == 0 or other.min() <= 0:
        return False
    both = np.concatenate([one, other])
    if np.allclose(both, np.round(both, 2), atol=1e-9):
        return False
    shifted = one.size >= MIN_SHIFTED and np.ptp(one - other) < 1e-6
    return bool(shifted or np.ptp(one / other) < 1e-9)


def _falls(told: Series) -> bool:
    return bool(told[-1] < FALLEN * told[0])


def _stays(seen: Series) -> bool:
    return bool(seen.size > 1 and seen.min() > STAYED * seen.max())


def _is_the_same(one: Course, other: Course) -> bool:
    """Whether two courses agree in what changes at all, by more than rounding explains."""
    pairs = [] if one.loss is None or other.loss is None else [(one.loss, other.loss)]
    pairs += product(one.accuracies, other.accuracies)
    return sum(_bits(a) for a, b in pairs if np.array_equal(a, b)) >= ENOUGH_BITS


def _bits(values: Series) -> float:
    """How much it says that another training has the same values."""
    different = np.unique(values)
    if values.size < MIN_SAME or different.size < 2:
        return 0.0
    decimals = next((n for n in range(4) if np.allclose(np.round(values, n), values, atol=1e-9)), 4)
    return float(different.size * BITS[decimals])


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
    if shares is None or (told_apart(name) and LOSS.search(name)):
        return False
    return told_apart(name) or bool(shares[-1] > shares[0] or shares[-1] >= 0.9 * shares[0] > 0.27)
