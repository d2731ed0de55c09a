"""The process that a student's notebook runs in where there is no kernel and no sandbox.

`python -m grader.student.plain_process`, in the folder that the notebook is to see. Reads one job
(a line of JSON on standard input), writes what goes on and then the evidence (lines of JSON on
standard output). Runs on any system. It is the student's own code on the student's own machine:
what it answers is believed by nobody else.
"""

from __future__ import annotations

import _thread
import contextlib
import importlib
import json
import os
import random
import signal
import sys
import threading
import time
import types
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from grader.core import codec
from grader.core.model import Answer, CellRun, Ending, Evidence, Limits
from grader.core.untrusted_text import encodable
from grader.sandbox.inside import bootstrap, protocol, state
from grader.sandbox.inside.plain_shell import PlainShell, Printed
from grader.store import serialisation
from grader.student import ask_in_kernel

TELL_SECONDS = 0.5
"""At least between two lines that a cell printed and that are told."""


def main() -> None:
    """Does one job, and ends the process."""
    # A shell has what it starts in the background ignore Ctrl+C, and this process inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    out = os.dup(1)
    if sys.argv[1:] == ["ahead"]:
        with contextlib.suppress(Exception):  # most notebooks draw
            importlib.import_module("matplotlib.pyplot")
    line = sys.stdin.buffer.readline()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # a notebook's own
        os.dup2(nothing, stream)

    def say(**event: Any) -> None:
        blob = json.dumps(event).encode() + b"\n"
        while blob:
            blob = blob[os.write(out, blob) :]

    try:
        if not line:
            return  # nobody wants it any more
        work(json.loads(line), say)
    except BaseException as error:  # a fixture's library is broken, or the notebook ended us
        say(event="failed", why=encodable(protocol.describe_error(error)))
    os._exit(0)  # threads of the notebook's must not keep us


def work(job: dict[str, Any], say: Callable[..., None]) -> None:
    """Runs the cells, asks the questions, tells the evidence."""
    limits = Limits(**job["limits"])
    os.chdir(job["folder"])
    if job["data"]:
        os.environ["GRADER_DATA"] = job["data"]
    module = types.ModuleType("__main__")
    names = vars(module)
    sys.modules["__main__"] = module
    shell = PlainShell(names)
    random.seed(job["seed"])
    np.random.seed(job["seed"] % 2**32)
    bootstrap.surround(
        names, shell, job["prepare"], job["seed"], limits.training_epochs, limits.training_seconds
    )
    say(event="started")
    cells = []
    for number, (index, cell_id, source) in enumerate(job["cells"]):
        say(event="cell", number=number, of=len(job["cells"]))
        tell = _teller(say, number, len(job["cells"]))
        cells.append(replace(_cell(shell, source, limits, tell), index=index, id=cell_id))
    for number, (digest, asked) in enumerate(job["questions"].items()):
        say(event="question", number=number, of=len(job["questions"]))
        answer = serialisation.answer_to_json(_asked(names, asked, limits.question_seconds))
        say(event="answer", digest=digest, answer=codec.encode(answer))
    done = Evidence(
        task=job["task"],
        ending=Ending.COMPLETED,
        cells=tuple(cells),
        repairs=tuple(str(sentence)[:300] for sentence in state.repairs),
        seed=job["seed"],
    )
    say(event="done", evidence=serialisation.evidence_to_json(done)[0])


def _asked(names: dict[str, Any], asked: dict[str, Any], seconds: int) -> Answer:
    return ask_in_kernel.ask(
        names, serialisation.question_from_json(asked), seconds, around=ask_in_kernel.as_it_was
    )


def _cell(shell: PlainShell, source: str, limits: Limits, tell: Callable[[str], None]) -> CellRun:
    """One cell, interrupted when its time is up."""
    printed, began = Printed(limits.output_kib << 10, tell), time.monotonic()
    try:
        with ask_in_kernel.bell(limits.cell_seconds, interrupt):
            error = shell.run_cell(source, printed)
    except KeyboardInterrupt:  # between two lines of the cell's
        error = KeyboardInterrupt()
    ended = "timeout" if isinstance(error, KeyboardInterrupt) else "error" if error else "ok"
    return CellRun(
        index=0,
        id="",
        status=ended,
        seconds=round(time.monotonic() - began, 3),
        error=encodable(protocol.describe_error(error)) if ended == "error" else "",
        text=encodable(printed.text()),
    )


def interrupt() -> None:
    """Does what Ctrl+C does; where it can, also to what waits in the system."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()


def _teller(say: Callable[..., None], number: int, of: int) -> Callable[[str], None]:
    last = [0.0]

    def tell(line: str) -> None:
        now = time.monotonic()
        if now - last[0] >= TELL_SECONDS:
            last[0] = now
            say(event="cell", number=number, of=of, printed=encodable(line[:100]))

    return tell


if __name__ == "__main__":
    main()
