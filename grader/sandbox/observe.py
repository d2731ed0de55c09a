"""observe(): the one door to student code. Trusted side.

Each run gets a driver process of its own, which starts a confined kernel. What comes back is
decoded strictly, and is a claim, never a verdict.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from grader import wire
from grader.errors import SandboxError
from grader.model import (
    Answer,
    AnswerStatus,
    CellRun,
    Ending,
    Evidence,
    Limits,
    Notebook,
    Question,
)
from grader.sandbox import rungs
from grader.sandbox.job import Job

MAX_RESULT = 512 << 20
"""Bytes of one line from the driver: all answers and outputs of a notebook."""

RESTARTS = 2
"""How often the rest of the questions is asked again in a fresh kernel after one killed it."""

END_SECONDS = 15
"""How long a driver may take to end its kernel and to remove what it made."""

REPAIRS = Question(probe="repairs")
MAX_REPAIRS = 50

Progress = Callable[[str, int, int], None]
"""Called with "cell" or "question", its number from 0, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run may see beside its notebook, and what it must not."""

    prepare: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    files: Mapping[str, bytes] = field(default_factory=dict)
    mounts: Mapping[str, Path] = field(default_factory=dict)
    hide: tuple[Path, ...] = ()
    rung: str = ""  # of rungs.NAMES; else the best one that is safe


def observe(
    notebook: Notebook,
    questions: Sequence[Question],
    surroundings: Surroundings,
    *,
    task: str,
    seed: int,
    resources: Callable[[str], np.ndarray[Any, Any]],
    progress: Progress | None = None,
) -> Evidence:
    """Runs a notebook's code cells in a fresh sandbox, asks the questions, returns the facts.

    A question that takes the kernel down costs its own answer: the others are asked again in a
    fresh kernel, at most `RESTARTS` times.

    Raises:
        SandboxError: the driver itself could not be run, or nothing here confines student code.
    """
    began = time.monotonic()
    distinct = {wire.digest(question): question for question in [*questions, REPAIRS]}
    first = _once(notebook, distinct, surroundings, task, seed, resources, progress)
    evidence = first
    for _ in range(RESTARTS):
        left = {key: q for key, q in distinct.items() if key not in evidence.answers}
        if not left or not first.answers:  # it ended before a question was asked
            break
        again = _once(notebook, left, surroundings, task, seed, resources, progress)
        evidence = replace(evidence, answers={**evidence.answers, **again.answers})
    answers = {
        key: evidence.answers.get(key, Answer(status=AnswerStatus.LOST, error=first.message))
        for key in distinct
    }
    repairs = _repairs(answers.pop(wire.digest(REPAIRS)))
    seconds = round(time.monotonic() - began, 3)
    return replace(evidence, answers=answers, repairs=repairs, seconds=seconds)


def _repairs(answer: Answer) -> tuple[str, ...]:
    """What the sandbox mended. Student code can add to it; it is only shown, never counted."""
    told = answer.value if isinstance(answer.value, list) else []
    return tuple(text[:300] for text in told[:MAX_REPAIRS] if isinstance(text, str))


def _once(
    notebook: Notebook,
    questions: Mapping[str, Question],
    surroundings: Surroundings,
    task: str,
    seed: int,
    resources: Callable[[str], np.ndarray[Any, Any]],
    progress: Progress | None,
) -> Evidence:
    limits = surroundings.limits
    cells = tuple(
        (index, cell.id, cell.source)
        for index, cell in enumerate(notebook.cells)
        if cell.kind == "code" and cell.source.strip()
    )
    job = Job(
        cells=cells,
        questions=tuple(
            (
                key,
                wire.encode({"probe": q.probe, "params": dict(q.params)}, resources),
                q.seconds or limits.question_seconds,
            )
            for key, q in questions.items()
        ),
        prepare=surroundings.prepare,
        seed=seed,
        limits=limits,
        files=surroundings.files,
        mounts={inside: str(outside) for inside, outside in surroundings.mounts.items()},
        hide=tuple(str(path) for path in surroundings.hide),
        rung=surroundings.rung or rungs.best(),
    )
    seconds = limits.notebook_seconds + 120 + sum(question[2] + 10 for question in job.questions)
    done = _drive(job, seconds, progress)
    return replace(_evidence(done, task, seed), rung=job.rung)


def _drive(job: Job, seconds: float, progress: Progress | None) -> dict[str, Any]:
    """Runs one driver process to its end, and returns its last line."""
    keep = (
        "PATH",
        "HOME",
        "LANG",
        "GRADER_DEBUG",
        "GRADER_BWRAP",
        "TMPDIR",
        "PYTHONDONTWRITEBYTECODE",
    )
    environment = {name: os.environ[name] for name in keep if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "grader.sandbox.driver"], env=environment,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        stderr=None if "GRADER_DEBUG" in os.environ else subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(job.to_json()).encode() + b"\n")
        process.stdin.flush()
        return _read_lines(process, time.monotonic() + seconds, progress)
    except BrokenPipeError:
        raise SandboxError("the sandbox's driver process ended before it began") from None
    finally:
        _end(process)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Lets a driver clear up behind itself, but not for long."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)
    process.kill()
    process.wait()


def _read_lines(
    process: subprocess.Popen[bytes], deadline: float, progress: Progress | None
) -> dict[str, Any]:
    assert process.stdout is not None
    rest = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(process.stdout.fileno(), 1 << 20)
            if not chunk or len(rest) > MAX_RESULT:
                break
            rest += chunk
            if b"\n" not in chunk:
                continue
            *lines, tail = rest.split(b"\n")
            rest = bytearray(tail)
            for line in lines:
                event = json.loads(line)
                if event["event"] == "done":
                    return dict(event)
                if progress and "number" in event:
                    progress(event["event"], event["number"], event["of"])
    return {"ending": "crashed", "message": "The run was stopped from outside.", "cells": [],
            "answers": {}}  # fmt: skip


def _evidence(done: dict[str, Any], task: str, seed: int) -> Evidence:
    cells = tuple(
        CellRun(**(cell | {"images": tuple(base64.b64decode(i) for i in cell["images"])}))
        for cell in done["cells"]
    )
    answers = {key: decode_answer(raw) for key, raw in done["answers"].items()}
    return Evidence(task=task, ending=Ending(done["ending"]), message=done["message"], cells=cells,
                    answers=answers, seed=seed)  # fmt: skip


def decode_answer(raw: Mapping[str, str]) -> Answer:
    """An answer from the line that came up the pipe. Anything unexpected is MALFORMED."""
    if raw["status"] != "ok":
        return Answer(status=AnswerStatus(raw["status"]))
    malformed = Answer(status=AnswerStatus.MALFORMED, error="an answer that could not be read")
    try:
        line = wire.decode(raw["text"])
        status = AnswerStatus(line["status"])
        told = (AnswerStatus.OK, AnswerStatus.RAISED, AnswerStatus.UNDEFINED, AnswerStatus.TIMEOUT)
        if status not in told or not isinstance(line["error"], str):
            return malformed
        return Answer(status=status, value=line["value"], error=line["error"][:4000])
    except (wire.WireError, ValueError, KeyError, TypeError):
        return malformed
