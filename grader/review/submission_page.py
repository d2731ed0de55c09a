"""A submission: the notebook beside its items, the page that its student gets, and its files."""

from __future__ import annotations

from starlette.responses import Response

from grader.core.model import Notebook, TaskGrade
from grader.reports import html, learning_curves
from grader.review import notebook_page, rounds
from grader.review.visit import NotHere, Visit

PREVIEW = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The report's page brings its style along; it can run nothing, and is of no origin."""


def submission(visit: Visit) -> Response:
    """A student's notebooks beside all items and what is known of them."""
    desk, student = visit.desk, visit.student()
    grade = desk.grade(student, evidence=True)
    tasks, wanted = grade.tasks, visit.query.get("task", "")
    waits = {task.task.id: sum(item.is_open for item in task.items) for task in tasks}
    first = next((task for task in tasks if waits[task.task.id]), tasks[0])
    shown = next((task for task in tasks if task.task.id == wanted), first)
    notebook = grade.submission.notebooks.get(shown.task.id)

    def masked(text: str) -> str:
        return desk.masked(text, student)

    codes = {graded.item.id: f"{shown.task.id}/{graded.item.id}" for graded in shown.items}
    cells = notebook_page.cells(notebook, shown.evidence, masked) if notebook else []
    return visit.show(
        "submission",
        person=desk.people[student],
        grade=grade,
        shown_task=shown,
        notebook=notebook,
        cells=cells,
        masked=lambda text: masked(html.shown(text)),
        curves=learning_curves.figures,
        listed=html.listed,
        codes=codes,
        answers=_answers(shown, notebook) if notebook else {},
        waits=waits,
        read_from=desk.store.setting("paths") or "",
        here=here if (here := visit.query.get("item", "")) in codes else "",
        blind={
            item
            for item, name in codes.items()
            if rounds.blind(desk, name, student, visit.marker) is not None
        },
    )


def _answers(task: TaskGrade, notebook: Notebook) -> dict[int, list[str]]:
    """By number of a cell the items whose answer the handout wants in it."""
    number = {cell.id: place for place, cell in enumerate(notebook.cells, 1)}
    found: dict[int, list[str]] = {}
    for graded in task.items:
        cell = getattr(graded.item.check, "cell", None)
        if cell in number:
            found.setdefault(number[cell], []).append(graded.item.id)
    return found


def preview(visit: Visit) -> Response:
    """The page as the student will get it. It has its own policy, and can run nothing."""
    student = visit.student()
    if student not in visit.desk.revealed(visit.marker):
        return visit.show("reveal", person=visit.desk.people[student])
    grade = visit.desk.grade(student, evidence=True)
    content = html.of_student(grade, visit.desk.assignment)
    headers = {"content-security-policy": PREVIEW}
    return Response(content, media_type="text/html; charset=utf-8", headers=headers)


def download(visit: Visit) -> Response:
    """A notebook as it was read, as text that no browser opens."""
    student, task = visit.student(), str(visit.path.get("task", ""))
    found = visit.desk.grade(student).submission.notebooks.get(task)
    if found is None:
        raise NotHere
    parts = [f"# --- cell {n}, {c.kind} ---\n{c.source}" for n, c in enumerate(found.cells, 1)]
    text = visit.desk.masked("\n\n".join(parts), student)
    name = f"{visit.desk.people[student].code}-{''.join(c for c in task if c.isalnum())}.txt"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(
        text.encode("utf-8", "replace"), media_type="text/plain; charset=utf-8", headers=headers
    )


def picture(visit: Visit) -> Response:
    """A picture that our run of a notebook recorded."""
    student, task = visit.student(), str(visit.path.get("task", ""))
    evidence = visit.desk.evidence(student, task)
    cell, number = int(visit.path["cell"]), int(visit.path["number"])
    runs = [run for run in evidence.cells if run.index + 1 == cell] if evidence else []
    if not runs or number >= len(runs[0].images):
        raise NotHere
    data = runs[0].images[number]
    kind = notebook_page.picture(data)
    if kind is None:
        raise NotHere
    return Response(data, media_type=kind)
