"""Renders junit.xml, as GitLab and most tools read it. Trusted, pure."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

from grader.core.model import Assignment, Grade, ItemGrade, Status, TaskGrade
from grader.core.untrusted_text import printable, without_commands
from grader.reports import item_words
from grader.reports.notebook_lines import Place

KINDS = {
    Status.PARTIAL: "failure",
    Status.FAILED: "failure",
    Status.BLOCKED: "failure",
    Status.ERROR: "error",
    Status.REVIEW: "skipped",
}


def render(
    grades: Sequence[Grade], assignment: Assignment, places: Mapping[str, Place] | None = None
) -> dict[str, bytes]:
    """One suite for each task of each grade; points are properties, as the format has none."""
    root = ET.Element("testsuites", name=_clean(assignment.name))
    for grade in grades:
        prefix = f"{grade.submission.student}." if len(grades) > 1 else ""
        for task in grade.tasks:
            _suite(root, task, prefix, grade.submission.student, places or {})
    _count(root, list(root.iter("testcase")))
    ET.indent(root)
    return {"junit.xml": ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"}


def _suite(
    root: ET.Element, task: TaskGrade, prefix: str, student: str, places: Mapping[str, Place]
) -> None:
    suite = ET.SubElement(root, "testsuite", name=_clean(prefix + task.task.id))
    _properties(suite, submission=student)
    for item in task.items:
        case = ET.SubElement(
            suite, "testcase", classname=_clean(prefix + task.task.id), name=_clean(item.item.id)
        )
        status = item_words.standing(item)
        place = places.get(f"{task.task.id}/{item.item.id}")
        if place or task.task.notebook:
            case.set("file", _clean(place.path if place else str(task.task.notebook)))
        if place:
            case.set("line", str(place.line))
        _properties(
            case,
            points=f"{item.points:.2f}",
            max_points=f"{item.item.points:.2f}",
            status=status.value,
            **({"marked_by": item.mark.by, "reason": item.mark.reason} if item.mark else {}),
        )
        if kind := KINDS.get(status):
            text = _text(item)
            element = ET.SubElement(case, kind, message=_clean(item_words.why(item))[:500])
            if kind != "skipped":
                element.set("type", status.value)
            element.text = text
    _count(suite, list(suite.iter("testcase")))


def _text(item: ItemGrade) -> str:
    lines = [item_words.why(item), *(f"yours: {text}" for text in item_words.values(item))]
    lines += [f"hint: {hint}"] if (hint := item_words.hint(item)) else []
    return _clean("\n".join(without_commands(line) for line in lines))


def _properties(parent: ET.Element, **values: str) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=_clean(value))


def _count(element: ET.Element, cases: Sequence[ET.Element]) -> None:
    element.set("tests", str(len(cases)))
    for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        element.set(name, str(sum(case.find(kind) is not None for case in cases)))


def _clean(text: str) -> str:
    """Only what XML 1.0 may hold."""
    return printable(text, "\n\t").replace("￾", "�").replace("￿", "�")
