"""The runs of a submission whose networks could be evaluated outside. Trusted side, pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.checks.trained_network.network_facts import EXPORT, Export, answer_to, read_export
from grader.core import codec
from grader.core.model import Case, Run
from grader.retraining.datasets import fashion_mnist
from grader.retraining.runs import restored


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run's network on the test images, classes under their true numbers."""

    classes: NDArray[np.uint8]
    accuracy: float  # percent
    export: Export


def further(case: Case) -> tuple[Run, ...]:
    """The runs with secret class numbers alone, in order."""
    return tuple(run for run in case.runs if run.pixels is None)


def measured(case: Case) -> list[Measured]:
    """The notebook as it is first, then the runs with secret class numbers."""
    first = _measured(read_export(answer_to(case, EXPORT)), None, case)
    others = [
        _measured(read_export(codec.answer_to(EXPORT, run.evidence)), run, case)
        for run in further(case)
    ]
    return [found for found in (first, *others) if found is not None]


def audited(case: Case) -> Measured | None:
    """The run whose pixels were moved as well, if there was one and its network could leave."""
    runs = [run for run in case.runs if run.pixels is not None]
    return (
        _measured(read_export(codec.answer_to(EXPORT, runs[0].evidence)), runs[0], case)
        if runs
        else None
    )


def _measured(export: Export | None, run: Run | None, case: Case) -> Measured | None:
    if export is None or export.classes is None:
        return None
    labels = fashion_mnist.load("test", case.data_dir)[1]
    classes = restored(export.classes, run.labels) if run else export.classes
    accuracy = round(float((classes == labels).mean()) * 100, 2)
    return Measured(classes=classes, accuracy=accuracy, export=export)
