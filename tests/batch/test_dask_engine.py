"""The same jobs on a Dask cluster: two workers on this machine, one of which is killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.assignment import rubric
from grader.batch import worker
from grader.batch.batch import Batch, Settings
from grader.batch.dask_engine import DaskEngine, _examine
from grader.batch.engine import Queue
from grader.batch.worker import Parcel
from grader.core import library_versions
from grader.core.errors import GraderError, UsageError
from grader.core.model import Assignment, Cell, Limits, Notebook, Question, Resource, Submission
from grader.reports import json_report
from grader.store.store import Store
from tests.course import Quiet, submission

distributed = pytest.importorskip("distributed")


def parcel(**change: object) -> Parcel:
    of = submission(12)
    question = Question(
        probe="sum",
        params={"drawn": 3, "x": [1.5], "images": Resource(name="fashion_mnist/x")},
        seconds=5,
        source="own",
    )
    made = {
        "task": "sums",
        "notebook": of.notebooks["sums"],
        "questions": (question,),
        "prepare": ("figures",),
        "limits": Limits(),
        "seed": 2**47,
        "files": {"helper.py": b"\xff\x00"},
        "hide": ("/x",),
    } | change
    return Parcel(**made)  # type: ignore[arg-type]


def test_a_parcel_comes_back_as_it_went() -> None:
    assert Parcel.from_bytes(parcel().to_bytes()) == parcel()


def test_a_worker_with_other_libraries_refuses_and_says_which() -> None:
    theirs = parcel().versions | {"numpy": "0.1"}  # type: ignore[operator]
    with pytest.raises(GraderError, match=r"other libraries: numpy 0\.1 instead of \d"):
        worker.perform_elsewhere(parcel(versions=theirs).to_bytes())


def test_without_a_scheduler_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.batch.dask_engine.CONNECT_SECONDS", 1)
    with pytest.raises(UsageError, match=r"^no Dask scheduler answers at tcp://127\.0\.0\.1:9 "):
        list(DaskEngine("tcp://127.0.0.1:9").run(Queue(), lambda job, text: None))


# --- two workers ------------------------------------------------------------------------------

SOURCES = (
    "import numpy as np\ndef logistic(x): return 1 / (1 + np.exp(-x))\ntanh = np.tanh",
    "import math\ndef logistic(x): return x\ndef tanh(x): return x",
    "import numpy as np\nlogistic = None\ndef tanh(x): return np.tanh(x)",
    "raise SystemExit",
)


def small() -> Assignment:
    """Two functions of the activation task."""
    whole = rubric.find("dais2021-a4")
    (task,) = [task for task in whole.tasks if task.id == "activation"]
    items = tuple(item for item in task.items if item.id in ("logistic", "tanh"))
    return replace(whole, tasks=(replace(task, items=items),))


def handed_in() -> list[Submission]:
    cells = [Cell(id="a", kind="code", source=source) for source in SOURCES]
    return [
        Submission(
            student=f"s{n}",
            name=f"Student {n}",
            missing={},
            digest=f"digest-{n}",
            notebooks={"activation": Notebook(name="a.ipynb", cells=(cell,))},
        )
        for n, cell in enumerate(cells)
    ]


def graded(folder: Path, engine: DaskEngine | None, progress: Quiet) -> bytes:
    """results.json of these submissions."""
    folder.mkdir()
    of = small()
    with Store(folder / "grader.sqlite") as store:
        settings = Settings(seed=store.batch_seed(7), jobs=2)
        found = Batch(of, store, settings, progress, engine).run(handed_in())
    return json_report.render(found, of)["results.json"]


class Killing(Quiet):
    """Kills a worker when the first notebook is done."""

    def __init__(self, worker: subprocess.Popen[bytes]) -> None:
        super().__init__()
        self._worker = worker

    def finish(self, student: str, task: str, text: str, seconds: float) -> None:
        super().finish(student, task, text, seconds)
        if len(self.finished) == 1:
            os.kill(self._worker.pid, signal.SIGKILL)


def written(place: Path) -> str:
    """The scheduler's address, as soon as the whole file that tells it is there."""
    deadline = time.monotonic() + 120
    while True:
        try:
            return str(json.loads(place.read_text())["address"])
        except (OSError, ValueError):
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Address of a scheduler, and its two workers."""
    place = tmp_path / "scheduler.json"
    quiet: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": tmp_path,
    }

    def start(command: str) -> subprocess.Popen[bytes]:
        module = f"-m distributed.cli.{command} --host 127.0.0.1 --no-dashboard"
        return subprocess.Popen([sys.executable, *module.split()], **quiet)

    started = [start(f"dask_scheduler --port 0 --scheduler-file {place}")]
    try:
        address = written(place)
        workers = [start(f"dask_worker {address} --no-nanny --nthreads 1") for _ in range(2)]
        started += workers
        with distributed.Client(address) as client:
            client.wait_for_workers(2, timeout=120)
        yield address, workers
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.mark.sandbox
@pytest.mark.xdist_group("one user")
def test_two_workers_give_what_one_machine_gives_though_one_is_killed(
    tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    told = Killing(workers[0])
    there = graded(tmp_path / "there", DaskEngine(address), told)
    assert workers[0].wait(120) == -signal.SIGKILL
    assert len(told.finished) == len(SOURCES)
    here = graded(tmp_path / "here", None, Quiet())
    assert there == here
    points = [entry["points"] for entry in json.loads(here)["submissions"]]
    assert points == ["3.00", "0.00", "1.50", "0.00"]


class Unfit:
    """A cluster with one worker, of which this is told."""

    def __init__(self, libraries: dict[str, str], reason: str) -> None:
        self._told = {"tcp://w:1": (libraries, reason)}

    def run(self, function: object) -> dict[str, tuple[dict[str, str], str]]:
        return self._told


@pytest.mark.parametrize(
    ("libraries", "reason", "sentence"),
    [
        ({}, "bubblewrap is missing", "bubblewrap is missing"),
        ({"torch": "0.1"}, "", "it has torch 0.1 instead of "),
    ],
)
def test_a_worker_that_is_not_fit_is_told_before_anything_is_sent(
    libraries: dict[str, str], reason: str, sentence: str
) -> None:
    cluster = Unfit(library_versions.versions() | libraries, reason)
    with pytest.raises(UsageError, match=re.escape(f"worker tcp://w:1 is not fit: {sentence}")):
        _examine(cluster)
