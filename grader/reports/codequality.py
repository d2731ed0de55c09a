"""Renders gl-code-quality-report.json, as GitLab shows it beside a merge request. Trusted, pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from grader.core.model import Assignment, Grade, Status
from grader.core.untrusted_text import for_log
from grader.reports import item_words
from grader.reports.notebook_lines import Place

SEVERITIES = {
    Status.PARTIAL: "minor",
    Status.FAILED: "major",
    Status.BLOCKED: "major",
    Status.REVIEW: "info",
    Status.ERROR: "critical",
}


def render(
    grades: Sequence[Grade], assignment: Assignment, places: Mapping[str, Place] | None = None
) -> dict[str, bytes]:
    """One entry for each item that did not pass; its fingerprint stays while it does not."""
    entries = []
    for grade in grades:
        for task in grade.tasks:
            for item in task.items:
                severity = SEVERITIES.get(item_words.standing(item))
                if severity is None or item.outcome.details.get("skipped"):
                    continue
                key = f"{task.task.id}/{item.item.id}"
                default = Place(path=task.task.notebook or task.task.id)
                place = (places or {}).get(key, default)
                owner = grade.submission.student if len(grades) > 1 else ""
                name = f"{assignment.name}:{owner}:{key}"
                entries.append(
                    {
                        "description": for_log(f"{item.item.title}: {item_words.why(item)}")[:1000],
                        "check_name": f"grader/{key}",
                        "fingerprint": hashlib.sha256(name.encode()).hexdigest()[:32],
                        "severity": severity,
                        "location": {"path": place.path, "lines": {"begin": place.line}},
                    }
                )
    text = json.dumps(entries, ensure_ascii=False, indent=1)
    return {"gl-code-quality-report.json": (text + "\n").encode("utf-8", "replace")}
