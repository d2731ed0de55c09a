"""Renders results.json, schema 1. Trusted, pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from grader.core.model import Assignment, Grade, ItemGrade, Mark
from grader.core.version import __version__
from grader.reports.summary import Chunks, collected, remarks


def render(grades: Sequence[Grade], assignment: Assignment) -> dict[str, bytes]:
    """Everything about every grade, for programs. Points are decimal strings."""
    return collected(stream(grades, assignment))


def stream(grades: Iterable[Grade], assignment: Assignment) -> Chunks:
    """The same submission by submission."""
    head = {
        "schema": 1,
        "assignment": assignment.name,
        "grader": __version__,
        "remarks": list(remarks(grades)),
    }
    yield "results.json", _bytes(_text(head).removesuffix("\n}") + ',\n "submissions": [')
    separator = "\n"
    for grade in grades:
        yield (
            "results.json",
            _bytes(separator + "  " + _text(_submission(grade)).replace("\n", "\n  ")),
        )
        separator = ",\n"
    yield "results.json", b"]\n}\n" if separator == "\n" else b"\n ]\n}\n"


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _time(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _submission(grade: Grade) -> dict[str, Any]:
    extension = grade.submission.extension
    return {
        "student": grade.submission.student,
        "name": grade.submission.name,
        "points": f"{grade.points:.2f}",
        "max_points": f"{grade.max_points:.2f}",
        "passed": grade.passed,
        "provisional": grade.provisional,
        "open_points": f"{grade.open_points:.2f}",
        "submitted_at": _time(grade.submission.submitted_at),
        "extended_until": _time(extension.until if extension else None),
        "deduction": f"{grade.deduction:.2f}",
        "unused": list(grade.submission.unused),
        "notes": list(grade.notes),
        "tasks": [
            {
                "id": task.task.id,
                "points": f"{task.points:.2f}",
                "max_points": f"{task.task.points:.2f}",
                "items": [_item(item) for item in task.items],
            }
            for task in grade.tasks
        ],
    }


def _item(item: ItemGrade) -> dict[str, Any]:
    return {
        "id": item.item.id,
        "code": item.code,
        "status": item.outcome.status.value,
        "points": f"{item.points:.2f}",
        "max_points": f"{item.item.points:.2f}",
        "message": item.outcome.message,
        "visibility": item.item.visibility.value,
        "details": dict(item.outcome.details),
        "waits": item.is_open,
        "mark": _mark(item.mark),
        "mark_of_before": _mark(item.stale),
    }


def _mark(mark: Mark | None) -> dict[str, Any] | None:
    """A person's mark, as the student reads it."""
    if mark is None:
        return None
    return {
        "points": f"{mark.points:.2f}",
        "reason": mark.reason,
        "by": mark.by,
        "at": _time(mark.at),
    }
