"""Confusion matrix: counts in either orientation pass, everything else loses what it gets wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from grader.checks.model_evaluation import confusion
from grader.checks.model_evaluation.confusion import (
    ConfusionCheck,
    ConfusionCounts,
    ConfusionShape,
)
from grader.core.errors import GraderError
from grader.core.model import Answer, AnswerStatus, Outcome, Status
from tests.checks.model_evaluation.evaluation_task import case, mark, namespace

COUNTS, SHAPE = ConfusionCounts(), ConfusionShape()
HEAD = "def confusion_matrix(data, target, model):\n"


def both(body: str, seed: int = 1, before: str = "") -> tuple[Outcome, Outcome]:
    lines = "\n".join("    " + line for line in body.strip("\n").splitlines())
    names = namespace(before + "\n" + HEAD + lines)
    return mark(COUNTS, names, seed), mark(SHAPE, names, seed)


LOOP = """
matrix = [[0] * label_count for _ in range(label_count)]
for true, guess in zip(target, predict(data, model)):
    matrix[true][guess] += 1
return matrix
"""

TENSOR = """
m = torch.zeros(label_count, label_count)
for i in range(len(data)):
    m[int(torch.max(model(data[i]), 0).indices), target[i]] += 1
print(m)
return m
"""

NUMPY = """
m = np.zeros((3, 3))
with torch.no_grad():
    np.add.at(m, (target.numpy(), model(data).argmax(1).numpy()), 1)
return m
"""

SKLEARN = """
from sklearn.metrics import confusion_matrix as given
return given(target, predict(data, model), labels=range(label_count))
"""

BINCOUNT = """
model.eval()
m = model(data).shape[1]
return torch.bincount(target * m + predict(data, model), minlength=m * m).reshape(m, m)
"""

LAYERS = """
x = data
for layer in model:
    x = layer(x)
size = model[-2].out_features
m = torch.zeros(size, size, dtype=torch.int64)
for one in range(size):
    for other in range(size):
        m[one, other] = ((target == one) & (x.argmax(1) == other)).sum()
return [list(row) for row in m]
"""


@pytest.mark.parametrize("body", [LOOP, TENSOR, NUMPY, SKLEARN, BINCOUNT, LAYERS])
def test_right_matrices_pass(body: str) -> None:
    counts, shape = both(body)
    assert (counts.status, shape.status) == (Status.PASSED, Status.PASSED), (counts, shape)
    rows = "predictions" if body is TENSOR else "true classes"
    assert counts.details["orientation"] == f"rows are {rows}"


@pytest.mark.parametrize(
    "ending",
    [
        "import pandas as pd\nreturn pd.DataFrame(m, index=list('abc'), columns=list('abc'))",
        "return m, float(np.trace(m) / m.sum())",
        "return ['a', 'b', 'c'], m.tolist()",
    ],
    ids=["table", "accuracy beside it", "names beside it"],
)
def test_right_matrices_pass_in_other_clothes(ending: str) -> None:
    assert [got.status for got in both(NUMPY.replace("return m", ending))] == [Status.PASSED] * 2


@pytest.mark.parametrize(
    "ending", ["return {(i, j): m[i, j] for i in range(3) for j in range(3)}", "return str(m)"]
)
def test_what_may_hold_the_counts_goes_to_a_person(ending: str) -> None:
    assert [got.status for got in both(NUMPY.replace("return m", ending))] == [Status.REVIEW] * 2


@pytest.mark.parametrize("seed", range(2, 12))
def test_right_matrices_pass_for_any_hidden_data(seed: int) -> None:
    assert [got.status for got in both(NUMPY, seed)] == [Status.PASSED] * 2


def test_lost_given_functions_cost_nothing() -> None:
    assert both(LOOP, before="predict = predict(data, create_model())")[0].status is Status.PASSED


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(
    "ending",
    [
        "return m / m.sum(1, keepdims=True)",
        "return m.T / m.sum(1)",
        "return np.round(100 * m / m.sum(1, keepdims=True), 1)",
        "return (m / len(data)).tolist()",
    ],
)
def test_fractions_cost_a_share(ending: str) -> None:
    counts, shape = both(NUMPY.replace("return m", ending))
    assert (counts.status, str(counts.share)) == (Status.PARTIAL, "0.6")
    assert shape.status is Status.PASSED


def test_labels_from_the_data_cost_the_shape_only() -> None:
    counts, shape = both(SKLEARN.replace(", labels=range(label_count)", ""))
    assert counts.status is Status.PASSED
    assert (shape.status, str(shape.share)) == (Status.PARTIAL, "0.25")
    assert "right where all classes occur, but not otherwise" in shape.message
    assert "one of them is absent" in shape.message
    assert "2 x 2" in shape.message


def test_size_from_the_largest_label_costs_half_the_shape() -> None:
    counts, shape = both(BINCOUNT.replace("model(data).shape[1]", "int(target.max()) + 1"))
    assert counts.status is Status.PASSED
    assert (shape.status, str(shape.share)) == (Status.PARTIAL, "0.5")


def test_an_error_with_an_absent_class_costs_the_shape_only() -> None:
    size = "(int(target.max()) + 1,) * 2"
    counts, shape = both(NUMPY.replace("np.zeros((3, 3))", f"np.zeros({size})"))
    assert (counts.status, shape.status) == (Status.PASSED, Status.PARTIAL)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (NUMPY.replace("return m", "return m - np.diag(np.diag(m))"), "sum up"),
        (NUMPY.replace("return m", "return np.roll(m, 1, axis=0)"), "diagonal"),
        (NUMPY.replace("return m", "return (m + m.T) / 2"), "wrong places"),
        ("data, target = data[:-1], target[:-1]\n" + NUMPY.strip(), "sum up"),
        ("data, target = globals()['data'], globals()['target']\n" + NUMPY.strip(), "178"),
        ("return np.zeros((3, 3))", "sum up"),
        (NUMPY.replace("return m", "return m.ravel()"), "not return a matrix"),
        (NUMPY.replace("return m", "return np.zeros((4, 4))"), "4 x 4, not 3 x 3"),
        (NUMPY.replace("return m", "print(m)"), "returns nothing"),
        ("return confusion_matrix", "returns itself"),
        ("return result", "not attempted"),
        ("return 1 / 0", "ZeroDivisionError"),
        ("return [['a'] * 3] * 3", "not return a matrix"),
        ("return [[1, 2], [3]]", "not return a matrix"),
        ("return [[float('inf')] * 3] * 3", "not return a matrix"),
        ("return np.full((3, 3), np.inf)", "not return a matrix"),
        ("return np.full((3, 3), np.nan)", "sum up"),
        ("return (np.zeros((3, 3)), np.zeros((3, 3)))", "not return a matrix"),
        ("return 0.5", "not return a matrix"),
    ],
)
def test_wrong_matrices_fail_with_a_reason(body: str, words: str) -> None:
    counts, _ = both(body)
    assert counts.status is Status.FAILED
    assert words in counts.message


@pytest.mark.parametrize(
    "body",
    [
        "return np.zeros((3, 3))",
        "return np.ones((3, 3))",
        "return [[1, 2, 0], [3, 4, 0], [0, 0, 0]]",
        "return [[]]",
    ],
)
def test_constants_do_not_pass_for_the_shape(body: str) -> None:
    assert both(body)[1].status is Status.FAILED


def test_wrong_predictions_cost_the_counts_only() -> None:
    """The row of the absent true class is zero; what is predicted is another item's."""
    body = LOOP.replace("predict(data, model)", "model(data).argmin(dim=1)")
    assert body != LOOP
    counts, shape = both(body)
    assert (counts.status, shape.status) == (Status.FAILED, Status.PASSED)


def test_missing_function() -> None:
    for check in (COUNTS, SHAPE):
        got = mark(check, namespace(""))
        assert got.status is Status.FAILED
        assert "no function" in got.message


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        [],
        {"returned": [[1]]},
        {"itself": True},
        "matrix",
        np.zeros((3, 3)),
    ],
)
def test_forged_answers_are_an_error(value: Any) -> None:
    for check in (COUNTS, SHAPE):
        asked = check.questions(np.random.default_rng(1))
        answers = (Answer(status=AnswerStatus.OK, value=value),) * len(asked)
        assert check.judge(case(check, asked, answers)).status is Status.ERROR


def test_an_object_that_equals_everything_is_no_matrix() -> None:
    before = "class Same:\n    def __eq__(self, other): return True\n    shape = (3, 3)"
    assert [got.status for got in both("return Same()", before=before)] == [Status.FAILED] * 2


@pytest.mark.parametrize("status", [AnswerStatus.LOST, AnswerStatus.MALFORMED])
def test_lost_answers_are_an_error(status: AnswerStatus) -> None:
    for check in (COUNTS, SHAPE):
        asked = check.questions(np.random.default_rng(1))
        got = check.judge(case(check, asked, (Answer(status=status),) * len(asked)))
        assert got.status is Status.ERROR


def test_the_matrices_tell_the_orientations_apart() -> None:
    for seed in range(20):
        for question in COUNTS.questions(np.random.default_rng(seed)):
            counts = COUNTS.expected(question)
            assert len(np.unique(counts)) == counts.size


@pytest.mark.parametrize("classes", range(2, 11))
@pytest.mark.parametrize("kind", [ConfusionCounts, ConfusionShape])
def test_any_number_of_classes_is_drawn(kind: type[ConfusionCheck], classes: int) -> None:
    """Of eight classes some was never predicted, and the drawing went on for ever."""
    check = kind(classes=classes)
    for question in check.questions(np.random.default_rng(classes)):
        counts = check.expected(question)
        assert counts.sum() == len(question.params["target"])
        there = counts[counts > 0]
        assert len(np.unique(there)) == there.size  # all different, but for an absent class


def test_few_attributes_are_enough_or_told() -> None:
    check = ConfusionCounts(classes=10, attributes=2)
    (question, _) = check.questions(np.random.default_rng(1))
    assert (check.expected(question) > 0).all()


def test_a_network_that_can_not_be_drawn_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confusion, "MOST_TRIES", 0)
    with pytest.raises(GraderError, match="no network of 13 attributes predicts all 3 classes"):
        ConfusionCounts().questions(np.random.default_rng(0))


@pytest.mark.parametrize("wrong", [{"classes": 1}, {"classes": 11}, {"attributes": 1}])
def test_numbers_that_can_not_be_asked_for_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        ConfusionCounts.model_validate(wrong)
