"""Runs a student's notebook in an ordinary process: on any system, without kernel or sandbox.

The same door as `grader.sandbox.observe.observe`, for a check of one's own work: cells, questions
and evidence are the same. What it lacks is walls, so the grading never comes here.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.core import codec
from grader.core.model import Answer, AnswerStatus, Ending, Evidence, Notebook, Question, Resource
from grader.sandbox.surroundings import DATA, Answered, Progress, Surroundings
from grader.store import serialisation
from grader.student import plain_start

if TYPE_CHECKING:
    import numpy as np

START_SECONDS = 60
"""For the libraries that fixtures import."""

MORE_SECONDS = 10
"""Beyond a question's own time, until the process is ended."""


def run(
    notebook: Notebook,
    questions: Sequence[Question],
    surroundings: Surroundings,
    *,
    task: str,
    seed: int,
    resources: Callable[[str], np.ndarray[Any, Any]],
    progress: Progress | None = None,
    answered: Answered | None = None,
) -> Evidence:
    """Runs a notebook's code cells, asks the questions, returns the facts.

    As `observe`; a question that ends the process costs those that were to come after it, too.
    """
    began, asked = time.monotonic(), {codec.digest(question): question for question in questions}
    job = _job(notebook, asked, surroundings, task, seed, resources)
    with tempfile.TemporaryDirectory(prefix="grader-work-", ignore_cleanup_errors=True) as folder:
        _fill(Path(folder), surroundings.files)
        job |= {"folder": folder, "data": str(surroundings.mounts.get(DATA, ""))}
        told = _Told(job, progress, answered)
        found = told.by(plain_start.process(), surroundings.limits.notebook_seconds)
    lost = Answer(status=AnswerStatus.LOST, error=found.message)
    answers = {key: told.answers.get(key, lost) for key in asked}
    return replace(found, answers=answers, seconds=round(time.monotonic() - began, 3))


def _job(
    notebook: Notebook,
    asked: Mapping[str, Question],
    surroundings: Surroundings,
    task: str,
    seed: int,
    resources: Callable[[str], np.ndarray[Any, Any]],
) -> dict[str, Any]:
    return {
        "task": task,
        "seed": seed,
        "prepare": list(surroundings.prepare),
        "limits": asdict(surroundings.limits),
        "cells": [
            (index, cell.id, cell.source)
            for index, cell in enumerate(notebook.cells)
            if cell.kind == "code" and cell.source.strip()
        ],
        "questions": {
            key: serialisation.question_to_json(_with_arrays(question, resources))
            for key, question in asked.items()
        },
    }


def _with_arrays(question: Question, resources: Callable[[str], np.ndarray[Any, Any]]) -> Question:
    params = {
        key: resources(value.name) if isinstance(value, Resource) else value
        for key, value in question.params.items()
    }
    return replace(question, params=params)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    """Puts the files that belong to the notebook into its folder."""
    for name, content in files.items():
        target = (folder / name).resolve()
        if not target.is_relative_to(folder.resolve()):  # Windows' C:/ is another place, too
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


@dataclass(slots=True)
class _Told:
    """What one process tells, line by line."""

    job: dict[str, Any]
    progress: Progress | None
    answered: Answered | None
    answers: dict[str, Answer]
    ended: Evidence | None
    started: bool
    why: str

    def __init__(
        self, job: dict[str, Any], progress: Progress | None, answered: Answered | None
    ) -> None:
        self.job, self.progress, self.answered = job, progress, answered
        self.answers, self.ended, self.started, self.why = {}, None, False, ""

    def by(self, process: subprocess.Popen[bytes], seconds: float) -> Evidence:
        """The evidence, without its answers; the process is at its end."""
        assert process.stdin is not None and process.stdout is not None
        late: list[str] = []
        watch = _Watch(process, late)
        try:
            watch.within(START_SECONDS, "It could not be prepared in time.")
            try:
                process.stdin.write(json.dumps(self.job).encode() + b"\n")
                process.stdin.close()
            except OSError:
                pass  # it ended: what it told says how far it came
            for line in process.stdout:
                self._hear(json.loads(line), watch, seconds)
        finally:
            watch.end()
            process.kill()
            process.wait()
            process.stdout.close()
        if self.ended:
            return self.ended
        ending = Ending.CRASHED if self.started else Ending.SETUP_FAILED
        what = "Its process ended" if self.started else "its process could not be prepared"
        message = f"{what} ({self.why})." if self.why else f"{what}."
        return Evidence(
            task=self.job["task"],
            ending=Ending.TIMEOUT if late and self.started else ending,
            message=late[0] if late else message,
            seed=self.job["seed"],
        )

    def _hear(self, event: dict[str, Any], watch: _Watch, seconds: float) -> None:
        kind = event["event"]
        if kind == "started":
            self.started = True
            watch.within(seconds, f"It ran longer than {seconds} s.")
        elif kind == "answer":
            known = codec.decode(event["answer"], codec.MAX_DEPTH + 2, None)
            answer = self.answers[event["digest"]] = serialisation.answer_from_json(known)
            if self.answered:
                self.answered(event["digest"], answer)
        elif kind == "failed":
            self.why = event["why"]
        elif kind == "done":
            self.ended = serialisation.evidence_from_json(event["evidence"])
        else:
            if kind == "question":
                asked = [*self.job["questions"].values()][event["number"]]
                most = asked["seconds"] or self.job["limits"]["question_seconds"]
                watch.within(
                    most + MORE_SECONDS, "A function did not come back when it was called."
                )
            if self.progress:
                self.progress(kind, event["number"], event["of"], event.get("printed", ""))


class _Watch:
    """Ends a process that takes too long over what it is at."""

    def __init__(self, process: subprocess.Popen[bytes], late: list[str]) -> None:
        self._process, self._late = process, late
        self._timer: threading.Timer | None = None

    def within(self, seconds: float, reason: str) -> None:
        """From now on it has so many seconds."""
        self.end()

        def ring() -> None:
            self._late.append(reason)
            self._process.kill()

        self._timer = threading.Timer(seconds, ring)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        """Time no longer counts."""
        if self._timer:
            self._timer.cancel()
