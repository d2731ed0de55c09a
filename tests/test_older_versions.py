"""Result folders and bundles of older versions stay good: reported, marked, regraded, checked."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from grader.cli.main import main
from grader.store.store import Store
from grader.student import public_file

DATA = Path(__file__).parent / "data"
VERSIONS = sorted(path.name for path in DATA.iterdir() if path.name[0].isdigit())
TOTALS = {"Ada Right": "17.00", "Ben Wrong": "3.55"}
"""With one point that a person gave Ben; the answer of Ada still waits."""


@pytest.fixture(params=VERSIONS)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of what a version made: results, bundle, submissions, and its assignment."""
    return Path(shutil.copytree(DATA / request.param, tmp_path / "kept"))


def run(command: str, kept: Path, *words: str) -> Result:
    """A command on the result folder."""
    rubric = str(kept / "rubrics" / "kmeans-example")
    arguments = [command, str(kept / "results"), "--assignment", rubric, *words]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done


def totals(kept: Path) -> dict[str, str]:
    document = json.loads((kept / "results" / "results.json").read_text())
    return {entry["name"]: entry["points"] for entry in document["submissions"]}


def items(document: dict[str, Any]) -> dict[tuple[str, str], tuple[str, str]]:
    """Status and points of each student's items."""
    return {
        (entry["student"], item["id"]): (item["status"], item["points"])
        for entry in document["submissions"]
        for task in entry["tasks"]
        for item in task["items"]
    }


def test_there_is_one_of_each_kind() -> None:
    assert VERSIONS == ["0.1.0"]
    for name in ("results/grader.sqlite", "results/results.json", "bundle/public-checks.json"):
        assert (DATA / "0.1.0" / name).is_file()


def test_its_reports_are_rendered_in_every_usual_form(kept: Path) -> None:
    run("report", kept)
    (student,) = kept.glob("results/students/ben-wrong*.html")
    page = student.read_text()
    assert "In the figure there is no title." in page
    assert "These are the farthest centres" in page  # the hint of a typical mistake
    assert "It is not said why." in page  # what the person wrote
    assert "Ada Right" in (kept / "results" / "index.html").read_text()
    with (kept / "results" / "grades.csv").open(encoding="utf-8-sig") as table:
        text = table.read()
    rows = list(csv.reader(io.StringIO(text), csv.Sniffer().sniff(text, ",;")))
    assert {cell for row in rows for cell in row} >= {"Ada Right", "Ben Wrong"}
    assert totals(kept) == TOTALS


def test_all_is_judged_again_and_no_mark_changes(kept: Path) -> None:
    store = kept / "results" / "grader.sqlite"
    with Store(store) as opened:
        before = json.loads(opened.setting("checks") or "")
    done = run("regrade", kept)
    assert "2 students marked again: no mark changes" in done.stdout
    lacking = [line for line in done.stderr.splitlines() if line.startswith("  kmeans/")]
    reasons = ("its typical mistakes must be run, for hints", "its check asks something new")
    assert all(any(reason in line for reason in reasons) for line in lacking)
    with Store(store) as opened:
        after = json.loads(opened.setting("checks") or "")
    assert after.keys() <= before.keys()
    assert not set(after.items()) & set(before.items())  # other code: nothing was left unjudged
    assert totals(kept) == TOTALS


def test_each_item_keeps_its_status_and_points(kept: Path) -> None:
    results = kept / "results" / "results.json"
    before = items(json.loads(results.read_text()))
    run("regrade", kept)
    after = items(json.loads(results.read_text()))
    assert after == before
    assert len(after) == 10
    assert after["ben-wrong", "choice_of_k"][1] == "1.00"  # a person's


def test_what_waits_is_marked_by_hand(kept: Path) -> None:
    words = ("--student", "ada-right", "--item", "kmeans/choice_of_k", "--points", "2.5")
    done = run("mark", kept, *words, "--reason", "Almost.", "--by", "B. Person")
    assert "1 marks written" in done.output
    assert totals(kept) == TOTALS | {"Ada Right": "19.50"}


def test_an_earlier_mark_by_hand_is_corrected_by_a_new_one(kept: Path) -> None:
    words = ("--student", "ben-wrong", "--item", "kmeans/choice_of_k", "--points", "0")
    run("mark", kept, *words, "--reason", "Looked at again.", "--by", "B. Person")
    assert totals(kept) == TOTALS | {"Ben Wrong": "2.55"}


def test_the_bundle_is_read(kept: Path) -> None:
    public = public_file.read(kept / "bundle" / "public-checks.json")
    (task,) = public.assignment.tasks
    assert [item.id for item in task.items] == ["assign", "update", "plot_clusters"]
    assert public.assignment.title == "Clustering: k-means on two-dimensional data"


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("student", "exit_code", "passed", "points"),
    [("Ada Right", 0, 3, "13.00"), ("Ben Wrong", 1, 0, "2.55")],
)
def test_the_bundle_checks_a_notebook(
    kept: Path, student: str, exit_code: int, passed: int, points: str
) -> None:
    shutil.copy(kept / "submissions" / student / "KMeans.ipynb", kept / "bundle")
    done = CliRunner().invoke(main, ["check", str(kept / "bundle")])
    assert done.exit_code == exit_code, done.output
    assert f"{passed} of 3 items passed, {points} of 13.00 points" in done.output
