"""Renders the course page and a page for each student. Trusted, pure.

Everything a student wrote is hostile text: it is escaped by Jinja2, stripped of control characters
and capped. The pages hold no script and load nothing.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.core import bounded
from grader.core.model import Assignment, Evidence, Grade, ItemGrade, Status
from grader.core.untrusted_text import printable
from grader.marking import scoring
from grader.quiz import picture
from grader.quiz.graph import Graph, Node
from grader.reports.summary import Chunks, Summaries, collected, remarks

WORDS = {
    Status.PASSED: ("✓", "passed"),
    Status.PARTIAL: ("◐", "partly"),
    Status.FAILED: ("✗", "not yet"),
    Status.BLOCKED: ("⊘", "blocked"),
    Status.REVIEW: ("✎", "for a person"),
    Status.ERROR: ("!", "not judged"),
}
STANDINGS = {
    "passed": ("passed", "✓"),
    "undecided": ("review", "✎"),
    "not passed": ("failed", "✗"),
}
MAX_TEXT, MAX_PICTURES, MAX_PICTURE_BYTES = 4000, 24, 1 << 20
ROWS = 500
"""Students, and items that wait, on one page of the course; more make it slow to open."""

COLOURS = ("#2563eb", "#16a34a", "#d97706")


def render(grades: Sequence[Grade], assignment: Assignment) -> dict[str, bytes]:
    """`index.html` for the course and `students/<id>.html` for each student."""
    return collected(stream(grades, assignment))


def stream(grades: Iterable[Grade], assignment: Assignment) -> Chunks:
    """The same page by page. A large course has further pages, `index-2.html` and so on."""
    environment = Environment(
        loader=PackageLoader("grader.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"shown": shown, "points": points, "ticked": ticked}
    environment.globals |= {"words": WORDS, "pictures": pictures, "curves": curves}
    environment.globals |= {"listed": listed, "bars": bars, "lost": lost, "standing": standing}
    environment.globals |= {"graph_picture": graph_picture}
    student = environment.get_template("student.html.j2")
    summaries, kept = Summaries(), list[Grade]()
    for grade in grades:
        page = student.render(grade=grade, assignment=assignment)
        yield f"students/{grade.submission.student}.html", page.encode()
        kept.append(summaries.small(grade))
    course = environment.get_template("course.html.j2")
    context = {
        "items": item_rates(kept, assignment),
        "histogram": histogram(kept),
        "waiting": waiting(kept),
        "moodle": moodle_differences(kept),
        "late": late(kept, assignment),
        "remarks": remarks(grades),
        "unused": [grade for grade in kept if grade.submission.unused],
    }
    pages = [kept[at : at + ROWS] for at in range(0, len(kept), ROWS)] or [[]]
    names = ["index.html", *(f"index-{number}.html" for number in range(2, len(pages) + 1))]
    for name, rows in zip(names, pages, strict=True):
        page = course.render(
            grades=kept,
            rows=rows,
            assignment=assignment,
            name=name,
            names=names,
            most=ROWS,
            **context,
        )
        yield name, page.encode()


def late(grades: Sequence[Grade], assignment: Assignment) -> list[tuple[Grade, str]]:
    """Who came late, what it cost and why."""
    told = ((grade, scoring.late(grade.submission, assignment)[1]) for grade in grades)
    return [(grade, sentences[0]) for grade, sentences in told if sentences]


def shown(value: object, limit: int = MAX_TEXT) -> str:
    """A student's text, made harmless to read: no control or direction characters, capped."""
    kept = printable(str(value), keep="\n\t")
    return kept if len(kept) <= limit else kept[:limit] + " …"


def points(value: Decimal) -> str:
    """Points without needless zeros: 1.50 is 1.5."""
    text = f"{value:.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def ticked(value: object) -> Markup:
    """A sentence of ours, in which names stand between backticks, as these look in print."""
    return Markup(re.sub(r"`([^`\n]{1,80})`", r"<code>\1</code>", str(escape(shown(value)))))  # noqa: S704


def standing(grade: Grade, assignment: Assignment) -> tuple[str, str]:
    """The result's style and words."""
    result = scoring.standing(grade, assignment)
    style, sign = STANDINGS[result]
    return style, f"{sign} {result}"


def lost(item: ItemGrade) -> bool:
    """Whether the author's hint helps."""
    return item.points < item.item.points and not item.is_open


def pictures(evidence: Evidence | None) -> list[str]:
    """What the notebook showed, as `data:` addresses."""
    found = [image for cell in evidence.cells for image in cell.images] if evidence else []
    fitting = bounded.pictures(i for i in found if len(i) <= MAX_PICTURE_BYTES)
    return [f"data:image/png;base64,{base64.b64encode(i).decode()}" for i in fitting[:MAX_PICTURES]]


def listed(value: object) -> list[str]:
    """A detail as lines: text as it is, a list one entry a line, names each with their value."""
    if isinstance(value, dict):
        value = [f"{name} = {part}" for name, part in value.items()]
    if isinstance(value, list):
        return [shown(entry, 400) for entry in value[:40]]
    return [shown(value)]


def curves(details: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Polylines of the learning curves in a box of 320 x 120, each scaled to its own range."""
    drawn = []
    series = details.get("curves")
    named = series.items() if isinstance(series, dict) else ()
    for colour, (name, values) in zip(COLOURS, named, strict=False):
        if len(values) < 2:
            continue
        low, high = min(values), max(values)
        if name != "loss":
            low, high = min(0.5, low), 1.0
        span = (high - low) or 1.0
        step = 320 / (len(values) - 1)
        line = " ".join(
            f"{n * step:.1f},{120 - (v - low) / span * 120:.1f}" for n, v in enumerate(values)
        )
        drawn.append(
            {
                "name": name.replace("_", " "),
                "colour": colour,
                "line": line,
                "first": f"{values[0]:.3g}",
                "last": f"{values[-1]:.3g}",
            }
        )
    return drawn


def bars(details: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Accuracy of each class, in percent, in the order of the classes' numbers."""
    found = details.get("per_class")
    if not isinstance(found, dict):
        return []
    return [(str(name), float(found[name])) for name in details.get("classes", found)]


def graph_picture(details: Mapping[str, Any]) -> str:
    """The quiz's graph with the wrong values marked, as a `data:` address."""
    return _graph_picture(json.dumps(details["graph"]))


@lru_cache(maxsize=512)  # variants are few, and most of their values are right
def _graph_picture(text: str) -> str:
    told = json.loads(text)
    nodes = tuple(Node(name=n, operator=o, operands=tuple(uses)) for n, o, uses in told["nodes"])
    point = dict.fromkeys(re.findall(r"(\w+) =", told["point"]), 0.0)
    graph = Graph(expression=told["expression"], nodes=nodes, point=point)
    drawn = picture.svg(graph, frozenset(told["wrong"]))
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn).decode()}"


def moodle_differences(grades: Sequence[Grade]) -> list[dict[str, Any]]:
    """Each quiz whose grade in Moodle, rescaled, is another than ours."""
    rows = []
    for grade in grades:
        quiz = grade.submission.quiz
        for task in grade.tasks:
            if task.task.notebook is not None or quiz is None or task.open_points:
                continue
            if quiz.moodle_grade is None or not quiz.moodle_max:
                continue
            theirs = quiz.moodle_grade * task.task.points / quiz.moodle_max
            if abs(theirs - task.points) >= Decimal("0.01"):
                rows.append({"submission": grade.submission, "theirs": theirs, "ours": task.points})
    return rows


def histogram(grades: Sequence[Grade]) -> list[tuple[str, int, float]]:
    """Label, number of students and height in percent for each ten points."""
    counts = [0] * 10
    for grade in grades:
        share = grade.points / grade.max_points if grade.max_points else Decimal(0)
        counts[min(9, int(share * 10))] += 1
    most = max([*counts, 1])
    return [
        (f"{n * 10}–{n * 10 + 10}", count, 100 * count / most) for n, count in enumerate(counts)
    ]


def item_rates(grades: Sequence[Grade], assignment: Assignment) -> list[dict[str, Any]]:
    """Each item's mean over the students for whom it is decided, and how many are open."""
    rates = []
    for number, task in enumerate(assignment.tasks):
        for place, item in enumerate(task.items):
            own = [grade.tasks[number].items[place] for grade in grades]
            got = [entry.points for entry in own if not entry.is_open]
            mean = sum(got, Decimal(0)) / len(got) if got else None
            percent = int(100 * mean / item.points) if item.points and mean is not None else 0
            waits = len(own) - len(got)
            rates.append(
                {
                    "task": task.id,
                    "title": item.title,
                    "points": item.points,
                    "mean": mean,
                    "percent": percent,
                    "open": waits,
                }
            )
    return rates


def waiting(grades: Sequence[Grade]) -> list[dict[str, Any]]:
    """What a person must look at: of each student, the items that wait for the same reason."""
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for grade in grades:
        for task in grade.tasks:
            for item in (item for item in task.items if item.is_open):
                key = (grade.submission.student, task.task.id, item.outcome.message)
                row = rows.setdefault(
                    key,
                    {
                        "submission": grade.submission,
                        "task": task.task.id,
                        "items": [],
                        "points": Decimal(0),
                        "outcome": item.outcome,
                    },
                )
                row["items"].append(item.item)
                row["points"] += item.item.points
    return list(rows.values())
