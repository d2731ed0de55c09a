"""A check type, a report format, a learning platform, an engine: a file each and a line each.

The package is copied, a module written for each and one line added where it registers; then all
of them are used through the command line, and nothing else was told of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.assignment import toy_course

PACKAGE = Path(__file__).parents[1] / "grader"

FORMAT = '''\
"""One line for each student. Trusted, pure."""


def render(grades, assignment):
    """`points.txt`."""
    lines = [f"{one.submission.name}: {one.points:.2f} of {one.max_points}" for one in grades]
    return {"points.txt": "\\n".join(lines).encode() + b"\\n"}
'''

PLATFORM = '''\
"""Postbox, whose downloads are files such as 7--Ada Strong--First.ipynb."""

from grader.intake.platform import Outgoing, Place, Platform


class Postbox(Platform):
    name = "postbox"

    def places(self, name, files):
        parts = {path: path.split("--") for path in files}
        if any(len(part) != 3 for part in parts.values()):
            return {}
        found = {}
        for path, (key, who, file) in parts.items():
            found[path] = Place(key=key, name=who, path=file)
        return found

    def back(self, results, title, template, language):
        files = {f"{one.person.key}.txt": f"{one.points:.2f}".encode() for one in results}
        return Outgoing(files=files, arriving=tuple(one.student for one in results))
'''

ENGINE = '''\
"""This machine, and a word on each job."""

from grader.batch import worker
from grader.batch.engine import LocalEngine


class Talking(LocalEngine):
    def __init__(self, word):
        super().__init__(1, worker.perform)
        self._word = word

    def run(self, queue, tell):
        for job, evidence in super().run(queue, tell):
            with open("said.txt", "a") as stream:
                print(self._word, job.student, file=stream)
            yield job, evidence


def at(address, jobs, data_dir):
    return Talking(address)
'''

FILES = {
    "checks/total.py": toy_course.CHECKS.split("\n\nCHECKS = ")[0] + "\n",
    "sandbox/inside/probes/total.py": toy_course.PROBE,
    "reports/points.py": FORMAT,
    "platforms/postbox.py": PLATFORM,
    "batch/talking_engine.py": ENGINE,
}
LINES = {
    "checks/__init__.py": ('    "text_answer": ', '    "total": total.Total,\n', "checks", "total"),
    "reports/__init__.py": (
        '    "text": ',
        '    "points": Format("points"),\n',
        "",
        "",
    ),
    "platforms/__init__.py": (
        "    Moodle(),",
        "    postbox.Postbox(),\n",
        "platforms",
        "postbox",
    ),
    "batch/engines.py": (
        '    "local": ',
        '    "talking": talking_engine.at,\n',
        "batch",
        "talking_engine",
    ),
}
"""By registry: where the line goes, the line, and what it imports, if it does."""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package and what was added to it, and an assignment that uses the check."""
    home = tmp_path_factory.mktemp("course")
    package = home / "grader"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in FILES.items():
        (package / name).write_text(text, encoding="utf-8")
    for name, (place, line, room, module) in LINES.items():
        text = (package / name).read_text(encoding="utf-8")
        assert text.count(place) == 1, f"{name} has another form now"
        text = text.replace(place, line + place)
        if module:
            more = f"from grader.{room} import {module}\nfrom grader"
            text = text.replace("from grader", more, 1)
        (package / name).write_text(text, encoding="utf-8")
    rubric = toy_course.written(home)
    shutil.rmtree(home / "reference" / rubric.name / "probes")
    (home / "reference" / rubric.name / "checks.py").unlink()
    return home


def run(course: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """A command of the copy."""
    return python(course, "-m", "grader.cli.main", *map(str, words))


def python(course: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(course), "GRADER_HOME": str(course)}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done


def handed_in(course: Path, spread: str) -> str:
    """The master notebook with another function."""
    notebook = json.loads((course / "reference/toy/First.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["id"] == "spread":
            cell["source"] = f"def spread(values):\n    return {spread}"
    return json.dumps(notebook)


@pytest.fixture(scope="module")
def graded(course: Path) -> Path:
    """The results of a download of the toy platform, on the toy engine."""
    (course / "download").mkdir()
    for name, spread in (
        ("7--Ada Strong--First.ipynb", "np.ptp(values)"),
        ("8--Ben Weak--First.ipynb", "np.max(values)"),
    ):
        (course / "download" / name).write_text(handed_in(course, spread), encoding="utf-8")
    words = ("download", "--assignment", "toy", "--seed", "7", "--engine", "talking://done:")
    done = run(course, "grade", *words, "--quiet", "--accept-rung", "unconfined")
    assert "Report: " in done.stdout, done.stderr
    return course / "results"


@pytest.fixture(scope="module")
def bundle(course: Path) -> Path:
    """The students' bundle."""
    done = run(course, "release", "bundle", "--assignment", "toy", "--install", "grader")
    assert "public-checks.json" in done.stdout, done.stderr
    return course / "bundle"


pytestmark = [pytest.mark.sandbox, pytest.mark.xdist_group("seams")]


def test_a_platforms_download_is_graded_by_the_check_on_the_engine(
    course: Path, graded: Path
) -> None:
    document = json.loads((graded / "results.json").read_text())
    found = {
        entry["name"]: {item["id"]: item["status"] for item in entry["tasks"][0]["items"]}
        for entry in document["submissions"]
    }
    assert found == {
        "Ada Strong": {"spread": "passed", "meaning": "review", "total": "passed"},
        "Ben Weak": {"spread": "failed", "meaning": "review", "total": "failed"},
    }
    weak = next(entry for entry in document["submissions"] if entry["name"] == "Ben Weak")
    total = weak["tasks"][0]["items"][-1]
    assert total["message"] == "The total is another one. This is the largest value alone."
    said = (course / "said.txt").read_text().splitlines()
    assert all(line.startswith("done: ") for line in said)
    # Two students, the reference, and the typical mistakes of both items.
    assert len(said) >= 4


def test_reports_are_rendered_in_the_format(course: Path, graded: Path) -> None:
    done = run(course, "report", "results", "--format", "points")
    assert done.stdout.splitlines() == [str(Path("results") / "points.txt")]
    assert (graded / "points.txt").read_text() == ("Ada Strong: 8.00 of 12\nBen Weak: 0.00 of 12\n")


def test_marks_go_back_to_the_platform(course: Path, graded: Path) -> None:
    run(course, "export", graded, "--to", "postbox", "--provisional")
    cards = {path.name: path.read_text() for path in (course / "export").iterdir()}
    assert cards == {"7.txt": "8.00", "8.txt": "0.00"}


def test_students_check_it_on_their_machine_and_in_their_kernel(course: Path, bundle: Path) -> None:
    text = handed_in(course, "np.max(values)")
    (bundle / "First.ipynb").write_text(text, encoding="utf-8")
    done = run(course, "check", "bundle", "--format", "points")
    assert done.stdout == "submission: 0.00 of 8\n", done.stderr
    asked = (
        "import numpy as np; from pathlib import Path\n"
        "from grader.student import jupyter_magic\n"
        "names = {'spread': lambda values: np.ptp(values)}\n"
        "print(repr(jupyter_magic.judged([], names, Path('bundle'))))\n"
    )
    lines = python(course, "-c", asked).stdout.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["passed", "spread"], ["passed", "total"]]


def test_it_is_named_with_all_others(course: Path) -> None:
    listed = run(course, "schema", "--list").stdout
    assert "total                The sum of what a function returns is the reference's." in listed
