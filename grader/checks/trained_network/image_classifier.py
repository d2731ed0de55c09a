"""Checks of the trained classifier: sample images, its kind, its accuracy, its accuracy per class.

Trusted side. Accuracy is measured here, on true labels that the student's code never had, from
predictions on all 10,000 test images.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.checks.base import Check, error, failed, partial, passed, review
from grader.checks.functions.plots import all_axes, lines_of
from grader.checks.settings import Share, Tolerance
from grader.checks.trained_network import training_images
from grader.checks.trained_network.course import TOO_GOOD
from grader.checks.trained_network.network_facts import (
    EXPORT,
    FIGURES,
    NETWORK,
    STAND_IN,
    UNKNOWN,
    Export,
    Network,
    Series,
    answer_to,
    fractions,
    nothing_trained,
    of_the_right_one,
    per_class,
    read_classes,
    read_export,
    read_network,
)
from grader.core.model import AnswerStatus, Case, Outcome, Question, Status
from grader.retraining import onnx_network
from grader.retraining.datasets import fashion_mnist

ALLOWED = {
    "Linear",
    "Flatten",
    "Unflatten",
    "Identity",
    "BatchNorm1d",
    "LayerNorm",
    "Dropout",
    "AlphaDropout",
    "FeatureAlphaDropout",
    "ReLU",
    "LeakyReLU",
    "PReLU",
    "RReLU",
    "ReLU6",
    "ELU",
    "SELU",
    "CELU",
    "GELU",
    "SiLU",
    "Mish",
    "Sigmoid",
    "LogSigmoid",
    "Hardsigmoid",
    "Tanh",
    "Tanhshrink",
    "Hardtanh",
    "Hardswish",
    "Softplus",
    "Softsign",
    "Softmax",
    "LogSoftmax",
}
MOST_BARS = 40
"""In one plot: three series for ten classes, and some more."""

MOSTLY_NOTHING, MOSTLY_COPIES = 0.8, 0.98
"""From where on a layer is odd. Measured with six optimizers: 0.22 (weight decay) and 0.002."""

CONVOLVING = re.compile(
    r"^conv|^_?conv|pool|unfold|attention|lstm|gru|^rnn|grid_sample|interpolate|^fft"
)


class ImageSample(Check):
    """A figure that shows images of the data set."""

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """What was drawn."""
        return (FIGURES,)

    def judge(self, case: Case) -> Outcome:
        """By the pixels: an image shown must be one of the training images."""
        if case.answers[0].status in UNKNOWN:
            return error("What the notebook draws could not be established.")
        shown = [i for ax in all_axes(case.answers[0]) for i in _images(ax)]
        if not shown:
            return failed("No images of the data set are shown.")
        if any(training_images.shows_one(image, case.data_dir) for image in shown):
            return passed("Images of the data set are shown.")
        return review("Images are shown, but they were not recognised as the data set's.")


class Mlp(Check):
    """The trained network is a multi-layer perceptron of the right shapes, not the handout's."""

    handout: tuple[tuple[int, int], ...] = ((784, 20), (20, 10))
    """Of the handout's network, which earns nothing: the sizes of its linear layers."""
    handout_layers: tuple[str, ...] = ("Linear", "Sigmoid", "Linear", "Sigmoid")
    """All its layers, but for Flatten."""
    linear_share: Share = Decimal("0.5")
    """For layers without an activation function between any two: together they are one layer."""

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """The network, and its graph."""
        return (NETWORK, EXPORT)

    def judge(self, case: Case) -> Outcome:
        """By its graph as evaluated outside, the table of its layers, and the functions called."""
        early = nothing_trained(case)
        if early is not None:
            return early
        network = read_network(answer_to(case, NETWORK))
        if network is None:
            return error("What is known of the network can't be believed.")
        return of_the_right_one(self._kind(case, network), network)

    def _kind(self, case: Case, network: Network) -> Outcome:
        shapes = [
            s for kind, _, parts in network.layers if kind == "Linear" for s in parts if len(s) == 2
        ]
        given = " → ".join(f"{kind}{_sizes(parts)}" for kind, _, parts in network.layers)[:600]
        kinds = [kind for kind, module, _ in network.layers if module.startswith("torch.nn")]
        convolving = [kind for kind in kinds if CONVOLVING.search(kind.lower())]
        convolving += [call for call in network.calls if CONVOLVING.search(call)]
        left = read_export(answer_to(case, EXPORT))
        if left is not None and left.strange and left.strange not in onnx_network.UNUSUAL:
            convolving.append(left.strange)
        if convolving:
            return failed(
                f"The network is no multi-layer perceptron: it has {convolving[0]}.", given=given
            )
        same = [kind for kind in kinds if kind != "Flatten"] == list(self.handout_layers)
        if same and [tuple(reversed(s)) for s in shapes] == list(self.handout):
            return failed("The network is still the handout's.", given=given)
        if left is not None and (reason := _for_a_person(left)):
            return review(reason, given=given)
        if left is not None and left.dense >= 2 and not left.strange:
            # Every operator that a pixel meets is known: names of classes tell no more than that.
            return self._perceptron(network, left, given)
        found = self._shape(network, shapes, given)
        if left is None and found.status is Status.PASSED:  # its graph was not seen
            reason = "what it computes could not be looked at"
            return review(
                f"Whether this is a multi-layer perceptron is for a person: {reason}.", given=given
            )
        return found

    def _perceptron(self, network: Network, left: Export, given: str) -> Outcome:
        if left.bent == 0:
            text = "There is no activation function between its layers: all are one linear map."
            share = self.linear_share
            return partial(share, text, given=given) if share else failed(text, given=given)
        return passed(
            f"A multi-layer perceptron with {network.parameters:,} parameters.", given=given
        )

    def _shape(self, network: Network, shapes: Sequence[tuple[int, ...]], given: str) -> Outcome:
        strange = [
            kind
            for kind, module, _ in network.layers
            if module.startswith("torch.nn") and kind not in ALLOWED
        ]
        own = [
            kind
            for kind, module, parts in network.layers
            if not module.startswith("torch.nn") and parts
        ]
        if strange or own or network.output[-1:] != (10,):
            reason = (
                f"it uses {(strange + own)[0]}"
                if strange + own
                else "its output was not understood"
            )
            return review(
                f"Whether this is a multi-layer perceptron is for a person: {reason}.", given=given
            )
        if len(shapes) < 2:
            return failed("The network has no hidden layer.", given=given)
        # In the order of definition, which need not be that of the calls.
        if not any(s[1] == 784 for s in shapes) or not any(s[0] == 10 for s in shapes):
            return failed("The network does not go from 784 pixels to 10 classes.", given=given)
        return passed(
            f"A multi-layer perceptron with {network.parameters:,} parameters.", given=given
        )


class ClassAccuracy(Check):
    """A plot of the accuracy on each class, with the right heights."""

    tolerance: Tolerance = 0.015
    """Of an accuracy as a fraction, from 0 to 1."""

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """Figures, and predictions on the images that are the notebook's test set here."""
        return (NETWORK, FIGURES, STAND_IN)

    def judge(self, case: Case) -> Outcome:
        """Ten heights that are the network's accuracies, in any order of classes."""
        early = nothing_trained(case)
        if early is not None:
            return early
        return of_the_right_one(self._drawn(case), read_network(answer_to(case, NETWORK)))

    def _drawn(self, case: Case) -> Outcome:
        drawn = answer_to(case, FIGURES)
        if drawn.status in UNKNOWN:
            return error("What the notebook draws could not be established.")
        axes = all_axes(drawn)
        candidates = [f for ax in axes for s in _tens(ax) if (f := fractions(s)) is not None]
        if not candidates:
            return failed("There is no plot of the accuracy on each class.")
        labels = fashion_mnist.load("standin", case.data_dir)[1]
        classes = read_classes(answer_to(case, STAND_IN), labels.size)
        if (asked := answer_to(case, STAND_IN)).status is AnswerStatus.RAISED:
            reason = f"what the network predicts could not be asked here ({asked.error[:200]})"
            return review(f"Ten accuracies may be plotted, but {reason}. A person must look.")
        if classes is None:
            return error("The network gave no usable predictions.")
        truth = per_class(classes, labels)
        for shares in candidates:
            if np.abs(np.sort(shares) - np.sort(truth)).max() <= self.tolerance:
                if np.abs(shares - truth).max() <= self.tolerance:
                    return passed("The accuracy on each class is right, and plotted.")
                return passed("The accuracy on each class is right, and plotted in another order.")
        if not any(fractions(s) is not None for ax in axes for s in _bars(ax)):
            return failed("There is no plot of the accuracy on each class.")
        differing = [float(s.mean()) for s in candidates if np.ptp(s) > 0]  # bars are 0.8 wide, too
        return _other_heights(max(differing, default=0.0), truth.mean())


# --- small parts ------------------------------------------------------------------------------


def _other_heights(drawn: float, measured: float) -> Outcome:
    """The outcome for ten accuracies that are others than those measured, by their means."""
    if (drawn - measured) * 100 > TOO_GOOD:
        return review(
            f"Ten accuracies are plotted, of {drawn:.1%} in the mean, and the network was measured "
            f"at {measured:.1%} on other images: perhaps it gets images in a form of the "
            "notebook's own. A person must look."
        )
    return partial(
        "0.4", "Ten accuracies are plotted, but they are not the network's on the test set."
    )


def _for_a_person(left: Export) -> str:
    """Why the graph alone does not tell whether it is a perceptron's; empty if it does."""
    if left.problem:
        return f"Whether this is a multi-layer perceptron is for a person: {left.problem}."
    if left.strange in onnx_network.UNUSUAL:
        return (
            f"Whether this is a multi-layer perceptron is for a person: it has {left.strange}, by "
            "which it may use parts of an image as a convolution does."
        )
    if sign := _unfolded(left):
        return (
            f"It has the form of a multi-layer perceptron, but {sign}: it may be a convolution "
            "that was written out as dense layers. A person must look."
        )
    return ""


def _unfolded(left: Export) -> str:
    """The sign of a layer that was made of something smaller; empty if there is none."""
    if left.sparse > MOSTLY_NOTHING:
        return f"{left.sparse:.0%} of a layer's weights are next to nothing"
    if left.tied > MOSTLY_COPIES:
        return f"{left.tied:.1%} of a layer's weights are copies of others"
    return ""


def _sizes(parts: tuple[tuple[int, ...], ...]) -> str:
    matrix = [s for s in parts if len(s) == 2]
    return f"({matrix[0][1]}, {matrix[0][0]})" if matrix else ""


def _images(ax: dict[str, Any]) -> list[NDArray[np.float64]]:
    images = ax.get("images")
    return [
        i.astype(np.float64)
        for i in (images if isinstance(images, list) else [])
        if isinstance(i, np.ndarray) and i.ndim in (2, 3) and i.dtype.kind in "fiu" and i.size
    ]


def _tens(ax: dict[str, Any]) -> list[Series]:
    """Every series of ten numbers that an axes shows: bars upright or lying, points, lines, shades.

    A value or two may stand beside the ten, such as that of all classes.
    """
    rows = [np.asarray(line[key], float) for line in lines_of(ax) for key in ("x", "y")]
    rows += [image.reshape(-1) for image in _images(ax) if 1 in image.shape]
    return [*_bars(ax), *(ten for row in rows if row.size <= 12 for ten in _tens_of(row))]


def _bars(ax: dict[str, Any]) -> list[Series]:
    """The heights and the widths of ten bars, also where those of other values stand among them."""
    found: list[Series] = []
    bars = ax.get("bars")
    if isinstance(bars, list) and len(bars) <= MOST_BARS and all(isinstance(b, dict) for b in bars):
        for key in ("height", "width"):
            values = [b.get(key) for b in bars]
            if all(isinstance(v, (int, float)) and abs(v) < 1e9 for v in values):
                found += _tens_of(np.array(values, dtype=np.float64))
    return found


def _tens_of(values: Series) -> list[Series]:
    """Each ten values in a row, and each ten that are as far apart as ten can be."""
    found = [values[first : first + 10] for first in range(values.size - 9)]
    step = values.size // 10
    if step > 1 and values.size % 10 == 0:
        found += [values[first::step] for first in range(step)]
    return found
