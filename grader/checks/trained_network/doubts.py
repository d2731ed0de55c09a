"""What does not look as if the network had been trained here. Trusted side, pure.

Each doubt is a sentence with its evidence, for a person; none is ever a mark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from grader.checks.trained_network import brought_along
from grader.checks.trained_network.measured import Measured, audited, further
from grader.checks.trained_network.network_facts import NETWORK, Network, answer_to, read_network
from grader.core.model import Case

FEWEST_IMAGES, FEWEST_ROWS = 500, 5000
"""Measured with 784-128-10 and Adam: 500 images give 77 %, 5,000 rows of an epoch 75 to 80 %."""

FOREIGN = 0.2
MOST_TESTED = 500
"""Test images that may be fetched just before a backward pass by a slip."""

HARDLY = 0.1
"""Of the loss at first: who learns to be good loses more of it."""

BY_HAND = "by hand"
"""Told in place of an optimizer, where a notebook moves the weights itself."""


OTHER_READERS = re.compile(
    r"\bjit\.load|\bfrom_file\b|\bread_file\b|\bread_image\b|\bsubprocess\b|\bctypes\b"
    r"|\bos\.(?:system|popen)\b|^[ \t]*![ \t]*(?:cat|base64|xxd|head|cp|python)"
    r"|^%%(?:bash|sh|script)",
    re.MULTILINE,
)
"""What reads files without Python's `open`, which alone is heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """From where on a fact is odd. Honest trainings that were measured stay far on this side."""

    drop: float = 6.0  # points of accuracy, lost with secret class numbers or moved pixels
    start: float = 0.4  # accuracy before the first step
    agreement: float = 0.998  # of predictions of two trainings, which should differ
    moved: float = 0.01  # of the weights' size, by which training should move them


def doubts(found: list[Measured], case: Case, limits: Suspicion, cutoff: float) -> list[str]:
    """Sentences on what is odd."""
    network = read_network(answer_to(case, NETWORK))
    sentences = [
        *_of_runs(found, limits),
        *_of_the_audit(found[0], case, limits),
        *_of_the_start(found[0], limits, cutoff),
        *_of_the_material(network, found[0], case, cutoff),
    ]
    if len(found) <= len(further(case)):
        sentences.append("Trained again with secret class numbers, it gave no network.")
        last = further(case)[-1:]
        sentences += [run.evidence.message for run in last if run.evidence.message]
    if network is not None and (network.steps == 0 or network.optimizer == BY_HAND):
        sentences.append("No optimizer updated its weights.")
    elif network is not None and found[0].accuracy >= cutoff and not _fell(network):
        sentences.append("It is good, but its loss hardly fell while it was trained.")
    return sentences


def _of_runs(found: list[Measured], limits: Suspicion) -> list[str]:
    first = found[0]
    for run in found[1:]:
        if first.accuracy - run.accuracy > limits.drop:
            return [
                f"With secret class numbers it reaches only {run.accuracy:.2f} %: it may rest on "
                "weights or answers that were not learned here."
            ]
        if float((first.classes == run.classes).mean()) > limits.agreement:
            return [
                "Two trainings with different class numbers gave the same predictions: it may not "
                "have been trained here."
            ]
    return []


def _of_the_audit(first: Measured, case: Case, limits: Suspicion) -> list[str]:
    if len(further(case)) == len(case.runs):
        return []
    audit = audited(case)
    if audit is None:
        return ["In the audit, with pixels moved, it gave no network."]
    if first.accuracy - audit.accuracy > limits.drop:
        return [
            f"In the audit, with pixels moved, it reaches only {audit.accuracy:.2f} %: what it "
            "knows may rest on images seen elsewhere, or it is no multi-layer perceptron."
        ]
    return []


def _of_the_start(first: Measured, limits: Suspicion, cutoff: float) -> list[str]:
    export, sentences = first.export, []
    if export.before is not None and export.before > limits.start:
        share = f"{export.before:.0%}"
        sentences.append(f"Before its first step it already knows {share} of the images.")
    still = export.moved is not None and export.moved < limits.moved
    if still and first.accuracy >= cutoff:  # slow learning that leads nowhere is no riddle
        sentences.append(
            f"It is good, but training moved its weights by no more than {export.moved:.2%}."
        )
    if export.agree is not None and export.agree < limits.agreement:
        sentences.append(
            "In the notebook it predicts otherwise than the network that left it "
            f"({export.agree:.1%} alike)."
        )
    return sentences


def _of_the_material(
    network: Network | None, first: Measured, case: Case, cutoff: float
) -> list[str]:
    """What it learned from, compared with what it can; and what else came with the notebook."""
    if network is None:
        return []
    sentences = []
    few = network.images < FEWEST_IMAGES or network.seen < FEWEST_ROWS
    if network.images and few and first.accuracy >= cutoff:
        sentences.append(
            f"It is good, but was seen to learn from only {network.images} images, "
            f"{network.seen} in all passes together: these do not teach so much."
        )
    if network.tested > MOST_TESTED:
        sentences.append(
            f"It was seen to learn from {network.tested} images of the test set, which is for the "
            "end alone."
        )
    if network.foreign is not None and network.foreign > FOREIGN:
        sentences.append(
            f"In {network.foreign:.0%} of its steps that were looked at, the gradients were not "
            "those of a backward pass."
        )
    read = {name: body for name, body in case.files.items() if _is_read(name, network, case)}
    size = brought_along.size(case.notebook, case.template, read, case.files)
    if size > brought_along.MUCH:
        told = "".join(f" and {name}" for name in sorted(read)[:5])
        sentences.append(
            f"Its cells{told} hold data of {size} bytes, compressed: enough for weights or answers "
            "that were brought along."
        )
    return sentences


def _is_read(name: str, network: Network, case: Case) -> bool:
    """Whether a file beside the notebook was seen to be read, or may be by what it names.

    That is a module, or a file that is named where something reads files that is not Python itself.
    """
    path = PurePosixPath(name)
    if name in network.read:
        return True
    code = "\n".join(cell.source for cell in case.notebook.cells) if case.notebook else ""
    if path.suffix == ".py":
        return re.search(rf"\b{re.escape(path.stem)}\b", code) is not None
    return path.name in code and OTHER_READERS.search(code) is not None


def _fell(network: Network) -> bool:
    """Whether the loss ended below where it began; short courses tell nothing."""
    losses = network.losses
    if losses.size < 10:
        return True
    tenth = max(1, losses.size // 10)
    first, last = float(np.mean(losses[:tenth])), float(np.mean(losses[-tenth:]))
    return last < first - HARDLY * abs(first)
