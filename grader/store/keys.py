"""Under which keys evidence is kept: they hold all that decides it, and nothing else. Trusted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace

from grader.core import codec
from grader.core.model import Question, Task


def evidence_key(
    submission: str,
    task: Task,
    questions: Mapping[str, tuple[Question, ...]],
    seed: int,
    environment: str = "",
) -> str:
    """The key of one run: changes with submission, questions, surroundings and seed.

    `environment` stands for the code and the libraries that student code meets, and for a weak
    sandbox. What decides only whether a further run is made is no part of it.
    """
    asked = sorted(
        {(codec.digest(one), one.seconds or 0) for some in questions.values() for one in some}
    )
    limits = asdict(replace(task.limits, submission_seconds=0))
    parts = [submission, task.id, list(task.prepare), limits, asked, seed, environment]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def run_key(key: str, number: int) -> str:
    """The key of a further run of the same job; run 0 is the job's own."""
    return f"{key}/{number}" if number else key
