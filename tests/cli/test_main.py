"""The command line: what is wrong is one sentence and an exit code. No kernel is started here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from grader.batch.batch import Settings
from grader.cli.doctor import Finding
from grader.cli.main import main
from grader.core.errors import GraderError, SandboxError, UsageError
from grader.core.model import Grade, Status, Submission
from grader.core.version import __version__
from grader.store.store import Store
from tests.course import graded
from tests.reports import grades
from tests.reports.grades import item, task

NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


def run(*words: object, color: bool = False) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], color=color)


def refused(result: Result, code: int) -> str:
    """The one line on stderr of a command that ended with this exit code, and nothing else."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("grader: ")
    return line.removeprefix("grader: ")


@pytest.fixture(autouse=True)
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every machine has a sandbox here, and the results go to a folder of the test's own."""
    monkeypatch.setattr("grader.sandbox.walls.choose.best", lambda minimum: "bubblewrap")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """A folder with one student's submission, in which nothing is missing."""
    folder = tmp_path / "batch" / "Ada"
    folder.mkdir(parents=True)
    for name in ("ActivationFunctions", "Evaluation", "FMSSVRC"):
        (folder / f"{name}.ipynb").write_text(NOTEBOOK)
    return folder.parent


class Known(list[Grade]):
    """Grades that are there, in place of those from a store."""

    def bare(self) -> Known:
        return self


def judged(monkeypatch: pytest.MonkeyPatch, *of: Grade) -> None:
    """Every batch comes to these grades, and nothing is run."""
    monkeypatch.setattr("grader.batch.batch.Batch.results", lambda self, *_: Known(of))
    monkeypatch.setattr("grader.assignment.rubric.find", lambda name, **_: grades.assignment(of[0]))
    for module in ("masters", "reference"):
        monkeypatch.setattr(f"grader.marking.{module}.read_all", lambda assignment: {})


# --- help -------------------------------------------------------------------------------------


def trails(command: click.Command, trail: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and group."""
    yield trail
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from trails(inner, (*trail, name))


@pytest.mark.parametrize("trail", list(trails(main)), ids=" ".join)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_helps(trail: tuple[str, ...], flag: str) -> None:
    result = run(*trail, flag)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: {' '.join(['main', *trail])}")
    assert result.stderr == ""


@pytest.mark.parametrize("name", sorted(main.commands))
def test_the_help_lists_every_command_with_what_it_does(name: str) -> None:
    line = next(line for line in run("--help").stdout.splitlines() if line.startswith(f"  {name} "))
    assert line.split(maxsplit=1)[1]


def test_the_help_tells_the_exit_codes() -> None:
    assert "Exit codes: 0 done" in run("--help").stdout


def test_the_version_is_the_packages() -> None:
    assert run("--version").stdout == f"grader, version {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["grad"],
        ["grade"],
        ["grade", ".", "--nothing"],
        ["grade", ".", "--jobs", "0"],
        ["grade", ".", "--seed", "x"],
    ],
)
def test_wrong_words_are_wrong_usage(words: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr


# --- wrong input ------------------------------------------------------------------------------


def test_an_unknown_path_is_named() -> None:
    assert refused(run("grade", "nowhere"), 2) == "nowhere does not exist"


def test_an_unknown_assignment_is_named(batch: Path) -> None:
    line = refused(run("grade", batch, "--assignment", "dais2099-a9"), 2)
    assert line.startswith("assignment dais2099-a9 was not found")
    assert "--assignment" in line


def test_a_broken_rubric_is_one_sentence_that_names_the_file(batch: Path, tmp_path: Path) -> None:
    folder = tmp_path / "rubrics" / "mine"
    folder.mkdir(parents=True)
    (folder / "assignment.toml").write_text("[assignment\n")
    assert "rubrics/mine/assignment.toml is not TOML" in refused(
        run("grade", batch, "--assignment", folder), 2
    )


def test_a_folder_without_notebooks_is_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert refused(run("grade", empty), 2) == (
        f"{empty}: no submission was found; expected a folder or zip for each student"
    )


def test_a_single_file_that_is_no_archive_is_refused(batch: Path) -> None:
    assert "is no folder, no zip and no table" in refused(
        run("grade", batch / "Ada/Evaluation.ipynb"), 2
    )


def test_a_zip_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "all.zip").write_text("no zip")
    assert "is not a readable zip archive" in refused(run("grade", "all.zip"), 2)


def test_an_out_folder_whose_database_is_none_is_refused_and_kept(
    batch: Path, tmp_path: Path
) -> None:
    database = tmp_path / "results" / "grader.sqlite"
    database.parent.mkdir()
    database.write_text("dear diary\n" * 100)
    line = refused(run("grade", batch), 2)
    assert line.startswith("results/grader.sqlite cannot be used (")
    assert line.endswith("choose another --out folder")
    assert database.read_text().startswith("dear diary")


def test_an_out_folder_that_is_a_file_is_refused(batch: Path, tmp_path: Path) -> None:
    (tmp_path / "results").touch()
    line = refused(run("grade", batch), 2)
    assert line == "results cannot be made (File exists); choose another --out folder"


def test_another_seed_than_the_folders_is_refused(batch: Path, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    with Store(tmp_path / "results" / "grader.sqlite") as store:
        store.batch_seed(7)
    assert "was begun with --seed 7" in refused(run("grade", batch, "--seed", "8"), 2)


def test_a_quiz_download_that_is_not_there_is_named() -> None:
    assert refused(run("quiz", "mark", "quiz.csv"), 2).startswith("quiz.csv cannot be read (")


@pytest.mark.parametrize("words", [["make"], ["mark", "quiz.csv"]])
def test_the_quiz_of_an_unknown_assignment_is_refused(words: list[str]) -> None:
    line = refused(run("quiz", *words, "--assignment", "dais2099-a9"), 2)
    assert line.startswith("assignment dais2099-a9 was not found")


def test_nothing_is_written_for_wrong_input(tmp_path: Path) -> None:
    refused(run("grade", "nowhere"), 2)
    assert list(tmp_path.iterdir()) == []


def test_without_a_sandbox_nothing_is_graded(batch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_is_good_enough(minimum: str) -> str:
        raise SandboxError(f"no sandbox reaches {minimum}")

    monkeypatch.setattr("grader.sandbox.walls.choose.best", none_is_good_enough)
    assert refused(run("grade", batch), 3) == "no sandbox reaches bubblewrap"
    required = run("grade", batch, "--require-rung", "bubblewrap+cgroup")
    assert refused(required, 3) == "no sandbox reaches bubblewrap+cgroup"


@pytest.mark.parametrize(
    "words",
    [
        ("grade", "batch"),
        ("selftest",),
        ("train", "batch/Ada/FMSSVRC.ipynb"),
    ],
    ids=lambda words: words[0],
)
@pytest.mark.usefixtures("batch")
def test_what_the_refusal_of_a_sandbox_advises_is_an_option(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says: accept the risk with `--accept-rung landlock`."""

    def none_is_good_enough(minimum: str) -> str:
        raise SandboxError(f"no sandbox reaches {minimum}")

    monkeypatch.setattr("grader.sandbox.walls.choose.best", none_is_good_enough)
    assert refused(run(*words), 3) == "no sandbox reaches bubblewrap"
    accepted = run(*words, "--accept-rung", "landlock")
    assert refused(accepted, 3) == "no sandbox reaches landlock"


def test_a_weak_sandbox_runs_one_notebook_at_a_time_and_says_what_it_lacks(
    batch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.sandbox.walls.choose.best", lambda minimum: "landlock")
    given: list[Settings] = []
    monkeypatch.setattr(
        "grader.batch.batch.Batch.__init__",
        lambda self, assignment, store, settings, progress, engine: given.append(settings),
    )
    judged(monkeypatch, grades.grade())
    result = run("grade", batch, "--jobs", "8", "--accept-rung", "landlock")
    assert "note: sandbox landlock, not given: a view of its own" in result.stderr
    assert [(each.jobs, each.rung) for each in given] == [(1, "landlock")]


@pytest.mark.parametrize("command", ["grade", "selftest"])
def test_an_engine_that_is_none_is_a_wrong_use(batch: Path, command: str) -> None:
    words = [batch] if command == "grade" else []
    told = refused(run(command, *words, "--engine", "slurm://head"), 2)
    assert told == "--engine slurm://head: there is no such engine; known are dask, local"


def test_data_that_are_not_there_are_told(tmp_path: Path) -> None:
    assert f"{tmp_path} does not hold Fashion-MNIST" in refused(run("data", "--dir", tmp_path), 2)


# --- the error boundary -----------------------------------------------------------------------


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Result:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("grader.intake.submissions.ingest", fail)
    return run("grade", ".")


@pytest.mark.parametrize("kind", [GraderError, SandboxError])
def test_a_known_failure_is_its_own_sentence(
    monkeypatch: pytest.MonkeyPatch, kind: type[GraderError]
) -> None:
    assert refused(failing(monkeypatch, kind("the disk is full")), 3) == "the disk is full"


@pytest.mark.parametrize("message", ["oops", "2 validation errors\n  x\n  y", ""])
def test_a_bug_is_one_line_that_says_whose_fault_it_is(
    monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    line = refused(failing(monkeypatch, ValueError(message)), 3)
    assert line.startswith("the grader itself failed (ValueError: ")
    assert "GRADER_DEBUG=1" in line


def test_a_bug_shows_where_if_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_DEBUG", "1")
    assert isinstance(failing(monkeypatch, ZeroDivisionError("oops")).exception, ZeroDivisionError)


def test_an_interruption_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    line = refused(failing(monkeypatch, KeyboardInterrupt()), 130)
    assert line == "interrupted; what is done is kept, the same command goes on"


# --- grading ----------------------------------------------------------------------------------


def test_grades_are_written_shown_and_their_place_is_told(
    batch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, grades.grade(task(item(), item(Status.REVIEW, id="tanh", points="4"))))
    result = run("grade", batch, "--quiet", "--out", "deep/results")
    out = tmp_path / "deep" / "results"
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.endswith(f"Report: {out / 'index.html'}\n")
    assert "undecided, 4.00 open" in result.stdout
    assert "\n1 answer waits for a person: grader review deep/results\n" in result.stdout
    written = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert written == {
        "index.html",
        "students/ada.html",
        "grades.csv",
        "results.json",
        "grader.sqlite",
    }
    assert json.loads((out / "results.json").read_text())["submissions"][0]["student"] == "ada"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.PASSED, 0),
        (Status.FAILED, 0),
        (Status.BLOCKED, 0),
        (Status.REVIEW, 0),
        (Status.ERROR, 1),
    ],
)
def test_the_exit_code_is_1_only_if_something_could_not_be_graded(
    batch: Path, monkeypatch: pytest.MonkeyPatch, status: Status, code: int
) -> None:
    judged(monkeypatch, grades.grade(task(item(status))))
    assert run("grade", batch, "--quiet").exit_code == code


def test_the_seed_is_kept_with_the_results(
    batch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, grades.grade())
    run("grade", batch, "--quiet", "--seed", "20")
    with Store(tmp_path / "results" / "grader.sqlite") as store:
        assert store.batch_seed(None) == 20


def test_what_belongs_to_nobody_is_noted_on_stderr(
    batch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, grades.grade())
    (batch / "photo.jpg").touch()
    result = run("grade", batch, "--quiet")
    assert result.stderr == "note: batch: photo.jpg belongs to no student; the file was left out\n"


def test_names_cannot_send_codes_to_the_terminal(
    batch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, grades.grade(name="\x1b]0;evil\x07Ada\x1b[2J"))
    (batch / "\x1b[2Jphoto.jpg").touch()
    result = run("grade", batch, "--quiet", color=True)
    assert "\x1b" not in result.stderr
    assert "\x1b]" not in result.stdout
    assert "\x1b[2J" not in result.stdout


def test_square_brackets_in_a_name_are_no_markup(
    batch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged(monkeypatch, grades.grade(name="[red]Ada[/nothing]"))
    assert "[red]Ada[/nothing]" in run("grade", batch, "--quiet").stdout


# --- the other commands -----------------------------------------------------------------------


def test_data_says_where_it_lies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        "grader.retraining.datasets.fashion_mnist.prepare", lambda folder: folder / "true"
    )
    result = run("data", "--dir", tmp_path)
    assert (result.exit_code, result.stdout) == (0, f"Fashion-MNIST: {tmp_path}/true\n")


@pytest.mark.parametrize(("ok", "code", "word"), [(True, 0, "ok     "), (False, 1, "MISSING")])
def test_doctor_tells_its_findings_and_whether_all_is_well(
    monkeypatch: pytest.MonkeyPatch, ok: bool, code: int, word: str
) -> None:
    findings = [
        Finding(what="Python", ok=True, text="3.11"),
        Finding(what="sandbox", ok=ok, text="install bubblewrap"),
    ]
    monkeypatch.setattr("grader.cli.doctor.examine", lambda: findings)
    result = run("doctor")
    assert result.exit_code == code
    assert result.stdout.splitlines() == [
        "ok       Python: 3.11",
        f"{word}  sandbox: install bubblewrap",
    ]


# --- which assignment -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [("grade", "."), ("train", "n.ipynb"), ("release", "out"), ("quiz", "make"), ("selftest",)],
    ids=" ".join,
)
def test_where_there_are_several_assignments_one_is_asked_for(
    words: tuple[str, ...], home: Path
) -> None:
    shutil.copytree(home / "rubrics/dais2021-a4", home / "rubrics/other")
    assert refused(run(*words), 2) == (
        f"there are several assignments in {home}/rubrics: dais2021-a4, other; name one "
        "(--assignment NAME, or grader selftest NAME)"
    )


def test_a_result_folder_knows_its_own_assignment(batch: Path, tmp_path: Path, home: Path) -> None:
    """Also for `grade`, where several are at hand."""
    shutil.copytree(home / "rubrics/dais2021-a4", home / "rubrics/other")
    with Store(tmp_path / "grader.sqlite") as store:
        store.note(assignment="gone-2020", rubric=str(tmp_path / "rubrics" / "gone-2020"))
    line = refused(run("grade", batch, "--out", tmp_path), 2)
    assert line.startswith("assignment gone-2020 was not found")


def test_paths_engine_and_rubric_are_checked_before_anything_else(
    monkeypatch: pytest.MonkeyPatch, batch: Path
) -> None:
    """The trials of the sandbox take seconds, and reading a batch may take minutes."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("this comes later")

    monkeypatch.setattr("grader.sandbox.walls.choose.best", never)
    monkeypatch.setattr("grader.intake.submissions.ingest", never)
    assert refused(run("grade", "nowhere"), 2) == "nowhere does not exist"
    for option in ("--quiz", "--people", "--times"):
        assert refused(run("grade", batch, option, "no.csv"), 2) == "no.csv does not exist"
    assert "--engine slurm" in refused(run("grade", batch, "--engine", "slurm"), 2)
    monkeypatch.setattr("grader.marking.masters.read_all", told)
    assert refused(run("grade", batch), 2) == "the reference does not fit"


def told(assignment: object) -> None:
    raise UsageError("the reference does not fit")


# --- a part of a batch ------------------------------------------------------------------------


def test_a_part_of_a_batch_is_graded_beside_the_rest(
    batch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[bool, list[str], object]] = []
    judged(monkeypatch, grades.grade())
    (batch / "Bob").mkdir()
    (batch / "Bob" / "Evaluation.ipynb").write_text(NOTEBOOK)

    def results(self: object, submissions: Iterable[Submission], noted: object) -> Known:
        settings = self._settings  # type: ignore[attr-defined]
        given.append((settings.beside, [one.name for one in submissions], noted))
        return Known([grades.grade()])

    monkeypatch.setattr("grader.batch.batch.Batch.results", results)
    done = run("grade", batch, "--quiet", "--only", "bob")
    assert done.exit_code == 0, done.output
    assert "note: 1 of 2 are graded" in done.stderr
    ((beside, names, noted),) = given
    assert (beside, names) == (True, ["Bob"])
    assert isinstance(noted, dict)  # a new folder knows its assignment
    assert noted["assignment"] == "dais2021-a4"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--only", "eve"], "--only eve: nobody of this batch is called so;"),
        (["--from-failed"], "results holds no batch yet; leave out --from-failed"),
    ],
)
def test_a_part_that_is_none_is_one_sentence(batch: Path, words: list[str], sentence: str) -> None:
    done = run("grade", batch, "--quiet", *words)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].startswith(f"grader: {sentence}")


def test_a_part_is_not_graded_by_another_rubric_than_the_rest(batch: Path, tmp_path: Path) -> None:
    graded(tmp_path, 1)
    done = run("grade", batch, "--out", tmp_path, "--only", "Ada", "--assignment", "dais2021-a4")
    assert done.exit_code == 2
    assert "was changed since" in done.stderr
