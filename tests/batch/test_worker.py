"""A parcel holds all that a run needs, here or elsewhere; what goes out and comes back is JSON."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.batch import worker
from grader.batch.worker import Parcel, perform, perform_elsewhere
from grader.core import library_versions
from grader.core.errors import GraderError
from grader.core.model import Cell, Ending, Evidence, Limits, Notebook, Question, Resource
from grader.retraining import options, runs
from grader.retraining.datasets import fashion_mnist
from grader.sandbox.surroundings import DATA, Surroundings
from grader.store import serialisation

PARCEL = Parcel(
    task="t",
    notebook=Notebook(name="n.ipynb", cells=(Cell(id="a", kind="code", source="1"),)),
    questions=(Question(probe="p", params={"x": 1, "images": Resource(name="i")}, seconds=3),),
    prepare=("figures",),
    limits=Limits(cell_seconds=5, memory_mib=99),
    seed=7,
    number=2,
    files={"helper.py": b"\0\xff"},
    hide=("/reference",),
    rung="bubblewrap",
)


class Seen:
    """Takes the place of `observe`, and keeps what it was called with."""

    def __init__(self) -> None:
        self.around = Surroundings()
        self.more: dict[str, Any] = {}

    def __call__(
        self, notebook: Notebook, questions: Sequence[Question], around: Surroundings, **more: Any
    ) -> Evidence:
        self.around, self.more = around, more
        more["progress"]("cell", 0, 3, "printed")
        more["progress"]("question", 1, 4, "")
        return Evidence(task=more["task"], ending=Ending.COMPLETED, seed=more["seed"])


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    found = Seen()
    monkeypatch.setattr(worker, "observe", found)
    return found


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The data folders that were made: the arguments of each."""
    made: list[tuple[Any, ...]] = []

    def plain(folder: Path | None) -> Path:
        made.append(("plain", folder))
        return Path("/plain")

    @contextmanager
    def permuted(labels: Any, folder: Path | None, pixels: Any) -> Any:
        made.append(("permuted", labels.tolist(), None if pixels is None else pixels.tolist()))
        yield Path("/permuted")

    monkeypatch.setattr(fashion_mnist, "sandbox_folder", plain)
    monkeypatch.setattr(fashion_mnist, "permuted_folder", permuted)
    return made


# --- parcels -----------------------------------------------------------------------------------


def test_a_parcel_comes_back_as_it_went_but_for_the_rung() -> None:
    """Which sandbox there is, a worker elsewhere finds out itself."""
    assert Parcel.from_bytes(PARCEL.to_bytes()) == replace(PARCEL, rung="")


def test_a_parcel_tells_the_versions_of_its_sender() -> None:
    sent = replace(PARCEL, versions={"numpy": "1.0"})
    assert Parcel.from_bytes(sent.to_bytes()).versions == {"numpy": "1.0"}
    assert PARCEL.versions == library_versions.versions()


# --- one run -----------------------------------------------------------------------------------


def told(parcel: Parcel) -> list[str]:
    lines: list[str] = []
    perform(parcel, lines.append)
    return lines


def test_a_run_is_made_in_the_surroundings_of_its_parcel(seen: Seen) -> None:
    perform(PARCEL, lambda _: None)
    around = seen.around
    assert (around.prepare, around.limits, around.rung) == (
        PARCEL.prepare,
        PARCEL.limits,
        "bubblewrap",
    )
    assert around.files == PARCEL.files
    assert tuple(around.hide) == (Path("/reference"),)
    assert around.mounts == {}
    assert seen.more["task"] == "t"


def test_each_run_has_a_seed_of_its_own(seen: Seen) -> None:
    found = {
        number: perform(replace(PARCEL, number=number), lambda _: None).seed
        for number in (0, 1, 2, runs.AUDIT)
    }
    assert found[0] == runs.seed_of(7, 0)
    assert len({*found.values(), PARCEL.seed}) == 5


@pytest.mark.parametrize(
    ("number", "head"), [(0, ""), (1, "run 2, "), (2, "run 3, "), (runs.AUDIT, "audit, ")]
)
def test_steps_are_told_with_the_number_of_the_run(seen: Seen, number: int, head: str) -> None:
    assert told(replace(PARCEL, number=number)) == [
        f"{head}cell 1/3: printed",
        f"{head}question 2/4",
    ]


def prepared(number: int, *fixtures: str) -> Parcel:
    return replace(PARCEL, number=number, prepare=fixtures)


def test_the_first_run_sees_the_data_as_they_are(seen: Seen, data: list[Any]) -> None:
    perform(prepared(0, fashion_mnist.FIXTURE), lambda _: None, Path("/data"))
    assert seen.around.mounts == {DATA: Path("/plain")}
    assert data == [("plain", Path("/data"))]


def test_a_further_run_sees_secret_classes(seen: Seen, data: list[Any]) -> None:
    perform(prepared(2, fashion_mnist.FIXTURE), lambda _: None)
    assert seen.around.mounts == {DATA: Path("/permuted")}
    assert data == [("permuted", runs.order(7, 2).tolist(), None)]


def test_an_audit_sees_moved_pixels_as_well(seen: Seen, data: list[Any]) -> None:
    perform(prepared(runs.AUDIT, fashion_mnist.FIXTURE), lambda _: None)
    ((kind, labels, pixels),) = data
    assert (kind, labels) == ("permuted", runs.order(7, runs.AUDIT).tolist())
    assert pixels == runs.moved(7).tolist()
    assert np.array_equal(np.sort(pixels), np.arange(784))


def test_a_notebook_without_the_data_gets_none(seen: Seen, data: list[Any]) -> None:
    perform(prepared(1, "figures"), lambda _: None)
    assert (seen.around.mounts, data) == ({}, [])


def test_devices_are_mounted_for_who_asks_for_them(
    seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "devices", lambda: (Path("/dev/nvidia0"),))
    perform(prepared(0, options.CUDA), lambda _: None)
    assert seen.around.mounts == {"/dev/nvidia0": Path("/dev/nvidia0")}


# --- elsewhere ---------------------------------------------------------------------------------


def test_a_worker_elsewhere_gives_evidence_as_text(seen: Seen) -> None:
    found = serialisation.evidence_from_json(*perform_elsewhere(PARCEL.to_bytes()))
    assert (found.task, found.ending) == ("t", Ending.COMPLETED)
    assert seen.around.rung == ""


@pytest.mark.parametrize("versions", [{"numpy": "0.1"}, {"jax": "1"}])
def test_a_worker_with_other_libraries_refuses(seen: Seen, versions: dict[str, str]) -> None:
    sent = replace(PARCEL, versions=library_versions.versions() | versions)
    with pytest.raises(GraderError, match="a worker has other libraries: ") as refused:
        perform_elsewhere(sent.to_bytes())
    assert next(iter(versions)) in str(refused.value)
    assert seen.more == {}  # nothing was run
