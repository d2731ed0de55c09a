"""Checks of a student's confusion matrix: the counts, and its shape where a class is absent.

Trusted side, pure. The network that the student's function is asked about has known weights; its
rows were chosen by what it predicts for them, so the matrix is known.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated

import numpy as np
from pydantic import Field

from grader.checks.base import Check, error, failed, partial, passed, review
from grader.checks.settings import Share
from grader.core.errors import GraderError
from grader.core.model import JSON, Answer, AnswerStatus, Case, Outcome, Question, Status

NAME = "confusion_matrix"
TOLERANCE = 0.006  # for fractions; an entry rounded to two decimals is still that entry
MARGIN = 0.05  # between the two largest outputs for a row, so that rounding can't change a class
FEW = 4
"""Up to so many classes a network is taken as it is drawn."""

MOST_TRIES = 2000

MAY_HOLD_COUNTS = ("dict", "defaultdict", "OrderedDict", "Counter", "ConfusionMatrixDisplay")
"""Types of what is returned in place of a matrix, and may hold one for a person's eyes."""


class ConfusionCheck(Check):
    """What both checks share: networks, rows and the counts that follow."""

    attributes: Annotated[int, Field(ge=2, le=1000)] = 13
    """Columns of the data, as in the notebook."""
    classes: Annotated[int, Field(ge=2, le=10)] = 3
    """Classes that the network tells apart."""

    @property
    def subject(self) -> str:
        """The function."""
        return NAME

    def essence(self, answer: Answer) -> JSON:
        """What is returned."""
        return answer.value.get("returned") if isinstance(answer.value, dict) else None

    def question(self, rng: np.random.Generator, absent: int | None = None) -> Question:
        """A call with hidden data in which the class `absent` is neither true nor predicted."""
        classes = self.classes
        counts = rng.permutation(np.arange(1, classes**2 + 4))[: classes**2]
        counts = counts.reshape(classes, classes)  # all different, so that no two can be mixed up
        if absent is not None:
            counts[absent], counts[:, absent] = 0, 0
        weights, biases, rows = self._network(rng, counts.sum(axis=0))
        data, target = [], []
        for (true, predicted), count in np.ndenumerate(counts):
            data += [rows[predicted].pop() for _ in range(count)]
            target += [true] * int(count)
        order = rng.permutation(len(target))
        params: dict[str, JSON] = {
            "data": np.array(data, dtype=np.float32)[order],
            "target": np.array(target, dtype=np.int64)[order],
            "weights": weights,
            "biases": biases,
            "seed": int(rng.integers(2**31)),
        }
        return Question(probe="confusion", params=params)

    def _network(
        self, rng: np.random.Generator, needed: np.ndarray
    ) -> tuple[list[np.ndarray], list[np.ndarray], list[list[np.ndarray]]]:
        """Weights, biases, and for each class enough rows for which the network predicts it."""
        widths = [self.attributes, 8, self.classes]
        for _ in range(MOST_TRIES):
            weights = [
                rng.standard_normal((after, before)).astype(np.float32)
                for before, after in pairwise(widths)
            ]
            biases = [rng.standard_normal(n).astype(np.float32) for n in widths[1:]]
            data = rng.standard_normal((2000, self.attributes)).astype(np.float32)
            if self.classes > FEW:
                _balance(data, weights, biases)
            rows = _rows_by_class(data, weights, biases)
            if self.classes > FEW and min(map(len, rows)) >= len(data) // self.classes // 8:
                while any(len(found) < n for found, n in zip(rows, needed, strict=True)):
                    data = rng.standard_normal((2000, self.attributes)).astype(np.float32)
                    more = _rows_by_class(data, weights, biases)
                    rows = [old + new for old, new in zip(rows, more, strict=True)]
            if all(len(found) >= n for found, n in zip(rows, needed, strict=True)):
                return weights, biases, rows
        raise GraderError(
            f"no network of {self.attributes} attributes predicts all {self.classes} classes; "
            "give the check more attributes or fewer classes"
        )

    def expected(self, question: Question) -> np.ndarray:
        """The counts by true class (rows) and predicted class (columns)."""
        params = question.params
        predicted = _outputs(params["data"], params["weights"], params["biases"]).argmax(axis=1)
        counts = np.zeros((self.classes, self.classes), dtype=int)
        np.add.at(counts, (params["target"], predicted), 1)
        return counts


class ConfusionCounts(ConfusionCheck):
    """The matrix holds the right counts, in either orientation."""

    normalised_share: Share = Decimal("0.6")
    """For right fractions in place of counts."""

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """Two calls."""
        return (self.question(rng), self.question(rng))

    def judge(self, case: Case) -> Outcome:
        """Every entry of both matrices."""
        found: list[tuple[str, bool]] = []
        for question, answer in zip(case.asked, case.answers, strict=True):
            matrix = _matrix(answer)
            if isinstance(matrix, Outcome):
                return matrix
            expected = self.expected(question)
            recognised = _recognise(matrix, expected)
            if recognised is None:
                return failed(_wrong_counts(matrix, expected), **_shown(matrix, expected))
            found.append(recognised)
        orientation, normalised = found[0]
        if found[0] != found[1]:
            return failed("Two calls returned matrices of different kinds.")
        if normalised:
            text = f"The fractions are right ({orientation}), but counts were asked for."
            return partial(self.normalised_share, text, orientation=orientation)
        return passed(f"The counts are right ({orientation}).", orientation=orientation)


class ConfusionShape(ConfusionCheck):
    """The matrix is m x m, even where a class is absent from data and predictions."""

    one_share: Share = Decimal("0.5")
    """For the right shape with one of two absent classes."""
    usual_share: Share = Decimal("0.25")
    """For the right shape where no class is absent, and with no other."""

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """The last class is absent, then the first or one in the middle, then none."""
        earlier = int(rng.integers(self.classes - 1))
        absent = (self.question(rng, self.classes - 1), self.question(rng, earlier))
        return (*absent, self.question(rng))

    def judge(self, case: Case) -> Outcome:
        """Both shapes; entries only as far as a constant must not pass."""
        faults: list[str] = []
        matrices: list[np.ndarray] = []
        *absent, usual = zip(case.asked, case.answers, strict=True)
        for question, answer in absent:
            matrix = _matrix(answer)
            if isinstance(matrix, Outcome):
                if answer.status is not AnswerStatus.RAISED:
                    return matrix
                faults.append(matrix.message)
                continue
            matrices.append(matrix)
            if fault := self._fault(matrix, self.expected(question)):
                faults.append(fault)
        if len(matrices) == 2 and np.array_equal(matrices[0], matrices[1]):
            return failed("The matrix does not depend on the data.")
        if not faults:
            m = self.classes
            return passed(f"The matrix is {m} x {m}, with a class absent, too.")
        if len(faults) == 1:
            return partial(self.one_share, f"With one of two absent classes: {faults[0]}")
        return self._usual(*usual, faults[0])

    def _usual(self, question: Question, answer: Answer, fault: str) -> Outcome:
        """The outcome for a matrix that may be right where no class is absent, and only there."""
        matrix = _matrix(answer)
        if isinstance(matrix, Outcome):
            return matrix if matrix.status is Status.ERROR else failed(fault)
        if self.usual_share == 0 or matrix.shape != (self.classes, self.classes):
            return failed(fault)
        if _recognise(matrix, self.expected(question)) is None:  # a constant earns nothing
            return failed(fault)
        told = f"The shape is right where all classes occur, but not otherwise: {fault}"
        return partial(self.usual_share, told)

    def _fault(self, matrix: np.ndarray, expected: np.ndarray) -> str:
        m = self.classes
        if matrix.shape != (m, m):
            return (
                f"There are {m} classes, but where one of them is absent from the data the matrix "
                f"has the shape {' x '.join(map(str, matrix.shape))}."
            )
        absent = np.flatnonzero(expected.sum(axis=0) + expected.sum(axis=1) == 0)
        kept = np.nan_to_num(matrix)  # fractions of an empty row are nan
        # The true class is one of both; wrong predictions are for the item of the counts.
        if (kept[absent].any() and kept[:, absent].any()) or not kept.any():
            return "The row of the absent class should be zero, and the others not."
        return ""


def _balance(data: np.ndarray, weights: list[np.ndarray], biases: list[np.ndarray]) -> None:
    """Makes all outputs alike in mean and spread over these rows.

    As drawn, one output lies far above the others, and of eight classes some is never predicted.
    """
    outputs = _outputs(data, weights, biases)
    mean, spread = outputs.mean(axis=0), outputs.std(axis=0)
    weights[-1] = (weights[-1] / spread[:, None]).astype(np.float32)
    biases[-1] = ((biases[-1] - mean) / spread).astype(np.float32)


def _rows_by_class(
    data: np.ndarray, weights: list[np.ndarray], biases: list[np.ndarray]
) -> list[list[np.ndarray]]:
    """For each class the rows for which the network clearly predicts it."""
    outputs = _outputs(data, weights, biases)
    ranked = np.sort(outputs, axis=1)
    clear = ranked[:, -1] - ranked[:, -2] > MARGIN
    return [list(data[clear & (outputs.argmax(axis=1) == c)]) for c in range(outputs.shape[1])]


def _outputs(data: np.ndarray, weights: list[np.ndarray], biases: list[np.ndarray]) -> np.ndarray:
    """What the network computes: linear layers, ReLU between them."""
    values = np.asarray(data, dtype=np.float64)
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        values = np.maximum(values @ weight.T + bias, 0)
    return np.asarray(values @ weights[-1].T + biases[-1])


def _matrix(answer: Answer) -> np.ndarray | Outcome:
    """The returned matrix, or the outcome where there is none."""
    match answer.status:
        case AnswerStatus.OK:
            value = answer.value
        case AnswerStatus.UNDEFINED:
            return failed(f"There is no function `{NAME}`.")
        case AnswerStatus.RAISED if answer.error.startswith(("NameError", "NotImplementedError")):
            return failed(f"`{NAME}` is not attempted, or not finished: {answer.error[:300]}")
        case AnswerStatus.RAISED:
            return failed(f"`{NAME}` stopped with {answer.error[:300]}")
        case AnswerStatus.TIMEOUT:
            return failed(f"`{NAME}` did not finish in time on a small data set.")
        case _:
            return error(f"No usable answer came back from `{NAME}`: {answer.error}".rstrip(": "))
    if not isinstance(value, dict) or not {"returned", "itself"} <= value.keys():
        return error(f"The answer about `{NAME}` is not what was asked for.")
    if value["itself"] is True:
        return failed(f"`{NAME}` is not attempted: it returns itself.")
    returned = value["returned"]
    if returned is None:
        return failed(f"`{NAME}` returns nothing. It should return the matrix.")
    return _read(returned)


def _read(returned: JSON) -> np.ndarray | Outcome:
    matrix = _square_numbers(returned)
    if matrix is None and isinstance(returned, list):  # such as the accuracy beside it
        found = [part for part in map(_square_numbers, returned) if part is not None]
        matrix = found[0] if len(found) == 1 else None
    kind = returned.get("type") if isinstance(returned, dict) else ""
    if matrix is None and (isinstance(returned, str) or kind in MAY_HOLD_COUNTS):
        return review(
            f"What `{NAME}` returns could not be read as a matrix. A person must look whether it "
            "holds the counts."
        )
    return failed(f"`{NAME}` does not return a matrix of numbers.") if matrix is None else matrix


def _square_numbers(value: JSON) -> np.ndarray | None:
    """A small 2-D array from an array, or from a list of rows."""
    if isinstance(value, list) and 0 < len(value) <= 50:
        rows = [entry.tolist() if isinstance(entry, np.ndarray) else entry for entry in value]
        if not all(isinstance(row, list) and len(row) <= 50 for row in rows):
            return None
        flat = [
            n.item() if isinstance(n, np.ndarray) and n.size == 1 else n
            for row in rows
            for n in row
        ]
        if len({len(row) for row in rows}) != 1 or not all(_is_number(n) for n in flat):
            return None
        value = np.array(flat, dtype=np.float64).reshape(len(rows), -1)
    if not isinstance(value, np.ndarray) or value.ndim != 2 or not 0 < value.size <= 2500:
        return None
    matrix = value.astype(np.float64)
    return None if np.isinf(matrix).any() else matrix  # nan may stand for 0 / 0


def _is_number(value: JSON) -> bool:
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**15)


def _recognise(matrix: np.ndarray, counts: np.ndarray) -> tuple[str, bool] | None:
    """Orientation, and whether fractions were given; None if it is not the matrix at all."""
    if matrix.shape != counts.shape:
        return None
    total = counts.sum()
    fractions = [
        counts / counts.sum(axis=1, keepdims=True),
        counts / counts.sum(axis=0),
        counts / total,
    ]
    for name, given in (("rows are true classes", matrix), ("rows are predictions", matrix.T)):
        if np.allclose(given, counts, rtol=0, atol=1e-3):
            return name, False
        for fraction in fractions:
            for scale in (1, 100):
                if np.allclose(given, scale * fraction, rtol=0, atol=scale * TOLERANCE):
                    return name, True
    return None


def _wrong_counts(matrix: np.ndarray, expected: np.ndarray) -> str:
    m, total = len(expected), int(expected.sum())
    if matrix.shape != expected.shape:
        return f"The matrix has the shape {' x '.join(map(str, matrix.shape))}, not {m} x {m}."
    given = float(np.nan_to_num(matrix).sum())
    if abs(given - total) > 0.5:
        return f"The entries sum up to {given:g}, but {total} rows were given."
    if abs(np.trace(matrix) - np.trace(expected)) > 0.5:
        return (
            f"The diagonal sums up to {np.trace(matrix):g}, but the model is right on "
            f"{int(np.trace(expected))} of {total} rows."
        )
    return "Confusions between the classes are counted in the wrong places."


def _shown(matrix: np.ndarray, expected: np.ndarray) -> dict[str, JSON]:
    return {"expected": expected.tolist(), "given": np.nan_to_num(matrix[:10, :10]).tolist()}
