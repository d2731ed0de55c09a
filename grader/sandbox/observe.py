"""observe(): the one door to student code. Trusted side.

Each run gets a driver process of its own, which starts a confined kernel. What comes back is
decoded strictly, and is a claim, never a verdict.
"""

from __future__ import annotations

import base64
import json
import os
import re
import selectors
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grader.core import codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    CellRun,
    Ending,
    Evidence,
    Notebook,
    Question,
)
from grader.sandbox.inside import fixtures, probes
from grader.sandbox.kernels import drivers, fork_servers
from grader.sandbox.kernels.job import KernelJob
from grader.sandbox.outside import counterparts
from grader.sandbox.surroundings import Answered, Progress, Surroundings
from grader.sandbox.walls import choose, levels

MAX_RESULT = 512 << 20
"""Bytes of one line from the driver: all answers and outputs of a notebook."""

RESTARTS = 2
"""How often the rest of the questions is asked again in a fresh kernel after one killed it."""

REPAIRS = Question(probe="repairs")
MAX_REPAIRS = 50

IMPORTS = re.compile(r"\b(torch|torchvision|sklearn|pandas|seaborn|matplotlib)\b")


class _NoResultError(Exception):
    """A driver process that gave no evidence; the text goes on from "The driver process"."""


def observe(
    notebook: Notebook,
    questions: Sequence[Question],
    surroundings: Surroundings,
    *,
    task: str,
    seed: int,
    resources: Callable[[str], np.ndarray[Any, Any]],
    progress: Progress | None = None,
    answered: Answered | None = None,
    cold: bool = False,
    plain: bool = False,
) -> Evidence:
    """Runs a notebook's code cells in a fresh sandbox, asks the questions, returns the facts.

    With `cold` the kernel is started from nothing, as it is when no fork server can be had; with
    `plain` it is one without Jupyter, which is there sooner, for cells that are Python alone. The
    facts are the same, but for pictures, of which a plain one has none.

    A question that takes the kernel down costs its own answer: the others are asked again in a
    fresh kernel, at most `RESTARTS` times.

    Nothing that happens in there is an exception out here: a run that broke is evidence, too.

    Raises:
        SandboxError: nothing here confines student code.
    """
    began = time.monotonic()
    distinct = {codec.digest(question): question for question in [*questions, REPAIRS]}
    asked = (surroundings, task, seed, resources, progress, answered, cold or plain, plain)
    first = last = _once(notebook, distinct, *asked)
    evidence = first
    for _ in range(RESTARTS):
        left = {
            key: q
            for key, q in distinct.items()
            if key not in evidence.answers and q is not REPAIRS
        }
        if not left or not last.answers:  # where no question was reached, none will be
            break
        last = _once(notebook, left, *asked)
        evidence = replace(evidence, answers={**evidence.answers, **last.answers})
    answers = {
        key: evidence.answers.get(key, Answer(status=AnswerStatus.LOST, error=first.message))
        for key in distinct
    }
    repairs = _repairs(answers.pop(codec.digest(REPAIRS)))
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
    answered: Answered | None,
    cold: bool,
    plain: bool,
) -> Evidence:
    limits = surroundings.limits
    cells = tuple(
        (index, cell.id, cell.source)
        for index, cell in enumerate(notebook.cells)
        if cell.kind == "code" and cell.source.strip()
    )
    job = KernelJob(
        cells=cells,
        questions=tuple(
            (
                key,
                codec.encode(counterparts.sent(codec.sent(q)), resources),
                q.seconds or limits.question_seconds,
            )
            for key, q in questions.items()
        ),
        held={
            key: codec.encode(codec.sent(q))
            for key, q in questions.items()
            if counterparts.kind_of(codec.sent(q))
        },
        prepare=surroundings.prepare,
        seed=seed,
        limits=limits,
        files=surroundings.files,
        mounts={inside: str(outside) for inside, outside in surroundings.mounts.items()},
        hide=tuple(str(path) for path in surroundings.hide),
        rung=surroundings.rung or choose.best(),
        plain=plain,
    )
    seconds = limits.notebook_seconds + 120 + sum(question[2] + 10 for question in job.questions)
    told = (progress, answered)
    can_fork = job.rung in levels.CONCURRENT and not any(
        path.startswith("/dev/")
        for path in job.mounts  # devices are shown at a start only
    )
    try:
        fork = (
            None
            if cold or not can_fork
            else fork_servers.kernels.fork(wait=_is_heavy(job, questions.values()))
        )
        done = _drive(job, seconds, told, fork)
        if fork and done.get("blame"):
            fork.broken()
        if done.get("lost"):  # what was seen of it is cut short by our own fault
            done = _drive(job, seconds, told, None)
        return _evidence(done, task, seed)
    except _NoResultError as bad:
        reason = f"The sandbox's driver process {bad}."
        return Evidence(task=task, ending=Ending.SETUP_FAILED, message=reason, seed=seed)


def _is_heavy(job: KernelJob, questions: Iterable[Question]) -> bool:
    """Whether something imports what takes longer than to wait for the fork server."""
    return (
        any(name in fixtures.HEAVY for name in job.prepare)
        or any(IMPORTS.search(cell[2]) for cell in job.cells)
        or any(probes.about(q.probe, q.source).heavy for q in questions)
    )


def _drive(
    job: KernelJob,
    seconds: float,
    told: tuple[Progress | None, Answered | None],
    fork: fork_servers.Fork | None,
) -> dict[str, Any]:
    """Runs one driver process to its end, and returns its last line."""
    try:
        driver = drivers.start(fork.channel if fork else None)
    except OSError as bad:
        raise _NoResultError(f"could not be started ({bad.strerror})") from None
    finally:
        if fork:
            fork.channel.close()  # the driver's alone: its end is the kernel's
    try:
        _write_all(driver.write_end, json.dumps(job.to_json()).encode() + b"\n")
        return _read_lines(driver.read_end, time.monotonic() + seconds, *told)
    except BrokenPipeError:
        raise _NoResultError("ended before it began") from None
    finally:
        driver.close()


def _write_all(fd: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view[: 1 << 20]) :]


def _read_lines(
    fd: int, deadline: float, progress: Progress | None, answered: Answered | None
) -> dict[str, Any]:
    rest = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(fd, 1 << 20)
            if not chunk or len(rest) > MAX_RESULT:
                break
            rest += chunk
            if b"\n" not in chunk:
                continue
            *lines, tail = rest.split(b"\n")
            rest = bytearray(tail)
            for line in lines:
                event = _event(line)
                if event["event"] == "done":
                    return dict(event)
                if answered and event["event"] == "answer":
                    answered(event["digest"], decode_answer(event["answer"]))
                if progress and "number" in event:
                    progress(event["event"], event["number"], event["of"], event.get("printed", ""))
    lost = time.monotonic() < deadline and len(rest) <= MAX_RESULT  # by no fault of the notebook's
    return {
        "ending": "crashed",
        "message": "The run was stopped from outside.",
        "cells": [],
        "answers": {},
        "rung": "",
        "lost": lost,
        "blame": False,
    }


def _event(line: bytes | bytearray) -> dict[str, Any]:
    try:
        event = json.loads(line)
        return {"event": str(event["event"]), **event}
    except (ValueError, KeyError, TypeError, MemoryError) as bad:
        raise _NoResultError(f"said what could not be read ({type(bad).__name__})") from None


def _evidence(done: dict[str, Any], task: str, seed: int) -> Evidence:
    try:
        cells = tuple(
            CellRun(**(cell | {"images": tuple(base64.b64decode(i) for i in cell["images"])}))
            for cell in done["cells"]
        )
        answers = {key: decode_answer(raw) for key, raw in done["answers"].items()}
        return Evidence(
            task=task,
            ending=Ending(done["ending"]),
            message=done["message"],
            cells=cells,
            answers=answers,
            seed=seed,
            rung=str(done["rung"]),
        )
    except (ValueError, KeyError, TypeError, MemoryError) as bad:
        raise _NoResultError(f"gave a result that is none ({type(bad).__name__})") from None


def decode_answer(raw: Mapping[str, str]) -> Answer:
    """An answer from the line that came up the pipe. Anything unexpected is MALFORMED."""
    if raw["status"] != "ok":
        return Answer(status=AnswerStatus(raw["status"]))
    malformed = Answer(status=AnswerStatus.MALFORMED, error="an answer that could not be read")
    try:
        line = codec.decode(raw["text"])
        status = AnswerStatus(line["status"])
        told = (AnswerStatus.OK, AnswerStatus.RAISED, AnswerStatus.UNDEFINED, AnswerStatus.TIMEOUT)
        if status not in told or not isinstance(line["error"], str):
            return malformed
        record = codec.decode(raw["record"], most=None) if raw.get("record") else None
        return Answer(status=status, value=line["value"], error=line["error"][:4000], record=record)
    except (codec.WireError, ValueError, KeyError, TypeError):
        return malformed
