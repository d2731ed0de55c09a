"""What a worker does, here or on another machine: one run of one notebook. Trusted side.

A parcel holds all that determines the run; the worker needs nothing else but Fashion-MNIST, which
it finds itself. What goes out and what comes back is JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.core import library_versions
from grader.core.errors import GraderError
from grader.core.model import Evidence, Limits, Notebook, Question
from grader.retraining import options, runs
from grader.retraining.datasets import fashion_mnist
from grader.sandbox.observe import observe
from grader.sandbox.surroundings import DATA, Surroundings
from grader.store import serialisation

Tell = Callable[[str], None]
"""Called with what goes on within a run, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One run of one notebook. Run 0 is the notebook as it is; others have secret classes."""

    task: str
    notebook: Notebook
    questions: tuple[Question, ...]
    prepare: tuple[str, ...]
    limits: Limits
    seed: int
    number: int = 0
    files: Mapping[str, bytes] = field(default_factory=dict)
    hide: tuple[str, ...] = ()
    rung: str = ""  # on this machine; elsewhere the worker finds its own
    versions: Mapping[str, str] = field(default_factory=library_versions.versions)

    def to_bytes(self) -> bytes:
        """JSON text."""
        plain = ("task", "prepare", "seed", "number", "hide")
        made: dict[str, Any] = {name: getattr(self, name) for name in plain}
        made |= {
            "notebook": serialisation.notebook_to_json(self.notebook),
            "questions": [serialisation.question_to_json(question) for question in self.questions],
            "limits": asdict(self.limits),
            "files": serialisation.files_to_json(self.files),
            "versions": dict(self.versions),
        }
        return json.dumps(made).encode()

    @classmethod
    def from_bytes(cls, text: bytes) -> Parcel:
        """The inverse of `to_bytes`."""
        made = json.loads(text)
        return cls(
            task=made["task"],
            notebook=serialisation.notebook_from_json(made["notebook"]),
            questions=tuple(
                serialisation.question_from_json(question) for question in made["questions"]
            ),
            prepare=tuple(made["prepare"]),
            limits=Limits(**made["limits"]),
            seed=made["seed"],
            number=made["number"],
            files=serialisation.files_from_json(made["files"]),
            hide=tuple(made["hide"]),
            versions=made["versions"],
        )


def perform(
    parcel: Parcel,
    tell: Tell,
    data_dir: Path | None = None,
    door: Callable[..., Evidence] | None = None,
) -> Evidence:
    """Runs the notebook, and keeps of its networks what they predict.

    `door` is another than the sandbox's for code of a course's own, where there is no sandbox.

    Raises:
        GraderError: the sandbox or the data is not there.
    """
    again = f"run {parcel.number + 1}, " if parcel.number else ""
    if parcel.number == runs.AUDIT:
        again = "audit, "

    def step(kind: str, place: int, of: int, printed: str) -> None:
        tell(f"{again}{kind} {place + 1}/{of}" + (f": {printed}" if printed else ""))

    with _mounts(parcel, data_dir) as mounts:
        evidence = (door or observe)(
            parcel.notebook,
            parcel.questions,
            Surroundings(
                prepare=parcel.prepare,
                limits=parcel.limits,
                files=parcel.files,
                mounts=mounts,
                hide=tuple(Path(place) for place in parcel.hide),
                rung=parcel.rung,
            ),
            task=parcel.task,
            seed=runs.seed_of(parcel.seed, parcel.number),
            resources=lambda name: fashion_mnist.resource(name, data_dir),
            progress=step,
        )
    return runs.distilled(evidence, parcel.questions, data_dir, _pixels(parcel))


def perform_elsewhere(text: bytes) -> tuple[str, str]:
    """`perform` for a worker of a cluster: a parcel as bytes in, evidence as text out.

    Raises:
        GraderError: this worker's libraries are others than the coordinator's.
    """
    parcel = Parcel.from_bytes(text)
    if other := library_versions.difference(dict(parcel.versions)):
        raise GraderError(f"a worker has other libraries: {other}; install the same everywhere")
    return serialisation.evidence_to_json(perform(parcel, lambda _: None))


@contextmanager
def _mounts(parcel: Parcel, data_dir: Path | None) -> Iterator[dict[str, Path]]:
    mounts = {}
    if options.CUDA in parcel.prepare:
        mounts = {str(path): path for path in options.devices()}
    if fashion_mnist.FIXTURE not in parcel.prepare:
        yield mounts
    elif parcel.number == 0:
        yield mounts | {DATA: fashion_mnist.sandbox_folder(data_dir)}
    else:
        labels = runs.order(parcel.seed, parcel.number)
        with fashion_mnist.permuted_folder(labels, data_dir, _pixels(parcel)) as folder:
            yield mounts | {DATA: folder}


def _pixels(parcel: Parcel) -> NDArray[np.int64] | None:
    """The order of pixels in an audit."""
    return runs.moved(parcel.seed) if parcel.number == runs.AUDIT else None
