"""Which runs count, and how good their networks are with classes under their true numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from grader.checks.trained_network.measured import audited, further, measured
from grader.checks.trained_network.network_facts import EXPORT
from grader.core import codec
from grader.core.model import Answer, AnswerStatus, Case, Ending, Evidence, Run
from grader.retraining import runs
from grader.retraining.datasets import fashion_mnist

LABELS = (np.arange(10_000) % 10).astype(np.uint8)
PIXELS = np.arange(784)[::-1]


@pytest.fixture(autouse=True)
def labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up labels in place of Fashion-MNIST's."""
    monkeypatch.setattr(fashion_mnist, "load", lambda split, folder=None: (None, LABELS))


def classes(right: int) -> NDArray[np.uint8]:
    """Predictions of which so many are right."""
    found = LABELS.copy()
    found[right:] = (found[right:] + 1) % 10
    return found


def exported(found: NDArray[np.uint8] | None) -> Answer:
    value: dict[str, Any] = {"problem": "" if found is not None else "too large"}
    return Answer(
        status=AnswerStatus.OK, value=value if found is None else value | {"classes": found}
    )


def run(found: NDArray[np.uint8] | None, number: int = 1, *, audit: bool = False) -> Run:
    """A run in which class c had the number `labels[c]`, so that its network says that."""
    order = runs.order(7, number)
    said = None if found is None else order[found]
    evidence = Evidence(
        task="t", ending=Ending.COMPLETED, answers={codec.digest(EXPORT): exported(said)}
    )
    return Run(evidence=evidence, labels=order, pixels=PIXELS if audit else None)


def case(first: NDArray[np.uint8] | None, *more: Run) -> Case:
    return Case(asked=(EXPORT,), answers=(exported(first),), runs=more)


def test_a_network_is_as_good_as_it_is_on_the_test_images() -> None:
    (found,) = measured(case(classes(8_654)))
    assert found.accuracy == 86.54
    assert np.array_equal(found.classes, classes(8_654))


def test_classes_of_further_runs_come_back_under_their_true_numbers() -> None:
    found = measured(case(classes(9_000), run(classes(8_000), 1), run(classes(7_000), 2)))
    assert [one.accuracy for one in found] == [90.0, 80.0, 70.0]
    assert np.array_equal(found[1].classes, classes(8_000))


def test_a_run_whose_network_did_not_leave_is_left_out() -> None:
    found = measured(case(classes(9_000), run(None, 1), run(classes(7_000), 2)))
    assert [one.accuracy for one in found] == [90.0, 70.0]
    assert measured(case(None)) == []


def test_an_audit_is_no_further_run() -> None:
    audit, usual = run(classes(5_000), 3, audit=True), run(classes(8_000), 1)
    one = case(classes(9_000), usual, audit)
    assert further(one) == (usual,)
    assert [found.accuracy for found in measured(one)] == [90.0, 80.0]


def test_an_audit_is_measured_for_itself() -> None:
    found = audited(case(classes(9_000), run(classes(5_000), 3, audit=True)))
    assert found is not None
    assert found.accuracy == 50.0


def test_without_an_audit_or_its_network_nothing_is_measured() -> None:
    assert audited(case(classes(9_000), run(classes(8_000)))) is None
    assert audited(case(classes(9_000), run(None, 3, audit=True))) is None


def test_a_notebook_that_was_not_asked_has_no_network() -> None:
    assert measured(Case()) == []
