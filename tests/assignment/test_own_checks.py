"""A course's own check types: of one assignment alone, refused in one sentence, not given away."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

from grader.assignment import own_checks, rubric
from grader.batch import ask_many
from grader.checks import CHECKS, is_own
from grader.cli.main import main
from grader.core import codec
from grader.core.errors import UsageError
from grader.core.model import Answer, AnswerStatus
from grader.marking import plan
from grader.student import public_checks, public_file
from tests.assignment import toy_course


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return toy_course.written(tmp_path)


def reference(folder: Path) -> Path:
    return folder.parents[1] / "reference" / folder.name


def test_an_own_type_is_read_and_asks_with_the_source_of_its_probe(folder: Path) -> None:
    (task,) = rubric.find(str(folder)).tasks
    item = next(item for item in task.items if item.id == "total")
    assert is_own(item.check)
    assert item.check.subject == "spread"
    (question,) = plan.plan(task, 1)["total"]
    assert (question.probe, question.source) == ("total", toy_course.PROBE)
    assert ask_many.is_possible([question])
    assert all(not q.source for q in plan.plan(task, 1)["spread"])


def test_it_is_of_its_assignment_alone(folder: Path, tmp_path: Path) -> None:
    other = toy_course.written(tmp_path / "elsewhere", "other")
    path = reference(other) / "checks.py"
    path.write_text(path.read_text().replace("points: int = 5", "points: int = 6"))
    checks = [rubric.find(str(one)).tasks[0].items[-1].check for one in (folder, other)]
    assert [check.model_dump()["points"] for check in checks] == [5, 6]
    assert "total" not in CHECKS
    path.unlink()
    with pytest.raises(UsageError, match="check type 'total' does not exist"):
        rubric.find(str(other))


@pytest.mark.parametrize("file", ["checks.py", "probes/total.py"])
def test_a_change_of_it_changes_the_assignments_digest(folder: Path, file: str) -> None:
    before = rubric.find(str(folder)).digest
    with (reference(folder) / file).open("a") as stream:
        stream.write("\n# changed\n")
    assert rubric.find(str(folder)).digest != before


BROKEN = {
    "table": ('CHECKS = {"total": Total}', "TYPES = {}", "has no table of its types"),
    "class": ('{"total": Total}', '{"total": Check}', "expected a class of this file"),
    "taken": ('{"total": Total}', '{"text_answer": Total}', "is a check type of the grader's"),
    "syntax": ("class Total(Check):", "class Total(Check", "does not run: SyntaxError"),
    "import": ("import numpy as np", "import no_such_module", "does not run: ModuleNotFoundError"),
}


@pytest.mark.parametrize(("old", "new", "told"), BROKEN.values(), ids=list(BROKEN))
def test_types_that_are_none_are_refused(folder: Path, old: str, new: str, told: str) -> None:
    path = reference(folder) / "checks.py"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(UsageError, match=told) as refused:
        rubric.find(str(folder))
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("@probe(FUNCTION)\n", "", "has no probe"),
        ("def total", "def call_function", "there is another probe call_function"),
        ("from . import", "from .nowhere import", "does not run: ModuleNotFoundError"),
    ],
)
def test_probes_that_are_none_are_refused(folder: Path, old: str, new: str, told: str) -> None:
    path = reference(folder) / "probes" / "total.py"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(UsageError, match=told):
        rubric.find(str(folder))


def test_what_lies_about_in_the_current_folder_is_not_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a student's. Who names the folder, or $GRADER_HOME, means it."""
    monkeypatch.delenv("GRADER_HOME", raising=False)
    monkeypatch.chdir(folder.parents[1])
    (reference(folder) / "checks.py").write_text("raise SystemExit('ran')")
    with pytest.raises(UsageError, match="Python that would run on this machine"):
        rubric.find("toy")
    (reference(folder) / "checks.py").write_text(toy_course.CHECKS)
    assert rubric.find("rubrics/toy").name == "toy"
    monkeypatch.setenv("GRADER_HOME", str(folder.parents[1]))
    assert rubric.find("toy").name == "toy"


def test_students_get_data_alone_and_are_told_that_it_is_judged_later(folder: Path) -> None:
    chosen = rubric.find(str(folder))
    answer = Answer(status=AnswerStatus.OK, value={"name": "spread", "returned": 1.0})
    asked = public_checks.questions(chosen)["first"]
    given = {codec.digest(q): answer for questions in asked.values() for q in questions}
    public = public_checks.make(chosen, given)
    assert [item.id for item in public.withheld] == ["meaning", "total"]
    with pytest.raises(UsageError, match="judged by a person or by the full grading"):
        public_checks.select(public, ["total"])
    text = public_file.dump(public).decode()
    assert "def total" not in text
    questions = json.loads(text)["questions"].values()
    assert {key for question in questions for key in question} == {
        "answer",
        "params",
        "probe",
        "seconds",
    }


def test_editors_and_the_list_know_it(folder: Path, tmp_path: Path) -> None:
    kinds = own_checks.known(reference(folder))
    assert set(kinds) == {*CHECKS, "total"}
    run = CliRunner().invoke
    assert run(main, ["schema", str(tmp_path / "s"), "--assignment", str(folder)]).exit_code == 0
    schema = json.loads((tmp_path / "s" / "task.json").read_text())
    item = {
        "id": "a",
        "title": "A",
        "points": "1",
        "visibility": "public",
        "hint": "h",
        "check": {"type": "total", "function": "f", "points": "many"},
    }
    whole = {"task": {"id": "t", "title": "T", "points": "1"}, "item": [item]}
    (error,) = Draft7Validator(schema).iter_errors(whole)
    assert "'many' is not of type 'integer'" in error.message
    listed = run(main, ["schema", "--list", "--assignment", str(folder)]).output
    assert "total                The sum of what a function returns is the reference's." in listed
    assert set(CHECKS) <= {line.split()[0] for line in listed.splitlines()}
