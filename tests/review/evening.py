"""A course for an evening of marking: written answers, steps, doubts, pictures. Nothing is run."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from PIL import Image

from grader.checks.base import passed
from grader.checks.text import TextAnswer
from grader.core.model import (
    Assignment,
    Cell,
    CellRun,
    Ending,
    Evidence,
    Notebook,
    Outcome,
    Status,
    Step,
    Submission,
)
from grader.marking import grades
from grader.store.store import Store
from tests import course

NAMES = (
    "Ada Lovelace",
    "Alan Turing",
    "Grace Hopper",
    "Emmy Noether",
    "Kurt Gödel",
    "Sofja Kowalewskaja",
)
ANSWERS = (
    "The gradient vanishes because the sigmoid saturates: its derivative is close to 0.",
    "the gradient vanishes because the **sigmoid** saturates: its derivative is close to 0",
    "Because the weights become very small in deep layers.",
    "Saturation. For large |x| the derivative of the sigmoid goes to 0, so nothing is learned.",
    "Many factors below 1 are multiplied by the chain rule, so early layers get tiny gradients.",
)
STEPS = (
    Step(id="chain", text="Names the chain rule", points=Decimal(1)),
    Step(id="small", text="Says that factors are below 1", points=Decimal("0.5")),
    Step(
        id="full",
        text="Right conclusion",
        points=Decimal("0.5"),
        group="conclusion",
        exclusive=True,
    ),
    Step(id="half", text="Half right", points=Decimal("0.25"), group="conclusion", exclusive=True),
    Step(id="wrong", text="Confuses vanishing and exploding", points=Decimal("-0.5")),
)


def assignment(folder: Path) -> Assignment:
    """One task with a written item with steps, one without, and two automatic ones."""
    of = course.assignment(folder)
    words = replace(
        course.item("why", TextAnswer(cell="why")), title="Why do gradients vanish?", steps=STEPS
    )
    other = replace(course.item("relu", TextAnswer(cell="relu")), title="What does ReLU change?")
    number = replace(course.item("number", course.Sum()), title="The derivative of the sigmoid")
    curve = replace(course.item("curve", course.Sum(), "1"), title="The learning curve")
    task = replace(
        of.tasks[0],
        id="activation",
        title="Activation functions",
        points=Decimal(7),
        items=(words, other, number, curve),
    )
    return replace(
        of, title="Assignment 4", points=Decimal(7), pass_points=Decimal("3.5"), tasks=(task,)
    )


def png(width: int = 64) -> bytes:
    """A picture such as a notebook shows."""
    out = io.BytesIO()
    Image.new("RGB", (width, 48), (40, 90, 170)).save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one student handed in."""

    why: str
    relu: str = "It does not saturate for x > 0."
    cells: Sequence[Cell] = ()
    text: str = "tensor([0.1, 0.2])"
    doubt: str = ""  # why the number is for a person
    images: tuple[bytes, ...] = ()
    name: str = ""
    notes: tuple[str, ...] = ()


def works(count: int) -> list[Work]:
    """Work of so many students; every fifth gives an answer that another gives, too."""
    found = []
    for number in range(count):
        why = ANSWERS[number % len(ANSWERS)]
        if number >= len(ANSWERS) and number % 5 > 1:
            why = f"{why} That is what I saw in exercise {number}."
        doubt = (
            "The function was defined twice; a person must say which counts." if number == 3 else ""
        )
        found.append(Work(why=why, doubt=doubt, images=(png(),) if number < 8 else ()))
    return found


def fill(folder: Path, given: Sequence[Work]) -> Assignment:
    """A result folder as `grader grade` leaves it; its assignment."""
    folder.mkdir(exist_ok=True)
    of = assignment(folder / "reference")
    with Store(folder / "grader.sqlite") as store:
        store.batch_seed(7)
        store.note(assignment=of.name, digest=of.digest, rubric=str(of.rubric_dir), paths="work")
        submissions = [_submission(number, work) for number, work in enumerate(given)]
        with store.transaction():
            store.put_submissions(submissions)
            for found, work in zip(submissions, given, strict=True):
                store.put_run(found.student, "activation", f"key-{found.student}", 7)
                store.put_evidence(f"key-{found.student}", _evidence(found, work))
                grades.keep(store, of, found, {"activation": _outcomes(work)})
    return of


def _submission(number: int, work: Work) -> Submission:
    cells = (
        Cell(id="head", kind="markdown", source="# Activation functions"),
        Cell(id="code", kind="code", source="def sigmoid(x):\n    return 1 / (1 + torch.exp(-x))"),
        Cell(id="why", kind="markdown", source=work.why),
        *work.cells,
    )
    return Submission(
        student=f"s{number:04}",
        name=work.name or f"{NAMES[number % len(NAMES)]} {number}",
        notebooks={"activation": Notebook(name="Activation.ipynb", cells=cells)},
        missing={},
        problems=work.notes,
        digest=f"digest-{number}",
    )


def _evidence(found: Submission, work: Work) -> Evidence:
    runs = tuple(
        CellRun(index=index, id=cell.id, status="ok", text=work.text, images=work.images)
        for index, cell in enumerate(found.notebooks["activation"].cells)
        if cell.kind == "code"
    )
    return Evidence(
        task="activation", ending=Ending.COMPLETED, cells=runs, repairs=("a magic was left out",)
    )


def _outcomes(work: Work) -> Mapping[str, Outcome]:
    def words(given: str, expected: str) -> Outcome:
        details = {"given": given, "expected": expected}
        return Outcome(
            status=Status.REVIEW,
            share=Decimal(0),
            message="A person marks this answer.",
            details=details,
        )

    number = passed("All values are right.", given="0.25")
    if work.doubt:
        number = Outcome(status=Status.REVIEW, share=Decimal(0), message=work.doubt)
    curve = passed("The loss falls.", curves={"loss": [2.3, 1.1, 0.7, 0.5]})
    return {
        "why": words(work.why, "By the chain rule many factors below 1 are multiplied."),
        "relu": words(work.relu, "Its derivative is 1 for positive inputs."),
        "number": number,
        "curve": curve,
    }
