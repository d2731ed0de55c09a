"""`grader check` as a student, and as continuous integration, calls it. No sandbox is started."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli.main import main
from grader.cli.runner_log import RUNNERS
from grader.core.errors import GraderError
from grader.reports import FORMATS
from grader.student import public_file
from tests.bundle import RIGHT, WRONG, door, made

NAME = "ActivationFunctions.ipynb"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder with the bundle's checks, and a door without a sandbox."""
    (tmp_path / public_file.FILE).write_bytes(public_file.dump(made()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("grader.student.open_sandbox.find", lambda **_: (door, ""))
    monkeypatch.setattr("grader.student.open_sandbox.begin", lambda: None)
    monkeypatch.setattr("grader.student.open_sandbox.stay_ready", lambda: None)
    for name in ("GITHUB_ACTIONS", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", "GITHUB_OUTPUT"):
        monkeypatch.delenv(name, raising=False)


def check(content: bytes, *words: str) -> Result:
    Path(NAME).write_bytes(content)
    return CliRunner().invoke(main, ["check", *words])


def test_all_right_is_exit_code_0() -> None:
    done = check(RIGHT, "--item", "logistic", "--item", "relu")
    assert done.exit_code == 0
    assert "2 of 2 items passed, 3.00 of 3.00 points" in done.stdout
    assert "\x1b" not in done.stdout


def test_not_all_right_is_exit_code_1_and_says_what_to_look_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for runner in RUNNERS:  # on which commands in the log are broken up
        monkeypatch.delenv(runner, raising=False)
    done = check(WRONG, NAME, "--item", "logistic", "--item", "relu")
    assert done.exit_code == 1
    assert "passed   logistic" in done.stdout
    assert "relu could not be evaluated: ValueError: ::error::forged" in done.stdout
    assert "hint: relu passes positive inputs on unchanged" in done.stdout
    assert "To look at: relu." in done.stdout
    assert "Judged later" not in done.stdout


def test_a_notebook_alone_is_asked_about_its_own_task() -> None:
    done = check(RIGHT, NAME)
    assert "of 9 items passed" in done.stdout
    assert done.stdout.count("Judged later, by a person or the full grading: ") == 1


def test_a_notebook_that_is_not_there_is_told_once() -> None:
    done = check(RIGHT, "--item", "relu", "--item", "evaluation")
    assert done.exit_code == 1
    assert "Evaluation.ipynb was not handed in. (3 items, 8 points)" in done.stdout
    assert "failed   kfold" not in done.stdout


def test_a_damaged_notebook_is_told_alone() -> None:
    done = check(RIGHT[:200], NAME)
    assert done.exit_code == 1
    assert f"{NAME} is not a readable notebook" in done.stdout
    assert "0 of 9 items passed" in done.stdout
    assert "Evaluation" not in done.stdout


def test_a_failed_grader_is_exit_code_3(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise GraderError("the sandbox broke")

    monkeypatch.setattr("grader.student.open_sandbox.find", lambda **_: (broken, ""))
    done = check(RIGHT, "--item", "relu")
    assert done.exit_code == 3
    assert done.stderr.splitlines()[-1] == f"grader: {NAME}: the sandbox broke"


def test_a_lower_rung_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.student.open_sandbox.find", lambda **_: (door, "not confined"))
    assert check(RIGHT, "--item", "relu").stderr.splitlines()[0] == "note: not confined"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nothing.ipynb"], "nothing.ipynb does not exist"),
        (["--item", "logstic"], "did you mean logistic"),
        (["--epochs", "3"], "add --train"),
        (["--format", "json", "--format", "junit"], "add --out FOLDER"),
        (
            ["--format", "jsn"],
            "--format jsn does not exist; known are badge, codequality, csv, github",
        ),
    ],
)
def test_wrong_usage_is_exit_code_2_and_one_sentence(words: list[str], told: str) -> None:
    done = check(RIGHT, *words)
    assert done.exit_code == 2
    assert told in done.stderr
    assert done.stdout == ""


def test_without_the_bundle_a_checkout_is_not_needed_to_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / public_file.FILE).unlink()
    monkeypatch.setattr("grader.assignment.rubric.CHECKOUT", tmp_path)
    monkeypatch.delenv("GRADER_HOME")
    done = check(RIGHT)
    assert done.exit_code == 2
    assert "public-checks.json is neither in" in done.stderr


def test_a_checkout_makes_the_public_checks_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answers(assignment: object) -> object:
        asked.append("run")
        return dict(made().expected)

    (tmp_path / public_file.FILE).unlink()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("grader.assignment.release.answers", answers)
    for _ in range(2):
        assert check(RIGHT, "--item", "relu").exit_code == 0
    assert asked == ["run"]


def test_one_machine_format_goes_to_standard_output_alone() -> None:
    done = check(WRONG, "--item", "relu", "--format", "json")
    (submission,) = json.loads(done.stdout)["submissions"]
    (task,) = submission["tasks"]
    (item,) = task["items"]
    assert (item["id"], item["status"], item["max_points"]) == ("relu", "failed", "1.50")


def test_all_formats_go_to_a_folder(tmp_path: Path) -> None:
    words = [word for name in FORMATS for word in ("--format", name)]
    check(WRONG, *words, "--out", "reports", "--item", "relu")
    found = {path for path in (tmp_path / "reports").rglob("*") if path.is_file()}
    assert {path.relative_to(tmp_path / "reports").as_posix() for path in found} == {
        "grades.csv",
        "index.html",
        "students/submission.html",
        "badge.txt",
        "results.txt",
        "results.md",
        "results.json",
        "junit.xml",
        "annotations.txt",
        "summary.md",
        "outputs.txt",
        "gl-code-quality-report.json",
    }


def test_a_format_of_several_files_needs_a_folder() -> None:
    done = check(WRONG, "--format", "html", "--item", "relu")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "html is several files; add --out FOLDER" in done.stderr


def test_on_a_runner_no_line_of_ours_but_the_annotations_is_a_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    done = check(WRONG, "--format", "github", "--output", "reports", "--item", "relu")
    commands = [line for line in done.stdout.splitlines() if line.strip().startswith("::")]
    stop, start, annotation = commands
    token = stop.removeprefix("::stop-commands::")
    assert (len(token), start) == (32, f"::{token}::")
    assert annotation.startswith(f"::error file={NAME},line=")
    assert "::" not in annotation.split("::", 2)[2]
    assert (tmp_path / "output").read_text().splitlines() == [
        "points=0.00",
        "max_points=1.50",
        "passed=false",
        "badge=public checks: 0 of 1 items, 0.00 of 1.50 points",
    ]


def test_watch_checks_again_when_a_notebook_is_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    saves = iter([RIGHT])

    def save(_: float) -> None:
        content = next(saves, None)
        if content is None:
            raise KeyboardInterrupt
        Path(NAME).write_bytes(content)

    monkeypatch.setattr("time.sleep", save)
    done = check(WRONG, "--watch", "--item", "relu")
    assert done.stdout.count("0 of 1 items passed") == 1
    assert done.stdout.count("1 of 1 items passed") == 1
    assert done.exit_code == 0
