"""A kernel that lies: forged, doubled, missing, oversized and malformed messages and answers."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks.functions.plots import MAX_LINES, FunctionPlot, lines_of
from grader.core import codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    Case,
    Cell,
    Ending,
    Evidence,
    Limits,
    Notebook,
    Question,
    Status,
)
from grader.retraining import runs
from grader.retraining.datasets import fashion_mnist
from grader.sandbox import observe
from grader.sandbox.kernels import driver, fork_servers, pipes
from grader.sandbox.surroundings import Surroundings
from grader.sandbox.walls import scratch
from grader.sandbox.walls.usage import children
from tests.hostile.attacks import CLOSES, SHUTS, SLEEPS, STUFFS, UNSIGNED

pytestmark = [pytest.mark.hostile, pytest.mark.sandbox]

ASK = Question(probe="call_function", params={"name": "f", "points": np.array([1.0, 2.0])})


def run(*sources: str, questions: tuple[Question, ...] = (ASK,), **limits: int) -> Evidence:
    """Evidence of a notebook with these cells."""
    small = Limits(**({"cell_seconds": 3, "question_seconds": 1, "notebook_seconds": 40} | limits))
    cells = tuple(Cell(id=f"c{n}", kind="code", source=s) for n, s in enumerate(sources))
    return observe.observe(
        Notebook(name="lies.ipynb", cells=cells),
        questions,
        Surroundings(limits=small),
        task="lies",
        seed=1,
        resources=lambda name: np.zeros(1),
    )


def answer(evidence: Evidence, question: Question = ASK) -> Answer:
    """What came back for a question."""
    return evidence.answers[codec.digest(question)]


# --- answers that are none ---------------------------------------------------------------------


def npy(header: str, body: bytes = b"") -> str:
    """An array's value as a forger writes it: any header, any content."""
    text = header.encode("latin1")
    blob = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body
    return json.dumps({"$array": base64.b64encode(blob).decode()})


OK = '{"nonce": "NONCE", "status": "ok", "error": "", "value": VALUE}'
SHAPE = "{'descr': '%s', 'fortran_order': False, 'shape': %s}"
VALUES = {
    "deep": "[" * 900 + "]" * 900,
    "deeper": "[" * 200_000,
    "not a number": "NaN",
    "infinite": "-Infinity",
    "digits": "9" * 4000,
    "more digits": "9" * 10_000,
    "many values": "[" + "0," * 3_000_000 + "0]",
    "many lists": "[" + "[]," * 2_500_000 + "[]]",
    "no array": '{"$array": 5}',
    "no base64": '{"$array": "\\u2026"}',
    "a marker": '{"$resource": "test"}',
    "object array": npy(SHAPE % ("|O", "(1,)"), b"cos\nsystem\n(S'touch /tmp/x'\ntR."),
    "huge claim": npy(SHAPE % ("<f8", "(1000000000000000,)")),
    "negative shape": npy(SHAPE % ("<f8", "(-1,)")),
    "zero times much": npy(SHAPE % ("<f8", f"(0, {10**30})")),
    "hundred axes": npy(SHAPE % ("<f8", "(" + "1," * 100 + ")"), bytes(8)),
    "code as header": npy("__import__('os').system('true')"),
    "open bracket": npy("(" * 1500),
    "signs": npy("-" * 1900 + "1"),
    "open string": npy("'''"),
    "fields": npy(SHAPE % ("V8", "(1,)"), bytes(8)),
}
LINES = {
    "not JSON": b'{"nonce": "NONCE", ',
    "no object": b'["NONCE"]',
    "no value": b'{"nonce": "NONCE", "status": "ok", "error": ""}',
    "unknown status": b'{"nonce": "NONCE", "status": "passed", "error": "", "value": 1}',
    "status of ours": b'{"nonce": "NONCE", "status": "lost", "error": "", "value": 1}',
    "error that is no text": b'{"nonce": "NONCE", "status": "raised", "error": [1], "value": 1}',
    "wrong nonce": b'{"nonce": "forged", "status": "ok", "error": "", "value": 1}',
    "not ASCII": '{"nonce": "NONCE", "status": "ok", "error": "ü", "value": 1}'.encode(),
    "two lines": b'{"nonce": "NONCE", "status": "ok", "error": "", "value": 1}\n{"nonce": "NONCE"}',
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_that_is_none_is_malformed(value: str) -> None:
    line = OK.replace("VALUE", value)
    assert observe.decode_answer({"status": "ok", "text": line}).status is AnswerStatus.MALFORMED


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_line_that_is_no_answer_is_malformed(line: bytes) -> None:
    told = pipes.read_answer(line.replace(b"NONCE", b"n" * 32), "n" * 32)
    assert observe.decode_answer(told).status is AnswerStatus.MALFORMED


def test_no_line_is_a_lost_answer() -> None:
    assert observe.decode_answer(pipes.read_answer(b" \n\n", "n")).status is AnswerStatus.LOST


def test_a_kernel_that_forges_each_answer_is_believed_in_none() -> None:
    """The same through a real kernel: one for each question, and an honest one at the end."""
    forged = [line.decode() for line in LINES.values()]
    forged += [
        OK.replace("VALUE", VALUES[name])
        for name in ("deep", "digits", "zero times much", "object array")
    ]
    questions = tuple(
        Question(probe="call_function", params={"name": "f", "points": np.array([float(n)])})
        for n in range(len(forged) + 1)
    )
    evidence = run(
        "def f(x): return x + 1",
        f"forged = {forged!r}\n"
        "import json, grader_inside.protocol as protocol\n"
        "honest = protocol._dumps\n"
        "def dumps(answer):\n"
        "    number = count.pop()\n"
        "    if number >= len(forged): return honest(answer)\n"
        "    line = forged[number].replace('NONCE', answer['nonce'])\n"
        "    return type('Raw', (str,), {'encode': lambda self: str(self).encode()})(line)\n"
        f"count = list(range({len(forged)}, -1, -1))\n"
        "protocol._dumps = dumps",
        questions=questions,
    )
    statuses = [answer(evidence, question).status for question in questions]
    assert statuses == [AnswerStatus.MALFORMED] * len(forged) + [AnswerStatus.OK]
    assert evidence.ending is Ending.COMPLETED


@pytest.mark.parametrize(
    "claimed",
    [
        np.array([1, 2]),
        [],
        "x",
        {"problem": np.array([1, 2])},
        {"problem": ["x"] * 9},
        {"onnx": 5, "moved": 10**300, "before": np.zeros(0, np.uint8)},
        {"onnx": np.zeros(9, np.uint8), "inside": np.full(10_000, 200, np.uint8)},
        {"onnx": np.zeros((3, 3), np.uint8), "before": np.full(10_000, np.nan)},
    ],
)
def test_a_claimed_network_that_is_none_is_a_problem_and_no_crash(
    claimed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This is read before it is judged: an exception here would end the batch."""
    images, labels = np.zeros((10_000, 28, 28), np.uint8), np.zeros(10_000, np.uint8)
    monkeypatch.setattr(fashion_mnist, "load", lambda name, folder: (images, labels))
    question = Question(probe="export")
    evidence = Evidence(
        task="t",
        ending=Ending.COMPLETED,
        answers={codec.digest(question): Answer(status=AnswerStatus.OK, value=claimed)},
    )
    found = answer(runs.distilled(evidence, [question], None), question).value
    assert found["problem"]
    assert "classes" not in found


def test_a_flood_of_right_curves_is_judged_like_a_few() -> None:
    """Each pair of curves is compared: a million claimed lines must not be."""
    x = np.linspace(-5, 5, 20)
    line = {"x": x, "y": np.tanh(x), "label": "", "color": "red"}
    figure = {"axes": [{"lines": [line] * 10_000, "title": "t"}] * 2}
    own = {"x": x, "values": {"tanh": np.tanh(x), "tanh_grad": np.tanh(x)}}
    value = {"figures": [figure] * 2, "own": own}
    claimed = Answer(status=AnswerStatus.OK, value=value)
    check = FunctionPlot(plot="plot_tanh", function="tanh", gradient="tanh_grad")
    asked = Question(probe="call_plot", params={"x_min": -5, "x_max": 5})
    assert len(lines_of(figure["axes"][0])) == MAX_LINES
    found = check.judge(Case(asked=(asked,), answers=(claimed,), expected=(claimed,)))
    assert found.status is Status.PARTIAL


# --- kernels that break off --------------------------------------------------------------------

HONEST = "def f(x): return x + 1"
BROKEN = {
    "unsigned": [HONEST, UNSIGNED],
    "closes": [HONEST, CLOSES],
    "shuts": [HONEST, SHUTS, "1"],
    "sleeps": [HONEST, SLEEPS],
    "stuffs": [HONEST, STUFFS],
}


@pytest.fixture(scope="module")
def broken() -> dict[str, Evidence]:
    with ThreadPoolExecutor(3) as pool:
        return dict(zip(BROKEN, pool.map(lambda cells: run(*cells), BROKEN.values()), strict=True))


@pytest.mark.parametrize("name", ["unsigned", "closes", "sleeps"])
def test_a_kernel_that_can_not_be_heard_gives_no_answer(
    broken: dict[str, Evidence], name: str
) -> None:
    assert answer(broken[name]).status in (AnswerStatus.LOST, AnswerStatus.TIMEOUT)
    assert broken[name].message


def test_a_kernel_without_output_still_answers(broken: dict[str, Evidence]) -> None:
    assert answer(broken["shuts"]).value["values"].tolist() == [2.0, 3.0]


def test_a_stuffed_question_pipe_is_no_forged_answer(broken: dict[str, Evidence]) -> None:
    """Where root grades, the pipe is closed to it; the rest of the cell, which lies, is run."""
    wanted = {AnswerStatus.MALFORMED, AnswerStatus.TIMEOUT, AnswerStatus.LOST}
    assert answer(broken["stuffs"]).status in wanted


# --- the driver process ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"not JSON\n",
        b"[1]\n",
        b'{"event": "done"}\n',
        b"\xff\n" + b"[" * 5000 + b"\n",
        b'{"event": "done", "ending": "won", "message": "", "cells": [], "answers": {}}\n',
        b'{"event": "done", "ending": "completed", "message": "", "cells": [{"x": 1}], '
        b'"answers": {}}\n',
    ],
)
def test_a_driver_that_breaks_is_an_outcome(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver is ours, but reads what is hostile: when it goes, nothing else does."""
    real = subprocess.Popen

    def popen(command: list[str], **more: Any) -> Any:
        return real(
            [
                "sh",
                "-c",
                'head -c 1 >/dev/null; printf "%b" "$0"',
                "".join(f"\\0{byte:03o}" for byte in said),
            ],
            **more,
        )

    monkeypatch.setenv(fork_servers.COLD, "1")
    monkeypatch.setattr(subprocess, "Popen", popen)
    evidence = run("1")
    assert evidence.ending in (Ending.SETUP_FAILED, Ending.CRASHED)
    assert evidence.message
    assert answer(evidence).status is AnswerStatus.LOST


def test_a_driver_that_can_not_start_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fork_servers.COLD, "1")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    evidence = run("1")
    assert evidence.ending is Ending.SETUP_FAILED
    assert "could not be started" in evidence.message


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files that only this test uses, with a short name for sockets."""
    with tempfile.TemporaryDirectory(prefix="lies-", dir="/tmp") as name:
        Path(name).chmod(0o711)
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


@pytest.mark.xdist_group("one user")  # a killed driver leaves its groups to the next
def test_a_driver_that_is_killed_is_tried_once_more_and_leaves_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its memory limit can end it at any moment: the kernel goes with it, and its folders."""
    killed: list[int] = []
    limits: list[str] = []
    monkeypatch.setenv(fork_servers.COLD, "1")

    def kill(kind: str, number: int, of: int, printed: str) -> None:
        for pid in children(os.getpid()):
            if b"grader.sandbox.kernels.driver\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
                limits.append(Path(f"/proc/{pid}/limits").read_text())
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    evidence = observe.observe(
        Notebook(name="n", cells=(Cell(id="a", kind="code", source="import time; time.sleep(9)"),)),
        (),
        Surroundings(),
        task="t",
        seed=1,
        resources=lambda name: np.zeros(1),
        progress=kill,
    )
    assert evidence.ending is Ending.CRASHED
    assert len(killed) == 2
    assert re.search(rf"Max address space +{driver.MAX_MEMORY} ", limits[0])
    assert list(place.iterdir())  # nobody is left to remove it
    deadline = time.monotonic() + 60
    while list(place.iterdir()) and time.monotonic() < deadline:
        scratch.reap()
        time.sleep(0.1)
    assert list(place.iterdir()) == []
