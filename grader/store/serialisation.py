"""Submissions, evidence, outcomes and questions as JSON text and back. Trusted side.

For the store, and for workers on other machines. Nothing here is ever a pickle.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import numpy as np

from grader.core import bounded, codec
from grader.core.model import (
    Answer,
    AnswerStatus,
    Cell,
    CellRun,
    Ending,
    Evidence,
    Extension,
    Notebook,
    Outcome,
    Person,
    Question,
    QuizResponse,
    Resource,
    Status,
    Submission,
)

Outcomes = Mapping[str, Mapping[str, Outcome]]
"""By task and item id."""


def notebook_to_json(notebook: Notebook) -> dict[str, Any]:
    """JSON-ready data."""
    return asdict(notebook)


def notebook_from_json(data: Mapping[str, Any]) -> Notebook:
    """The inverse of `notebook_to_json`."""
    cells = tuple(
        Cell(
            id=c["id"],
            kind=c["kind"],
            source=c["source"],
            tags=tuple(c["tags"]),
            outputs=tuple(c["outputs"]),
        )
        for c in data["cells"]
    )
    return Notebook(
        name=data["name"],
        cells=cells,
        repairs=tuple(data["repairs"]),
        language=data.get("language", ""),
    )


def submission_to_json(submission: Submission) -> str:
    """What marking again and reports need of a submission: all but the contents of helper files."""
    quiz, at = submission.quiz, submission.submitted_at
    data = {
        "student": submission.student,
        "name": submission.name,
        "notebooks": {k: notebook_to_json(n) for k, n in submission.notebooks.items()},
        "missing": dict(submission.missing),
        "doubts": dict(submission.doubts),
        "quiz": _quiz_to_json(quiz) if quiz else None,
        "problems": submission.problems,
        "files": sorted(submission.files),
        "submitted_at": at.isoformat() if at else None,
        "extension": _extension_to_json(submission.extension),
        "is_draft": submission.is_draft,
        "digest": submission.digest,
        "identity": submission.identity,
        "person": asdict(submission.person),
        "unused": submission.unused,
    }
    return json.dumps(data, ensure_ascii=False)


def submission_from_json(text: str) -> Submission:
    """The submission; of its helper files the names alone."""
    data = json.loads(text)
    quiz, at = data["quiz"], data["submitted_at"]
    return Submission(
        student=data["student"],
        name=data["name"],
        notebooks={k: notebook_from_json(n) for k, n in data["notebooks"].items()},
        missing=data["missing"],
        doubts=data["doubts"] if "doubts" in data else _doubts(data),
        quiz=_quiz_from_json(quiz) if quiz else None,
        problems=tuple(data["problems"]),
        files=dict.fromkeys(data["files"], b""),
        submitted_at=bounded.time(at) if at else None,
        extension=_extension_from_json(data.get("extension")),
        is_draft=data.get("is_draft", False),
        digest=data["digest"],
        identity=data.get("identity", ""),
        person=_person(data.get("person", {})),
        unused=tuple(data.get("unused", ())),
    )


def _extension_to_json(extension: Extension | None) -> dict[str, str] | None:
    return asdict(extension) | {"until": extension.until.isoformat()} if extension else None


def _extension_from_json(data: Mapping[str, Any] | None) -> Extension | None:
    return Extension(**{**data, "until": bounded.time(data["until"])}) if data else None


def _doubts(data: Mapping[str, Any]) -> dict[str, str]:
    """Of older result folders: tasks whose file could not be read."""
    return {task: data["missing"][task] for task in data["damaged"]}


def _person(data: Mapping[str, Any]) -> Person:
    """Of older result folders nothing is known."""
    lists = {key: tuple(data.get(key, ())) for key in ("groups", "members")}
    return Person(**(dict(data) | lists))


def _quiz_to_json(quiz: QuizResponse) -> dict[str, Any]:
    grades = {
        name: None if value is None else str(value)
        for name, value in (("moodle_grade", quiz.moodle_grade), ("moodle_max", quiz.moodle_max))
    }
    return asdict(quiz) | {"values": dict(quiz.values), "right": dict(quiz.right)} | grades


def _quiz_from_json(data: Mapping[str, Any]) -> QuizResponse:
    grades = {
        name: None if data[name] is None else Decimal(data[name])
        for name in ("moodle_grade", "moodle_max")
    }
    return QuizResponse(**(dict(data) | grades))


def evidence_to_json(evidence: Evidence) -> tuple[str, str]:
    """Evidence as two lines of text, the second its answers, by far the most of it."""
    data: dict[str, Any] = {
        name: getattr(evidence, name)
        for name in Evidence.__slots__
        if name not in ("cells", "answers")
    }
    data["cells"] = [
        asdict(cell) | {"images": [base64.b64encode(image).decode() for image in cell.images]}
        for cell in evidence.cells
    ]
    data |= {"ending": evidence.ending.value, "repairs": list(evidence.repairs)}
    answers = {key: answer_to_json(answer) for key, answer in evidence.answers.items()}
    return codec.encode(data), codec.encode(answers)


def evidence_from_json(text: str, answers: str = "{}") -> Evidence:
    """The inverse of `evidence_to_json`.

    Raises:
        wire.WireError: it was written in one piece, by an older grader.
    """
    data = codec.decode(text, most=None)
    if "answers" in data:
        raise codec.WireError("evidence of an older grader; install the same everywhere")
    answered = codec.decode(answers, codec.MAX_DEPTH + 2, None)  # values lie so much deeper here
    cells = tuple(
        CellRun(**(cell | {"images": tuple(base64.b64decode(image) for image in cell["images"])}))
        for cell in data["cells"]
    )
    found = {key: answer_from_json(answer) for key, answer in answered.items()}
    return Evidence(
        **(
            data
            | {
                "cells": cells,
                "answers": found,
                "ending": Ending(data["ending"]),
                "repairs": tuple(data["repairs"]),
            }
        )
    )


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """An answer as plain data; not yet text, for it may hold arrays."""
    told = {"status": answer.status.value, "value": answer.value, "error": answer.error}
    return told if answer.record is None else told | {"record": answer.record}


def answer_from_json(data: Mapping[str, Any]) -> Answer:
    """The inverse of `answer_to_json`."""
    return Answer(
        status=AnswerStatus(data["status"]),
        value=data["value"],
        error=data["error"],
        record=data.get("record"),
    )


def outcomes_to_json(outcomes: Outcomes) -> str:
    """Every item's outcome.

    Raises:
        wire.WireError: a check put something else than plain data into its details.
    """
    data = {
        task: {
            item: {
                "status": o.status.value,
                "share": str(o.share),
                "message": o.message,
                "details": dict(o.details),
            }
            for item, o in items.items()
        }
        for task, items in outcomes.items()
    }
    try:
        return json.dumps(data, allow_nan=False, sort_keys=True, default=_number)
    except (TypeError, ValueError, RecursionError) as bad:
        raise codec.WireError(str(bad)) from None


def _number(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not plain data")


def outcomes_from_json(text: str) -> dict[str, dict[str, Outcome]]:
    """The inverse of `outcomes_to_json`; tuples have become lists."""
    return {
        task: {item: _outcome(**found) for item, found in items.items()}
        for task, items in json.loads(text).items()
    }


def _outcome(status: str, share: str, message: str, details: dict[str, Any]) -> Outcome:
    if not isinstance(message, str) or not isinstance(details, dict):
        raise TypeError("an outcome of another form")
    return Outcome(status=Status(status), share=Decimal(share), message=message, details=details)


def question_to_json(question: Question) -> dict[str, Any]:
    """A question for another machine, where resources are found by their names again."""
    named = {k: v.name for k, v in question.params.items() if isinstance(v, Resource)}
    plain = {k: v for k, v in question.params.items() if k not in named}
    return {
        "probe": question.probe,
        "params": codec.encode(plain),
        "resources": named,
        "seconds": question.seconds,
        "source": question.source,
    }


def question_from_json(data: Mapping[str, Any]) -> Question:
    """The inverse of `question_to_json`."""
    resources = {k: Resource(name=name) for k, name in data["resources"].items()}
    params = codec.decode(data["params"], most=None) | resources
    return Question(
        probe=data["probe"], params=params, seconds=data["seconds"], source=data["source"]
    )


def files_to_json(files: Mapping[str, bytes]) -> dict[str, str]:
    """Contents as base64."""
    return {name: base64.b64encode(body).decode() for name, body in files.items()}


def files_from_json(data: Mapping[str, str]) -> dict[str, bytes]:
    """The inverse of `files_to_json`."""
    return {name: base64.b64decode(body) for name, body in data.items()}
