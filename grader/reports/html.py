"""Renders the course page and a page for each student. Trusted, pure.

Everything a student wrote is hostile text: it is escaped by Jinja2, stripped of control characters
and capped. The pages hold no script and load nothing.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from grader.core import bounded
from grader.core.model import Assignment, Evidence, Grade, ItemGrade, Status
from grader.core.untrusted_text import printable
from grader.core.version import __version__
from grader.marking import scoring
from grader.quiz import picture
from grader.quiz.graph import Graph, Node
from grader.reports import course_page, item_words, learning_curves, student_page
from grader.reports.summary import Chunks, Summaries, collected, remarks

WORDS = {
    Status.PASSED: ("✓", "passed"),
    Status.PARTIAL: ("◐", "partly"),
    Status.FAILED: ("✗", "not passed"),
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


def render(grades: Sequence[Grade], assignment: Assignment) -> dict[str, bytes]:
    """`index.html` for the course and `students/<id>.html` for each student."""
    return collected(stream(grades, assignment))


def stream(grades: Iterable[Grade], assignment: Assignment) -> Chunks:
    """The same page by page. A large course has further pages, `index-2.html` and so on."""
    summaries, kept, undrawn = Summaries(), list[Grade](), list[str]()
    for grade in grades:
        drawn, why = _page(grade, assignment)
        if why:
            undrawn.append(f"Page of {grade.submission.name}: {why}")
        yield f"students/{grade.submission.student}.html", drawn
        kept.append(summaries.small(grade))
    kept = course_page.ordered(kept)
    course = _environment().get_template("course.html.j2")
    waits, reasons = course_page.waiting(kept)
    context = {
        "items": course_page.item_rates(kept, assignment),
        "histogram": course_page.histogram(kept),
        "waiting": waits,
        "reasons": reasons,
        "many": course_page.MANY,
        "moodle": course_page.moodle_differences(kept),
        "late": course_page.late(kept, assignment),
        "remarks": [*remarks(grades), *undrawn],
        "unused": [grade for grade in kept if grade.submission.unused],
        "task_places": [
            digits(grade.tasks[n].points for grade in kept) for n in range(len(assignment.tasks))
        ],
        "open_places": digits(grade.open_points for grade in kept),
        "item_places": digits(item.points for task in assignment.tasks for item in task.items),
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


def _page(grade: Grade, assignment: Assignment) -> tuple[bytes, str]:
    """A student's page, and why it has the marks alone: what can't be drawn ends no batch."""
    try:
        return of_student(grade, assignment), ""
    except Exception as error:
        why = f"Only the marks could be drawn ({type(error).__name__}: {shown(error, 200)})."
        tasks = tuple(
            replace(task, evidence=None, items=tuple(_bare(item) for item in task.items))
            for task in grade.tasks
        )
        bare = replace(grade, tasks=tasks, notes=(*grade.notes, why))
        return of_student(bare, assignment), why


def _bare(item: ItemGrade) -> ItemGrade:
    return replace(item, outcome=replace(item.outcome, details={}))


def environment(package: str) -> Environment:
    """The templates of pages that lie in a package, with what all pages share."""
    made = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"shown": shown, "points": points, "ticked": ticked}
    made.globals |= {"words": WORDS}
    return made


@cache
def _environment() -> Environment:
    made = environment("grader.reports")
    made.filters |= {"css": css}
    made.globals |= {"pictures": pictures, "curves": learning_curves.figures}
    made.globals |= {"listed": listed, "bars": bars, "lost": lost, "standing": standing}
    made.globals |= {"graph_picture": graph_picture, "digits": digits, "version": __version__}
    made.globals |= {"kind": item_words.standing, "excerpts": student_page.excerpts}
    return made


def of_student(grade: Grade, assignment: Assignment) -> bytes:
    """One student's page alone."""
    items = [item for task in grade.tasks for item in task.items]
    numbers = [number for item in items for number in (item.points, item.item.points)]
    template = _environment().get_template("student.html.j2")
    page = template.render(
        grade=grade,
        assignment=assignment,
        losses=student_page.lost(grade),
        waits=student_page.waiting(grade),
        files=student_page.files(grade),
        came=student_page.came(grade, assignment),
        has_codes=any(item.code for item in items),
        late=" ".join(scoring.late(grade.submission, assignment)[1]),
        places=digits([grade.points, grade.deduction, *numbers]),
    )
    return page.encode()


def shown(value: object, limit: int = MAX_TEXT) -> str:
    """A student's text, made harmless to read: no control or direction characters, capped."""
    kept = printable(str(value), keep="\n\t")
    return kept if len(kept) <= limit else kept[:limit] + " …"


def css(value: object) -> Markup:
    """A text between quotes in a style sheet: only letters and digits stand for themselves."""
    plain = (c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in shown(value, 80))
    return Markup("".join(plain))  # noqa: S704


def digits(values: Iterable[Decimal]) -> int:
    """The decimals that all numbers of one column are written with: as many as any needs."""
    return max((max(0, -int(v.normalize().as_tuple().exponent)) for v in values), default=0)


def points(value: Decimal, places: int | None = None) -> str:
    """Points with so many decimals; alone, without needless zeros: 1.50 is 1.5."""
    if places is not None:
        return f"{value:.{min(2, max(0, places))}f}"
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


def bars(details: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Accuracy of each class, in percent, in the order of the classes' numbers."""
    found = details.get("per_class")
    if not isinstance(found, dict):
        return []
    return [(str(name), float(found[name])) for name in details.get("classes", found)]


def graph_picture(details: Mapping[str, Any], *, down: bool = False) -> str:
    """The quiz's graph with the wrong values marked, as a `data:` address.

    From left to right, or `down` for narrow screens.
    """
    return _graph_picture(json.dumps(details["graph"]), down)


@lru_cache(maxsize=512)  # variants are few, and most of their values are right
def _graph_picture(text: str, down: bool) -> str:
    told = json.loads(text)
    nodes = tuple(Node(name=n, operator=o, operands=tuple(uses)) for n, o, uses in told["nodes"])
    point = dict.fromkeys(re.findall(r"(\w+) =", told["point"]), 0.0)
    graph = Graph(expression=told["expression"], nodes=nodes, point=point)
    drawn = picture.svg(graph, frozenset(told["wrong"]), down=down)
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn).decode()}"
