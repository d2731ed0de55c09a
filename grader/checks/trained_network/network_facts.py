"""What the FMSSVRC checks share: questions about a trained network, strict reading of facts.

Trusted side, pure. Equal questions are asked once, so all these take no settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.checks.base import error, failed, review
from grader.core.model import (
    Answer,
    AnswerStatus,
    Case,
    Ending,
    Evidence,
    Notebook,
    Outcome,
    Question,
    Resource,
    Status,
)

NETWORK = Question(probe="network", seconds=60)
HISTORIES = Question(probe="histories", seconds=60)
FIGURES = Question(probe="figures", seconds=60)
SPLIT = Question(probe="split", seconds=60)
UNKNOWN = (AnswerStatus.LOST, AnswerStatus.MALFORMED)
STAND_IN = Question(
    probe="predictions",
    params={"images": Resource(name="fashion_mnist/standin_images")},
    seconds=120,
)
EXPORT = Question(
    probe="export", params={"images": Resource(name="fashion_mnist/standin_images")}, seconds=240
)
TEST = Question(
    probe="predictions", params={"images": Resource(name="fashion_mnist/test_images")}, seconds=240
)

TRAINS = re.compile(r"\.backward\(|\.step\(|\.fit\(|\btrain\w*\(", re.IGNORECASE)
FITS = re.compile(r"^[^#\n]*(?:\.fit\(|\.dot\(|matmul\(|[\w)\]] *@ *[\w(])", re.MULTILINE)
"""Code that may learn without torch: a library's, or a network written by hand."""

Series = NDArray[np.float64]
MAX_LOSSES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Facts of the trained network, checked for form alone."""

    name: str
    layers: tuple[tuple[str, str, tuple[tuple[int, ...], ...]], ...]  # type, module, shapes
    parameters: int
    steps: int
    networks: int
    calls: frozenset[str]
    output: tuple[int, ...]
    rivals: int = 0  # others that were trained, and evaluated on test images
    seeded: bool = False  # by the notebook itself
    elsewhere: bool = False  # for a GPU that is not here: its numbers were others
    seen: int = 0  # training images, each time they were learned from; 0: unknown
    evaluated: bool = False  # last on test images
    stopped: str = ""  # the budget that ended its training: "epochs" or "seconds"
    optimizer: str = ""  # its type's name
    images: int = 0  # different training images that it was seen to learn from; 0: none was seen
    tested: int = 0  # different test images that it was seen to learn from
    foreign: float | None = None  # of its steps, the share with gradients of no backward pass
    losses: Series = field(default_factory=lambda: np.zeros(0))  # over its steps, as seen here
    read: frozenset[str] = frozenset()  # files beside the notebook, read as they came


def untrained(
    answer: Answer,
    evidence: Evidence | None,
    notebook: Notebook | None = None,
    template: Notebook | None = None,
) -> Outcome | None:
    """The outcome where no network is known, else None.

    A broken cell is for a person only if the notebook has code that trains, beyond the handout's.
    """
    if answer.status is AnswerStatus.UNDEFINED:
        broken = [c for c in evidence.cells if c.status != "ok"] if evidence else []
        if not broken and _trains_otherwise(answer, notebook, template):
            return review(
                "No network (torch.nn.Module) was trained when the notebook ran, but its code "
                "may learn in another way. A person must look."
            )
        if not broken:
            return failed("No network was trained when the notebook ran.")
        if notebook is not None and not any(map(trains, own_code(notebook, template))):
            return failed("No network was trained: no code of the notebook's own trains one.")
        sources = [cell.source for cell in notebook.cells] if notebook else []
        first = [c for c in broken if c.index < len(sources) and trains(sources[c.index])]
        cell = (first or broken)[0]
        return review(
            f"No network was trained when the notebook ran: cell {cell.index + 1} ended with "
            f"{cell.error[:200]}. A person must look whose mistake that is."
        )
    if answer.status in (AnswerStatus.RAISED, AnswerStatus.TIMEOUT):
        return error(f"The trained network could not be looked at: {answer.error[:200]}")
    if answer.status is not AnswerStatus.OK:
        message = evidence.message if evidence else ""
        if evidence and evidence.ending is Ending.OUTPUT:  # that says nothing of its training
            return review(
                f"The notebook was stopped. {message} A person must look what it trained by then."
            )
        if message:
            return failed(f"The notebook did not come to its end. {message}")
        return error("The trained network could not be looked at.")
    return None


def _trains_otherwise(answer: Answer, notebook: Notebook | None, template: Notebook | None) -> bool:
    """Whether something was trained that is no module of torch: own tensors, other libraries."""
    own = own_code(notebook, template) if notebook is not None else []
    return "gradients" in answer.error or any(FITS.search(source) for source in own)


def trains(source: str) -> bool:
    """Whether code seems to train: comments do not."""
    return TRAINS.search(re.sub(r"#.*", "", source)) is not None


def own_code(notebook: Notebook, template: Notebook | None) -> list[str]:
    """The code cells that are not the handout's."""
    given = {cell.source.strip() for cell in template.cells} if template else set()
    cells = [cell for cell in notebook.cells if cell.kind == "code"]
    return [cell.source for cell in cells if cell.source.strip() not in given]


def stopped_by(evidence: Evidence | None, notebook: Notebook | None) -> str:
    """The error that ended a cell which trains, in a sentence; empty if none did."""
    sources = [cell.source for cell in notebook.cells] if notebook else []
    for cell in evidence.cells if evidence else ():
        if cell.status == "error" and cell.index < len(sources) and trains(sources[cell.index]):
            return f"Cell {cell.index + 1}, which trains, ended with {cell.error[:150]}."
    return ""


def of_the_right_one(outcome: Outcome, network: Network | None) -> Outcome:
    """The outcome, or a person's look where points are lost and another network may be meant.

    Who compares two networks at the end has the weaker one evaluated last as often as not.
    """
    loses = outcome.status in (Status.FAILED, Status.PARTIAL)
    if network is None or not network.rivals or not loses:
        return outcome
    which = f"‘{network.name}’" if network.name else "the last"
    return review(
        f"{outcome.message} The notebook evaluates {network.rivals + 1} networks on the test "
        f"images; {which} counts here. A person must look which one was handed in.",
        **outcome.details,
    )


def read_network(answer: Answer) -> Network | None:
    """The facts, or None if they have another form."""
    facts = answer.value
    if answer.status is not AnswerStatus.OK or not isinstance(facts, dict):
        return None
    try:
        layers = tuple(
            (
                str(layer["type"]),
                str(layer["module"]),
                tuple(tuple(int(n) for n in shape) for shape in layer["parameters"].values()),
            )
            for layer in facts["layers"]
        )
        network = Network(
            name=str(facts["name"])[:80],
            layers=layers,
            parameters=int(facts["parameters"]),
            steps=int(facts["steps"]),
            networks=int(facts["networks"]),
            rivals=max(0, int(facts.get("rivals", 0))),
            seeded=facts.get("seeded") is True,
            elsewhere=facts.get("elsewhere") is True,
            seen=max(0, int(facts.get("seen", 0))),
            evaluated=facts.get("evaluated") is True,
            stopped=facts["stopped"] if facts.get("stopped") in ("epochs", "seconds") else "",
            optimizer=str(facts.get("optimizer", ""))[:80],
            images=int(facts.get("images", 0)),
            tested=int(facts.get("tested", 0)),
            foreign=_share(facts.get("foreign")),
            losses=_losses(facts.get("losses")),
            read=frozenset(str(name) for name in facts.get("read", ())),
            calls=frozenset(str(call) for call in facts["calls"]),
            output=tuple(int(n) for n in facts["output"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    return network if min(network.parameters, network.steps) >= 0 else None


def _share(value: object) -> float | None:
    return value if isinstance(value, float) and 0 <= value <= 1 else None


def _losses(value: object) -> Series:
    fits = isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind == "f"
    kept = value[:MAX_LOSSES].astype(np.float64) if fits else np.zeros(0)  # type: ignore[index]
    return kept if np.isfinite(kept).all() else np.zeros(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What trusted code found of a network that left the sandbox (see `grader.retraining.runs`)."""

    problem: str
    classes: NDArray[np.uint8] | None  # predictions on the 10,000 test images
    finite: bool
    dense: int
    strange: str
    agree: float | None  # share of images with the same prediction inside and outside
    before: float | None  # accuracy before the first step
    moved: float | None
    start: str = ""  # a digest of the weights before the first step; empty: unknown
    bent: int | None = None  # dense layers that are no one linear map with an earlier one
    sparse: float = 0.0  # of the weights of a large layer, the share that is next to nothing
    tied: float = 0.0  # and the share that is another one's copy


def read_export(answer: Answer) -> Export | None:
    """The findings, or None if the question was not answered."""
    facts = answer.value
    if answer.status is not AnswerStatus.OK or not isinstance(facts, dict):
        return None
    return Export(
        problem=str(facts.get("problem", "")),
        classes=facts.get("classes"),
        finite=bool(facts.get("finite", True)),
        dense=int(facts.get("dense", 0)),
        strange=str(facts.get("strange", "")),
        agree=facts.get("agree"),
        before=facts.get("before"),
        moved=facts.get("moved"),
        start=str(facts.get("start", ""))[:64],
        bent=facts.get("bent"),
        sparse=float(facts.get("sparse", 0)),
        tied=float(facts.get("tied", 0)),
    )


def read_classes(answer: Answer, size: int) -> NDArray[np.uint8] | None:
    """Predicted classes of `size` images, or None if the answer has another form."""
    classes = answer.value.get("classes") if isinstance(answer.value, dict) else None
    if answer.status is not AnswerStatus.OK or not isinstance(classes, np.ndarray):
        return None
    if classes.shape != (size,) or classes.dtype != np.uint8 or classes.max() > 9:
        return None
    return classes


def read_series(answer: Answer) -> dict[str, Series]:
    """Histories by name: flat finite-length float arrays."""
    if answer.status is not AnswerStatus.OK or not isinstance(answer.value, dict):
        return {}
    return {
        name: value.astype(np.float64)
        for name, value in answer.value.items()
        if isinstance(value, np.ndarray)
        and value.ndim == 1
        and value.dtype.kind in "fiu"
        and value.size
    }


def per_class(classes: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Series:
    """Accuracy on each of the ten classes, as fractions, shape (10,)."""
    return np.array([(classes[labels == n] == n).mean() for n in range(10)])


def fractions(series: Series) -> Series | None:
    """A series of accuracies as fractions, whether given so or in percent; else None."""
    if not np.isfinite(series).all() or series.min() < 0:
        return None
    if series.max() <= 1:
        return series
    return series / 100 if series.max() <= 100 and series.max() > 1.5 else None


def answer_to(case: Case, question: Question) -> Answer:
    """The answer to one of the shared questions."""
    for asked, answer in zip(case.asked, case.answers, strict=True):
        if asked == question:
            return answer
    return Answer(status=AnswerStatus.LOST)


def nothing_trained(case: Case) -> Outcome | None:
    """`untrained` of a case that holds the question about the network."""
    return untrained(answer_to(case, NETWORK), case.evidence, case.notebook, case.template)


Facts = dict[str, Any]
