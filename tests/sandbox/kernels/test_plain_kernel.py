"""A kernel without Jupyter: the same facts behind the same walls, and nothing believed of it."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from grader.core import codec
from grader.core.model import Evidence, Limits, Question
from grader.core.notebook import read
from grader.sandbox.kernels import drivers, plain_talk
from grader.sandbox.kernels.job import KernelJob
from grader.sandbox.kernels.kernel import MORE, KernelDiedError
from grader.sandbox.kernels.plain_kernel import PlainKernel
from grader.sandbox.kernels.plain_talk import PlainTalk
from grader.sandbox.observe import observe
from grader.sandbox.surroundings import Surroundings
from grader.sandbox.walls import choose
from grader.store import serialisation
from tests.bundle import notebook

JOB = KernelJob(
    cells=(), questions=(), prepare=(), seed=1, limits=Limits(), rung="bubblewrap", plain=True
)

# --- the talk ---------------------------------------------------------------------------------


class Kernel:
    """The ends of two pipes, and somebody who says what he likes at the other."""

    def __init__(self, *replies: bytes | None) -> None:
        self._orders, self.orders = os.pipe()
        self.replies, self._out = os.pipe()
        self.heard: list[dict[str, Any]] = []
        self.reasons: list[str] = []
        self.interrupts, self.is_ahead = 0, False
        self._thread = threading.Thread(target=self._speak, args=(replies,))
        self._thread.start()

    def _speak(self, replies: tuple[bytes | None, ...]) -> None:
        with open(self._orders, "rb") as orders:  # noqa: PTH123 (an fd)
            for reply, line in zip(replies, orders, strict=False):
                self.heard.append(json.loads(line))
                if reply is None:  # hangs up
                    break
                os.write(self._out, reply)
            else:
                orders.read()
        os.close(self._out)

    def kill(self, reason: str = "") -> None:
        self.reasons.append(reason)

    async def is_alive(self) -> bool:
        return False

    async def interrupt_kernel(self) -> None:
        self.interrupts += 1

    def late_limits(self) -> dict[str, int]:
        return {"RLIMIT_CPU": 5}

    def close(self) -> None:
        os.close(self.orders)
        self._thread.join()
        os.close(self.replies)


def told(kernel: Kernel, what: Callable[[PlainTalk], Any], **limits: int) -> Any:
    """What comes of an order, and a list of what was printed."""
    printed: list[str] = []

    async def talk() -> Any:
        job = replace(JOB, limits=Limits(**limits), files={"a.csv": b"1"})
        made = PlainTalk(cast("PlainKernel", kernel), job, printed.append)
        try:
            return await what(made)
        finally:
            made.close()

    try:
        return asyncio.run(talk()), printed
    finally:
        kernel.close()


def cell(talk: PlainTalk) -> Any:
    return talk.run_cell(3, "c", "x = 1")


def said(**what: Any) -> bytes:
    return json.dumps({"number": 1, "status": "ok"} | what).encode() + b"\n"


def test_what_became_of_a_cell_is_told_without_colours_and_what_was_overwritten() -> None:
    kernel = Kernel(
        said(printed="\x1b[31mepoch 1", bytes=9) + said(error="", text="10%\r20%\n\x1b[1mx")
    )
    run, printed = told(kernel, cell)
    assert (run.index, run.id, run.status, run.text) == (3, "c", "ok", "20%\nx")
    assert printed == ["epoch 1"]
    assert kernel.heard[0]["source"] == "x = 1"


def test_more_than_is_kept_is_cut() -> None:
    run, _ = told(Kernel(said(text="x" * 5000, more=True)), cell, output_kib=1)
    assert run.text == "x" * (1024 - len(MORE)) + MORE


def test_an_error_is_cut_and_the_cells_status() -> None:
    run, _ = told(Kernel(said(error="KeyError: 'a'" + "x" * 9000)), cell)
    assert (run.status, len(run.error)) == ("error", 2000)


def test_a_reply_to_an_order_from_before_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_talk, "INTERRUPT_SECONDS", 0.01)
    kernel = Kernel(said(number=7, text="of another"))
    run, _ = told(kernel, cell, cell_seconds=1)
    assert (run.status, run.text, kernel.interrupts) == ("timeout", "", 1)


def test_files_and_limits_of_a_job_that_comes_late_come_with_it() -> None:
    for ahead, files in ((True, {"a.csv": "MQ=="}), (False, {})):
        kernel = Kernel(said())
        kernel.is_ahead = ahead
        assert told(kernel, lambda talk: talk.begin())[0] == ""
        assert kernel.heard[0]["files"] == files


def test_one_that_could_not_be_prepared_says_so() -> None:
    lack, _ = told(Kernel(said(status="error", error="ImportError")), lambda talk: talk.begin())
    assert lack == "could not be prepared"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (None, KernelDiedError),
        (b"no json\n", ValueError),
        (b"[1]\n", TypeError),
        (b"{}\n", KeyError),
        (b'{"printed": "x"}\n', KeyError),
        (b"[" * 100_000 + b"\n", RecursionError),
    ],
)
def test_what_no_kernel_says_ends_the_talk(reply: bytes | None, error: type[Exception]) -> None:
    kernel = Kernel(reply)
    with pytest.raises(error):
        told(kernel, cell)
    assert kernel.reasons == [""]


def test_a_question_that_ends_the_kernel_has_no_answer() -> None:
    assert told(Kernel(None), lambda talk: talk.answer(5))[0] is False
    assert told(Kernel(said()), lambda talk: talk.answer(5))[0] is True


def test_a_flood_ends_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(said(printed="x", bytes=plain_talk.MAX_PRINTED + 1) + said())
    told(kernel, cell)
    assert kernel.reasons == ["output"]
    monkeypatch.setattr(plain_talk, "MAX_HEARD", 10)
    monkeypatch.setattr(plain_talk, "INTERRUPT_SECONDS", 0.01)
    kernel = Kernel(b"x" * 11)
    told(kernel, cell, cell_seconds=1)
    assert kernel.reasons[0] == "output"


# --- a job that comes late --------------------------------------------------------------------


@pytest.fixture
def waiting() -> Iterator[PlainKernel]:
    kernel = PlainKernel(JOB, ahead=True)
    process: Any = SimpleNamespace(poll=lambda: None, wait=lambda seconds: 0)
    kernel._process = process
    yield kernel
    kernel.close()


def test_a_job_is_taken_whose_walls_stand_already(waiting: PlainKernel) -> None:
    limits: list[Limits] = []
    group: Any = SimpleNamespace(limit=limits.append, close=lambda: None)
    waiting._group = group
    job = replace(JOB, limits=Limits(memory_mib=100), files={"own.py": b""})
    assert waiting.take(job)
    assert limits == [job.limits]
    assert waiting._setup()["limits"] == {}
    assert waiting.late_limits()["RLIMIT_DATA"] == 100 << 20


@pytest.mark.parametrize(
    "other",
    [
        {"plain": False},
        {"rung": "bubblewrap+cgroup"},
        {"limits": Limits(disk_mib=3)},
        {"mounts": {"/data/x": "/x"}},
        {"hide": ("/x",)},
        {"files": {"matplotlib.py": b""}},
        {"cells": ((0, "a", "%%writefile six.py\n"),)},
    ],
    ids=lambda other: next(iter(other)),
)
def test_no_other_job_is_taken(other: dict[str, Any], waiting: PlainKernel) -> None:
    assert not waiting.take(replace(JOB, **other))


def test_one_that_ended_or_whose_group_takes_no_limit_takes_no_job(waiting: PlainKernel) -> None:
    def refuses(limits: Limits) -> None:
        raise OSError

    group: Any = SimpleNamespace(limit=refuses, close=lambda: None)
    waiting._group = group
    assert not waiting.take(JOB)
    ended: Any = SimpleNamespace(poll=lambda: 0, wait=lambda seconds: 0)
    waiting._group, waiting._process = None, ended
    assert not waiting.take(JOB)


# --- in the sandbox ---------------------------------------------------------------------------

WALLS = """
import os, resource
for name in sorted(name for name in dir(resource) if name.startswith("RLIMIT_")):
    print(name, resource.getrlimit(getattr(resource, name)))
print(os.getuid(), os.getgid(), os.getcwd(), sorted(os.listdir("/")), os.umask(0o22))
told = ("Cap", "NoNewPrivs", "Seccomp:")
print([line for line in open("/proc/self/status") if line.startswith(told)])
parts = [line.split() for line in open("/proc/self/mountinfo")]
print([(part[4], part[5], part[-3]) for part in parts])
print(open("/proc/net/dev").read().count(":"), [n for n in os.listdir("/proc") if n.isdigit()])
print(sorted(os.environ.keys() - JUPYTERS))
"""
JUPYTERS = {"CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "GIT_PAGER", "PAGER", "TERM"}
CELLS = (
    f"JUPYTERS = {JUPYTERS}{WALLS}",
    "import sys\nprint(sys.argv, sys.path, __name__)",
    "%matplotlib inline\nprint('ä'); 1 + 1",
    "before = 1\nboom\nafter = 2",
    "print(before + after, __name__); exit()",
    "%config InlineBackend.figure_format = 'retina'",
    "from data.own import VALUE\nimport inspect\nVALUE",
    "def double(n):\n    return n + n\nprint(inspect.getsource(double)); double(2);",
    "print('10%\\r20%\\r', end=''); print('30%'); input('how many? [4] ')",
    "print('x' * 300_000)",
    "import time\nprint('late')\ntime.sleep(60)",
    "raise KeyError('a')",
    "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()",
    "sys.stdout.isatty(), sys.stdout.fileno() > 0, sys.stdout.encoding.lower()",
    "for _ in range(2): pass\n_",
    "import gc, random, numpy as np\nrandom.random(), np.random.rand(), gc.isenabled()",
)
ASKED = (
    Question(probe="call_function", params={"name": "double", "points": np.array([3.0])}),
    Question(probe="call_function", params={"name": "nothing", "points": np.array([3.0])}),
    Question(probe="figures", params={}),
)


def observed(**how: Any) -> Evidence:
    return observe(
        read(notebook(*CELLS), "x.ipynb"),
        ASKED,
        Surroundings(
            prepare=("figures", "version_rot"),
            files={"data/own.py": b"VALUE = 7\n"},
            limits=Limits(cell_seconds=2, memory_mib=3000, processes=99),
        ),
        task="t",
        seed=3,
        resources=lambda name: np.zeros(0),
        **how,
    )


def as_text(evidence: Evidence) -> list[str]:
    """Its answers, arrays with all their numbers."""
    return [codec.encode(serialisation.answer_to_json(a)) for a in evidence.answers.values()]


@pytest.fixture(scope="module")
def jupyters() -> Evidence:
    return observed(cold=True)


@pytest.mark.sandbox
@pytest.mark.parametrize("ahead", [False, True], ids=["cold", "ahead"])
def test_it_tells_the_same_behind_the_same_walls(ahead: bool, jupyters: Evidence) -> None:
    if ahead:
        drivers.ahead(choose.best())
    found = observed(plain=True)
    assert drivers._waiting == []
    for own, theirs in zip(found.cells, jupyters.cells, strict=True):
        assert own == replace(theirs, seconds=own.seconds, images=())
    assert [cell.status for cell in found.cells].count("timeout") == 1
    assert found.cells[9].text.endswith(MORE)
    assert as_text(found) == as_text(jupyters)
    assert found == replace(
        jupyters, cells=found.cells, answers=found.answers, seconds=found.seconds
    )


@pytest.mark.sandbox
def test_one_that_dies_or_can_not_be_interrupted_is_told() -> None:
    def ending(source: str, **limits: int) -> tuple[str, str, str]:
        found = observe(
            read(notebook(source), "x.ipynb"),
            ASKED[:1],
            Surroundings(limits=Limits(**limits)),
            task="t",
            seed=3,
            resources=lambda name: np.zeros(0),
            plain=True,
        )
        (answer,) = found.answers.values()
        return found.ending, found.message, answer.status

    assert ending("import os\nos._exit(1)") == ("crashed", "The kernel died.", "lost")
    stubborn = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(60)"
    assert ending(stubborn, cell_seconds=1, notebook_seconds=2) == (
        "timeout",
        "It ran longer than 2 s.",
        "lost",
    )
