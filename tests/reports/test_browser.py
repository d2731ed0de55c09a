"""Pages of all kinds in a real browser: what axe finds, how wide they are, and how they print.

One browser for the module. Where no Chromium is there, all of it is skipped with one line; in
continuous integration that is an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from grader.checks.functions.values import FunctionValues
from grader.checks.text import TextAnswer
from grader.core.model import (
    Cell,
    CellRun,
    Ending,
    Evidence,
    Grade,
    ItemGrade,
    LateRule,
    Mark,
    Notebook,
    Person,
    Status,
)
from grader.reports import html
from tests.reports import grades
from tests.reports.grades import item, task
from tests.review import evening
from tests.review.browser import ARGUMENTS, CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LONG = "a_name_without_any_end_" * 9
LATE = LateRule(percent_per_day=Decimal(10))
CLASSES = [f"Class {n}" for n in range(10)]
TRAINED = {
    "accuracies": [79.12, 81.5],
    "cutoff": 82.0,
    "claimed": 91.5,
    "low": 78.0,
    "high": 82.4,
    "classes": CLASSES,
    "per_class": {name: 40.0 + 6 * n for n, name in enumerate(CLASSES)},
    "confusion": [[1000 if a == b else 120 for a in range(10)] for b in range(10)],
    "curves": {"loss": [2.0, 1.0, 0.5], "train_accuracy": [0.5, 0.7, 0.8]},
}
GRAPH = {
    "expression": "log(1 + exp(x1 * x2)) * sin(x3)",
    "point": "x1 = 2, x2 = 0.6, x3 = 0.5",
    "nodes": [
        ["v1", "*", ["x1", "x2"]],
        ["v2", "exp", ["v1"]],
        ["v3", "+", [1, "v2"]],
        ["v4", "log", ["v3"]],
        ["v5", "sin", ["x3"]],
        ["v6", "*", ["v4", "v5"]],
    ],
    "wrong": ["v4"],
}
VALUES = [
    {
        "name": f"v{n}",
        "operation": "sigmoid(v7)",
        "given": "1,2345" if n else LONG[:60],
        "expected": "1.2345",
        "verdict": "wrong" if n == 3 else "right",
        "note": "follows from your v4, which made it trivial: no credit" if n == 6 else "",
    }
    for n in range(10)
]


def code(graded: ItemGrade) -> ItemGrade:
    """The item with a check of the function f, and a question."""
    asked = replace(graded.item, check=FunctionValues(function="f"), question="Write f(x).")
    return replace(graded, item=asked, code="ABCD-EFGH")


def words(graded: ItemGrade) -> ItemGrade:
    return replace(graded, item=replace(graded.item, check=TextAnswer(cell="a")))


def kinds() -> dict[str, Grade]:
    """A page of each kind, by what it shows."""
    work = Notebook(
        name="mine.ipynb",
        cells=(Cell(id="c", kind="code", source=f"def f(x):\n    return '{LONG}'"),),
        repairs=("the file was UTF-16",),
    )
    values = {"expected": ["f(-2) = 0.1", "f(1) = 2"], "given": ["f(-2) = nan", f"f(1) = {LONG}"]}
    wrong = code(
        item(Status.FAILED, message=f"f is wrong: {LONG}", hint="Mind `0`.", details=values)
    )
    answer = words(
        item(Status.REVIEW, id="why", message="A person marks.", details={"given": LONG})
    )
    ran = Evidence(
        task="activation",
        ending=Ending.CRASHED,
        message="The kernel died.",
        repairs=("np.float is float",),
        cells=(
            CellRun(index=0, id="c", status="ok", images=(evening.png(), evening.png())),
            CellRun(index=1, id="d", status="error", error=f"NameError: {LONG}"),
        ),
    )
    mark = Mark(
        item="activation/logistic",
        points=Decimal(1),
        reason="Well argued.",
        by="Jo",
        at=datetime(2021, 6, 1, tzinfo=UTC),
    )
    quiz = task(
        item(Status.PARTIAL, id="forward", details={"graph": GRAPH, "values": VALUES}),
        id="autodiff",
        notebook=None,
    )
    late = grades.grade(notes=("Handed in late.",))
    found = {
        "full": grades.grade(),
        "failed": grades.grade(
            task(wrong, item(Status.BLOCKED, id="grad"), evidence=ran),
            notebooks={"activation": work},
        ),
        "waiting": grades.grade(task(answer, item(Status.REVIEW, id="how")), notes=(LONG,)),
        "error": grades.grade(task(item(Status.ERROR, message="The kernel would not start."))),
        "late": replace(
            late,
            deduction=Decimal("0.3"),
            submission=replace(late.submission, submitted_at=datetime(2021, 6, 1, tzinfo=UTC)),
        ),
        "quiz": grades.grade(quiz),
        "team": grades.grade(task(item(Status.REVIEW, mark=mark)), name="Group 3"),
        "nothing": grades.grade(
            task(*(item(Status.FAILED, id=f"i{n}") for n in range(5)), problem="Not handed in.")
        ),
        "odd": grades.grade(name=f'{LONG[:80]}"; }} </style>'),
        "trained": grades.grade(task(item(Status.PARTIAL, details=TRAINED), id="fmssvrc")),
    }
    team, odd = found["team"], found["odd"]
    found["team"] = replace(
        team, submission=replace(team.submission, person=Person(members=("Ada", "Bob")))
    )
    found["odd"] = replace(odd, submission=replace(odd.submission, unused=(LONG, "scan.rar")))
    return {
        name: replace(grade, submission=replace(grade.submission, student=name))
        for name, grade in found.items()
    }


def course(found: dict[str, Grade]) -> dict[str, bytes]:
    """The page of a course in which somebody waits, came late, and handed in what was not used."""
    items = (item(points="12.33"), item(Status.REVIEW, id="why", message="A person marks."))
    tasks = tuple(task(*items, id=f"evaluation{n}") for n in range(4))
    of = [replace(grade, tasks=tasks) for grade in found.values()]
    return {
        "index.html": html.render(of, replace(grades.assignment(of[0]), late=LATE))["index.html"]
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, list[Path]]]:
    """The one browser's window, and the pages."""
    if not CHROMIUM:
        assert not os.environ.get("CI"), "no Chromium: tools/setup.sh browser installs it"
        pytest.skip("NO BROWSER: the reports are NOT tested in one; apt install chromium")
    folder, found = tmp_path_factory.mktemp("pages"), kinds()
    files = course(found)
    for name, grade in found.items():
        of = replace(grades.assignment(grade), late=LATE, questions_to="Jo, by mail")
        files[f"{name}.html"] = html.render([grade], of)[f"students/{name}.html"]
    bare = html.render([found["failed"]], grades.assignment(found["failed"]))  # as a check's is
    files["check.html"] = bare["students/failed.html"]
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser.new_page(bypass_csp=True), [folder / name for name in files]
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(site: tuple[Page, list[Path]], scheme: str) -> None:
    page, files = site
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 390, "height": 844})
    wrong = list[str]()
    for file in files:
        page.goto(file.as_uri())
        found = Axe().run(page).response["violations"]
        wrong += [f"{file.name}: {v['id']}: {v['nodes'][0]['html'][:200]}" for v in found]
    assert len(files) > 10
    assert wrong == []


@pytest.mark.parametrize("width", [360, 390])
def test_no_page_is_wider_than_a_phone(site: tuple[Page, list[Path]], width: int) -> None:
    page, files = site
    page.set_viewport_size({"width": width, "height": 800})
    wide = {}
    for file in files:
        page.goto(file.as_uri())
        wide[file.name] = page.evaluate(
            """(width) => Math.max(document.documentElement.scrollWidth, ...[
                ...document.querySelectorAll("main *")].map((one) =>
                Math.round(one.getBoundingClientRect().right)))""",
            width,
        )
    assert {name: right for name, right in wide.items() if right > width} == {}


def test_the_graph_of_a_narrow_screen_can_be_read(site: tuple[Page, list[Path]]) -> None:
    page, files = site
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(next(file for file in files if file.name == "quiz.html").as_uri())
    graph = page.locator(".graph")
    shown, drawn = (graph.evaluate(f"(one) => one.{name}") for name in ("width", "naturalWidth"))
    assert shown > 0.8 * drawn


def test_folded_figures_are_printed(site: tuple[Page, list[Path]]) -> None:
    page, files = site
    page.goto(next(file for file in files if file.name == "failed.html").as_uri())
    picture = page.locator(".shots img").first
    assert not picture.is_visible()
    page.emulate_media(media="print")
    assert picture.is_visible()
    assert not page.locator("#contents").is_visible()
    page.emulate_media(media="screen")
