"""Grades the examples as a person does, and holds what their README says of each."""

from __future__ import annotations

import csv
import json
import os
import re
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from playwright.sync_api import sync_playwright

from grader.cli.main import main
from tests.review.browser import ARGUMENTS, CHROMIUM

EXAMPLES = Path(__file__).parents[1] / "submissions" / "examples"
EVERYTHING, NOTHING = "everything", "nothing"

pytestmark = [pytest.mark.sandbox, pytest.mark.training]


def claims() -> dict[str, tuple[str, str]]:
    """From the README's table: student → what is lost, what waits for a person."""
    rows = re.findall(
        r"^\| (?!name|-)(.+?) \| .+? \| (.+?) \| (.+?) \|$",
        (EXAMPLES / "README.md").read_text(),
        re.MULTILINE,
    )
    return {name: (lost, waits) for name, lost, waits in rows}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    out = tmp_path_factory.mktemp("examples") / "results"
    words = ["grade", str(EXAMPLES), "--assignment", "dais2021-a4", "--out", str(out)]
    done = CliRunner().invoke(main, [*words, "--seed", "20", "--quiet"])
    assert done.exit_code == 0, done.output
    document = json.loads((out / "results.json").read_text())
    for submission in document["submissions"]:
        submission["page"] = (out / "students" / f"{submission['student']}.html").read_text()
    return {submission["name"]: submission for submission in document["submissions"]}


def expected() -> dict[str, dict[str, str]]:
    """From `data/expected_items.csv`: student → "task/item" → status, and points if these hold."""
    rows = list(csv.DictReader((Path(__file__).parent / "data" / "expected_items.csv").open()))
    names = [name for name in rows[0] if name != "item"]
    return {name: {row["item"]: row[name] for row in rows} for name in names}


def items(submission: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for task in submission["tasks"] for item in task["items"]}


def named(claim: str, every: set[str]) -> set[str]:
    found = set(re.findall(r"`(\w+)`", claim))
    return every if claim == EVERYTHING else found


@pytest.mark.parametrize("name", sorted(claims()))
def test_an_example_loses_what_its_readme_says(
    name: str, graded: dict[str, dict[str, Any]]
) -> None:
    found = items(graded[name])
    lost_claim, waits_claim = claims()[name]
    waiting = {key for key, item in found.items() if item["status"] in ("review", "error")}
    lost = {key for key, item in found.items() if item["status"] not in ("passed", "review")}
    assert lost == named(lost_claim, set(found))
    assert waiting == named(waits_claim, set(found))
    assert not [key for key, item in found.items() if item["status"] == "error"]


@pytest.mark.parametrize("name", sorted(expected()))
def test_each_item_of_an_example_keeps_its_mark(
    name: str, graded: dict[str, dict[str, Any]]
) -> None:
    wanted, found = expected()[name], {}
    for task in graded[name]["tasks"]:
        for item in task["items"]:
            key = f"{task['id']}/{item['id']}"
            has_points = " " in wanted[key]
            found[key] = f"{item['status']} {item['points']}" if has_points else item["status"]
    assert found == wanted


def test_all_folders_are_in_the_readme(graded: dict[str, dict[str, Any]]) -> None:
    folders = {path.name.partition("_")[0] for path in EXAMPLES.iterdir() if path.is_dir()}
    assert set(graded) == set(claims()) == set(expected()) == folders


def test_points_are_the_sum_of_the_items(graded: dict[str, dict[str, Any]]) -> None:
    for submission in graded.values():
        total = sum(Decimal(item["points"]) for item in items(submission).values())
        assert Decimal(submission["points"]) == total


def test_the_strong_example_gets_every_automatic_point(graded: dict[str, dict[str, Any]]) -> None:
    assert graded["Ada Strong"]["points"] == "91.00"  # nine points are for answers in words
    assert graded["Ada Strong"]["open_points"] == "9.00"


def test_the_accuracy_is_measured_and_not_believed(graded: dict[str, dict[str, Any]]) -> None:
    details = items(graded["Lena Sommer"])["test_accuracy"]["details"]
    assert details["verdict"] == "fail"
    assert details["cutoff"] == 82.0
    assert details["mean"] < 80 < details["claimed"]
    strong = items(graded["Ada Strong"])["test_accuracy"]["details"]
    assert strong["verdict"] == "pass"
    assert 84 < strong["mean"] < 92


def test_what_was_repaired_is_told(graded: dict[str, dict[str, Any]]) -> None:
    page = graded["Tomáš Novák"]["page"]
    for sign in ("np.float", "dataiter.next()", "module helper is missing", "asks for a GPU"):
        assert sign in page


@pytest.mark.browser
def test_a_page_prints_on_four_sheets_at_most(graded: dict[str, dict[str, Any]]) -> None:
    if not CHROMIUM:
        assert not os.environ.get("CI"), "no Chromium: tools/setup.sh browser installs it"
        pytest.skip("NO BROWSER: how pages print is NOT tested; apt install chromium")
    sheets = {}
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        for name, submission in graded.items():
            page.set_content(submission["page"])
            printed = page.pdf(prefer_css_page_size=True)
            sheets[name] = len(re.findall(rb"/Type\s*/Page\b", printed))
        browser.close()
    assert {name for name, count in sheets.items() if not 1 <= count <= 4} == set()


def test_no_page_holds_a_model_answer(graded: dict[str, dict[str, Any]]) -> None:
    for submission in graded.values():
        words = [item["details"].get("expected") for item in items(submission).values()]
        for text in (text for text in words if isinstance(text, str) and len(text) > 100):
            assert text[:60] not in unescape(submission["page"])


def test_a_person_sees_the_students_words_and_the_model_answer(
    graded: dict[str, dict[str, Any]],
) -> None:
    details = items(graded["Tomáš Novák"])["interpretation"]["details"]
    assert details["given"] == "Most wines are right, class 1 has the errors."
    assert len(details["expected"]) > 100
