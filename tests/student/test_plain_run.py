"""A notebook that runs without kernel and sandbox tells the same as one that runs in them."""

from __future__ import annotations

import io
import json
import re
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.core import codec
from grader.core.model import Answer, AnswerStatus, Ending, Evidence, Limits, Question, Resource
from grader.core.notebook import read
from grader.sandbox.surroundings import Surroundings
from grader.store import serialisation
from grader.student import plain_run, plain_start, public_checks
from tests.bundle import ROOT, cell, made, notebook

CALL = {"name": "double", "points": [3]}


def run(*cells: str, asked: tuple[Question, ...] = (), **limits: Any) -> Evidence:
    around = Surroundings(
        prepare=("figures",), limits=Limits(**limits), files={"data/own.py": b"VALUE = 7\n"}
    )
    return plain_run.run(
        read(notebook(*cells), "x.ipynb"), asked, around, task="t", seed=3, resources=_none
    )


def without_cell(answer: Answer) -> str:
    """An answer as text; where the notebook had come to when it was asked is left out."""
    return re.sub(r'"cell": -?[0-9]+', "", codec.encode(answer.value))


def _none(name: str) -> Any:
    raise KeyError(name)


def test_answers_are_those_of_the_reference() -> None:
    public = made("kmeans-example", "kmeans")
    task = public.task("kmeans")
    asked = [question for item in public.asked["kmeans"].values() for question in item]
    content = (ROOT / "reference/kmeans-example/KMeans.ipynb").read_bytes()
    early: dict[str, Answer] = {}
    plain_start.ahead()
    told: list[tuple[str, int, int]] = []
    found = plain_run.run(
        read(content, "KMeans.ipynb"),
        asked,
        Surroundings(prepare=task.prepare, limits=task.limits),
        task=task.id,
        seed=1,
        resources=_none,
        progress=lambda kind, number, of, _: told.append((kind, number, of)),
        answered=early.__setitem__,
    )
    assert plain_start._waiting == []
    assert (found.ending, {cell.status for cell in found.cells}) == (Ending.COMPLETED, {"ok"})
    assert early.keys() == found.answers.keys()
    for key, expected in public.expected.items():
        given = public_checks._rounded(found.answers[key])
        assert without_cell(given) == without_cell(expected)
    assert told[0] == ("cell", 0, 6)
    assert ("question", len(asked) - 1, len(asked)) in told


def test_cells_are_as_in_a_kernel() -> None:
    found = run(
        "%matplotlib inline\nimport sys\nprint('ä'); 1 + 1",
        "def broken(:",
        "before = 1\nboom\nafter = 2",
        "print(before + after, __name__); exit()",
        "%%time\nx = 5",
        "!rm -rf nothing\nfiles = !ls\n%timeit x\nx?\nlen(files), x",
        "from data.own import VALUE\nimport inspect\nVALUE",
        "def double(n):\n    return n + n\ndisplay(inspect.getsource(double)); double(2);",
        "sys.exit(3)",
        "input('how many? [4] ')",
    )
    assert found.ending is Ending.COMPLETED
    texts = [cell.text for cell in found.cells]
    assert texts[0] == "ä\n2\n"
    assert found.cells[1].error.startswith("SyntaxError")
    assert (found.cells[2].status, found.cells[2].error[:9]) == ("error", "NameError")
    assert texts[3] == "3 __main__\n"
    assert texts[5] == "(0, 5)\n"
    assert texts[6] == "7\n"
    assert texts[7] == "'def double(n):\\n    return n + n\\n'\n"
    assert found.cells[8].error == "SystemExit: 3"
    assert texts[9].endswith("'4'\n")
    assert any("needs IPython, and was left out" in told for told in found.repairs)


@pytest.mark.parametrize("way", [signal.default_int_handler, signal.SIG_IGN])
def test_a_cell_that_takes_too_long_is_stopped_and_the_next_one_runs(way: Any) -> None:
    """Also where a shell started the check in the background: what is so begun ignores Ctrl+C."""
    before = signal.signal(signal.SIGINT, way)
    try:
        found = run("while True:\n    pass", "print('next')", cell_seconds=1, notebook_seconds=30)
    finally:
        signal.signal(signal.SIGINT, before)
    assert [cell.status for cell in found.cells] == ["timeout", "ok"]
    assert found.cells[1].text == "next\n"


def test_a_notebook_that_ends_its_process_is_told() -> None:
    asked = Question(probe="call_function", params=CALL)
    found = run("import os\nos._exit(1)", asked=(asked,))
    assert (found.ending, found.message) == (Ending.CRASHED, "Its process ended.")
    assert found.answers[codec.digest(asked)].status is AnswerStatus.LOST


def test_a_notebook_that_never_ends_is_ended() -> None:
    stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    found = run(stubborn, cell_seconds=1, notebook_seconds=3)
    assert (found.ending, found.message) == (Ending.TIMEOUT, "It ran longer than 3 s.")


def test_no_file_is_put_outside_of_the_notebooks_folder(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    out = {"../up.py": b"", f"{tmp_path}/root.py": b"", "a/../../over.py": b""}
    plain_run._fill(folder, out | {"a/b.py": b"x = 1"})
    assert [p.name for p in tmp_path.rglob("*.py")] == ["b.py"]
    assert (folder / "a" / "b.py").read_bytes() == b"x = 1"


class Process:
    """One that has told these events, and is at its end."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self.stdin = io.BytesIO()
        self.stdout = io.BytesIO(b"".join(json.dumps(event).encode() + b"\n" for event in events))
        self.ended: list[str] = []

    def kill(self) -> None:
        self.ended.append("killed")

    def wait(self) -> None:
        self.ended.append("waited for")


@pytest.mark.parametrize(
    ("events", "ending", "message"),
    [
        ([], Ending.SETUP_FAILED, "its process could not be prepared."),
        (
            [{"event": "failed", "why": "OSError: full"}],
            Ending.SETUP_FAILED,
            "its process could not be prepared (OSError: full).",
        ),
        ([{"event": "started"}], Ending.CRASHED, "Its process ended."),
        (
            [{"event": "started"}, {"event": "failed", "why": "MemoryError"}],
            Ending.CRASHED,
            "Its process ended (MemoryError).",
        ),
    ],
)
def test_a_process_that_ends_early_is_told_by_how_far_it_came(
    events: list[dict[str, Any]], ending: Ending, message: str
) -> None:
    process: Any = Process(*events)
    found = plain_run._Told({"task": "t", "seed": 3}, None, None).by(process, 9)
    assert (found.task, found.seed) == ("t", 3)
    assert (found.ending, found.message) == (ending, message)
    assert process.ended == ["killed", "waited for"]


def test_what_a_process_is_at_is_passed_on() -> None:
    told: list[tuple[str, int, int, str]] = []
    asked = {"key": {"seconds": None}}
    job = {"task": "t", "seed": 3, "questions": asked, "limits": {"question_seconds": 20}}
    process: Any = Process(
        {"event": "started"},
        {"event": "cell", "number": 0, "of": 2, "printed": "epoch 1"},
        {"event": "question", "number": 0, "of": 1},
    )
    plain_run._Told(job, lambda *event: told.append(event), None).by(process, 9)
    assert told == [("cell", 0, 2, "epoch 1"), ("question", 0, 1, "")]


def test_only_cells_with_code_are_sent_and_arrays_are_put_in() -> None:
    cells = read(notebook("x = 1", cell("# words", "w", "markdown"), " \n", "y = 2"), "x.ipynb")
    asked = Question(probe="p", params={"data": Resource(name="images"), "n": 3})
    around = Surroundings(prepare=("figures",), limits=Limits(), files={})
    job = plain_run._job(cells, {"k": asked}, around, "t", 3, lambda name: np.full(2, len(name)))
    assert job["cells"] == [(0, "c0", "x = 1"), (3, "c3", "y = 2")]
    sent = serialisation.question_from_json(job["questions"]["k"])
    assert sent.params["data"].tolist() == [6, 6]
    assert sent.params["n"] == 3
    json.dumps(job)
