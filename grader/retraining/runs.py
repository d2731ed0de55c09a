"""Training again with secret classes: what such a run is, and what is kept of it. Trusted side.

In a further run the ten classes are renumbered by a secret order, drawn for it alone. Learning is
the same (measured: unchanged within noise), but weights or answers that were brought along from
elsewhere are wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.core import codec, seeds
from grader.core.model import AnswerStatus, Evidence, Question
from grader.retraining import evaluation
from grader.retraining.datasets import fashion_mnist

SAMPLE = 2000
"""Images on which predictions inside and outside are compared."""


KEPT = ("finite", "operators", "dense", "strange", "bent", "sparse", "tied")
"""Of what an evaluation finds, beside the classes."""

AUDIT = 1000
"""The number of the run with moved pixels; others are numbered from 0."""


def order(seed: int, number: int) -> NDArray[np.uint8]:
    """The secret order of run `number` (from 1): no class keeps its number."""
    rng = np.random.default_rng(seeds.derived(seed, "labels", number, bits=64))
    while True:
        found = rng.permutation(10)
        if not (found == np.arange(10)).any():
            return found.astype(np.uint8)


def moved(seed: int) -> NDArray[np.int64]:
    """The secret order of the 784 pixels in an audit: a perceptron learns as well from these."""
    return np.random.default_rng(seeds.derived(seed, "pixels", bits=64)).permutation(784)


def seed_of(seed: int, number: int) -> int:
    """The seed of run `number` in its kernel, where everybody can read it."""
    return seeds.derived(seed, "run", number)


def restored(classes: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Predicted classes under their true numbers again."""
    back = np.empty(10, np.uint8)
    back[labels] = np.arange(10, dtype=np.uint8)
    return back[np.minimum(classes, 9)]


def reached(
    evidence: Evidence, labels: NDArray[np.uint8] | None, data_dir: Path | None
) -> float | None:
    """The accuracy, in percent, of the network that left in this run; None if none did."""
    for answer in evidence.answers.values():
        facts = answer.value if isinstance(answer.value, Mapping) else {}
        if "finite" not in facts:
            continue
        true = fashion_mnist.load("test", data_dir)[1]
        classes = _classes(facts.get("classes"), len(true))  # of other answers it may be anything
        if classes is not None:
            found = classes if labels is None else restored(classes, labels)
            return float((found == true).mean()) * 100
    return None


def distilled(
    evidence: Evidence,
    questions: Sequence[Question],
    data_dir: Path | None,
    pixels: NDArray[np.int64] | None = None,
) -> Evidence:
    """The evidence with each exported network replaced by what it predicts on the test images.

    `pixels` is the order in which the network knows the pixels of an image.

    What is stored is so a ten-thousandth of the network, and marking again needs no evaluation.
    """
    answers = dict(evidence.answers)
    for key, question in {codec.digest(question): question for question in questions}.items():
        answer = answers.get(key)
        if question.probe == "export" and answer and answer.status is AnswerStatus.OK:
            answers[key] = replace(answer, value=_facts(answer.value, data_dir, pixels))
    return replace(evidence, answers=answers)


def _facts(claimed: Any, data_dir: Path | None, pixels: NDArray[np.int64] | None) -> dict[str, Any]:
    """What trusted code finds of an export; `problem` says why there is nothing."""
    if not isinstance(claimed, Mapping):
        return {"problem": "what came back was no network"}
    blob, told, start = (claimed.get(name) for name in ("onnx", "problem", "start"))
    facts: dict[str, Any] = {
        "problem": told[:300] if isinstance(told, str) else "",
        "before": _accuracy(claimed, data_dir),
        "moved": _number(claimed.get("moved")),
        "start": start[:64] if isinstance(start, str) else "",
    }
    if not isinstance(blob, np.ndarray) or blob.dtype != np.uint8 or blob.ndim != 1:
        return facts | {"problem": facts["problem"] or "the network could not leave the sandbox"}
    test, stand_in = (
        fashion_mnist.load("test", data_dir)[0],
        fashion_mnist.load("standin", data_dir)[0][:SAMPLE],
    )
    images = np.concatenate([test, stand_in])
    if pixels is not None:
        images = images.reshape(len(images), -1)[:, pixels].reshape(images.shape)
    found = evaluation.evaluate(blob.tobytes(), images)
    if found["problem"]:
        return facts | {"problem": found["problem"]}
    classes, sample = found["classes"][: len(test)], found["classes"][len(test) :]
    inside = _classes(claimed.get("inside"), SAMPLE)
    agree = None if inside is None else float((inside == sample).mean())
    kept = {name: found[name] for name in KEPT}
    return facts | kept | {"problem": "", "classes": classes, "agree": agree}


def _accuracy(claimed: Mapping[str, Any], data_dir: Path | None) -> float | None:
    """Accuracy before the first step on the stand-in images, under true class numbers: claimed."""
    labels = fashion_mnist.load("standin", data_dir)[1]
    before = _classes(claimed.get("before"), len(labels))
    if before is None:
        return None
    return float((before == labels).mean())


def _classes(value: object, size: int) -> NDArray[np.uint8] | None:
    if not isinstance(value, np.ndarray) or value.dtype != np.uint8 or value.ndim != 1:
        return None
    return value[:size] if value.size >= size and value.max() <= 9 else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and abs(value) < 1e12 else None
