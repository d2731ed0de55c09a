"""The composite action, run as GitHub's runner does: its steps in a clean folder, its files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from junitparser import JUnitXml

from grader.cli.main import main
from grader.retraining.datasets import fashion_mnist
from grader.student import public_file
from tests.bundle import RIGHT, ROOT, WRONG, made

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
GITLAB = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text())
NAME = "work/ActivationFunctions.ipynb"


@dataclass(frozen=True)
class Ran:
    """One run of the action."""

    code: int
    log: str
    summary: str
    outputs: dict[str, str]
    workspace: Path


def value(text: str, inputs: dict[str, str]) -> str:
    """A text with the expressions that this action uses put in."""
    text = re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: inputs[found[1]], text)
    return text.replace("${{ github.action_path }}", str(ROOT))


def is_run(step: dict[str, Any], inputs: dict[str, str], outputs: Path) -> bool:
    """Whether the runner takes a step, as far as its script is ours to run."""
    conditions = {
        "": True,
        "inputs.install == 'true'": inputs["install"] == "true",
        "steps.data.outputs.folder != ''": bool(written(outputs).get("folder")),
    }
    return conditions[step.get("if", "")] and "run" in step


def written(outputs: Path) -> dict[str, str]:
    """What steps wrote for later ones."""
    return dict(line.split("=", 1) for line in outputs.read_text().splitlines())


def surroundings(**more: str) -> dict[str, str]:
    """The variables of a runner."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(Path.home()), "CI": "true", **more}


def offline(folder: Path) -> dict[str, str]:
    """The variables of a machine that has no data and no way to any."""
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    return {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), **nowhere}


def run(folder: Path, notebook: bytes, *, more: dict[str, str] | None = None, **given: str) -> Ran:
    inputs = {name: str(spec.get("default", "")) for name, spec in ACTION["inputs"].items()}
    inputs |= given | {"install": "false"}
    workspace = folder / "workspace"
    (workspace / "work").mkdir(parents=True, exist_ok=True)
    (workspace / NAME).write_bytes(notebook)
    (workspace / public_file.FILE).write_bytes(public_file.dump(made()))
    environment = surroundings(
        GITHUB_ACTIONS="true",
        GITHUB_WORKSPACE=str(workspace),
        GITHUB_OUTPUT=str(folder / "output"),
        GITHUB_STEP_SUMMARY=str(folder / "summary"),
        **(more or {}),
    )
    for name in ("output", "summary"):
        (folder / name).touch()
    log, code = "", 0
    for step in ACTION["runs"]["steps"]:
        if not is_run(step, inputs, folder / "output"):
            continue
        own = {name: value(text, inputs) for name, text in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", value(step["run"], inputs)],
            cwd=workspace,
            env=environment | own,
            capture_output=True,
            text=True,
            check=False,
        )
        log, code = log + done.stdout + done.stderr, code or done.returncode
    outputs = written(folder / "output")
    return Ran(code, log, (folder / "summary").read_text(), outputs, workspace)


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return run(tmp_path_factory.mktemp("failing"), WRONG, path=NAME)


def effective(log: str) -> list[str]:
    """The commands that a runner would obey, while it is not told to stop."""
    found, token = [], ""
    for line in log.splitlines():
        text = line.strip()
        if token:
            token = "" if text == f"::{token}::" else token
        elif text.lower().startswith("::stop-commands::"):
            token = text[len("::stop-commands::") :]
        elif text.startswith("::") or "##[" in text:
            found.append(text)
    return found


@pytest.mark.sandbox
def test_a_failing_repository_fails_its_job(failing: Ran) -> None:
    assert failing.code == 1
    assert failing.outputs == {
        "folder": "",
        "points": "1.50",
        "max_points": "15.00",
        "passed": "false",
        "badge": "public checks: 1 of 9 items, 1.50 of 15.00 points",
    }


@pytest.mark.sandbox
def test_its_annotations_stand_at_file_and_cell(failing: Ran) -> None:
    text = (failing.workspace / NAME).read_text()
    line = next(n for n, t in enumerate(text.splitlines(), 1) if "def relu" in t)
    relu = [c for c in effective(failing.log) if "title=Rectified linear unit (" in c]
    assert len(relu) == 1
    assert relu[0].startswith(f"::error file={NAME},line={line},title=")
    assert "Cell 4: relu could not be evaluated: ValueError" in relu[0]


@pytest.mark.sandbox
def test_nothing_that_the_student_printed_or_raised_is_a_command(failing: Ran) -> None:
    for command in effective(failing.log):
        assert re.match(r"::(error|warning|notice) (file=work/|title=grader)", command), command
    assert "forged" in failing.log
    assert "\x1b" not in failing.log
    for line in failing.log.splitlines():
        inside = line.strip()
        if "forged" in inside:
            assert not re.match(r"::(error|notice)::", inside)


@pytest.mark.sandbox
def test_its_summary_and_reports_say_what_failed(failing: Ran) -> None:
    assert "1.50 of 15.00 points" in failing.summary
    row = next(line for line in failing.summary.splitlines() if "` relu `" in line)
    assert row.startswith("| ❌ failed ")
    assert "*Hint:* relu passes positive inputs" in row
    folder = failing.workspace / "grader-reports"
    (suite,) = JUnitXml.fromfile(str(folder / "junit.xml"))
    assert (suite.name, suite.tests) == ("activation", 9)
    assert (folder / "gl-code-quality-report.json").is_file()
    assert (folder / "results.json").is_file()


@pytest.mark.sandbox
def test_a_passing_repository_passes_its_job(tmp_path: Path) -> None:
    master = (ROOT / "reference" / "dais2021-a4" / "ActivationFunctions.ipynb").read_bytes()
    done = run(tmp_path, master, path=NAME)
    assert (done.code, effective(done.log)) == (0, [])
    assert (done.outputs["points"], done.outputs["passed"]) == ("15.00", "true")
    assert "9 of 9 items passed" in done.summary
    assert "Judged later, by a person or the full grading" in done.summary
    (suite,) = JUnitXml.fromfile(str(done.workspace / "grader-reports" / "junit.xml"))
    assert (suite.tests, suite.failures, suite.errors) == (9, 0, 0)


def test_a_path_is_never_part_of_the_script(tmp_path: Path) -> None:
    done = run(tmp_path, RIGHT, path="x; touch forged; $(touch forged)")
    assert done.code == 2
    assert not list(tmp_path.rglob("forged"))
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_every_output_of_the_action_is_one_that_is_written() -> None:
    written = {"points", "max_points", "passed", "badge"}
    assert {spec["value"] for spec in ACTION["outputs"].values()} == {
        f"${{{{ steps.check.outputs.{name} }}}}" for name in written
    }
    assert set(ACTION["outputs"]) == written
    scripts = [step for step in ACTION["runs"]["steps"] if "run" in step]
    assert all(step["shell"] == "bash" for step in scripts)
    (kept,) = [step for step in ACTION["runs"]["steps"] if "uses" in step]
    assert kept["with"]["path"] == "${{ steps.data.outputs.folder }}"


def test_the_gitlab_job_uploads_what_check_writes() -> None:
    job: dict[str, Any] = GITLAB["grader-check"]
    assert "--format junit --format codequality" in job["script"][-1]
    assert job["cache"]["paths"] == [".cache/grader/fashion-mnist/"]
    assert GITLAB["variables"]["XDG_CACHE_HOME"] == "$CI_PROJECT_DIR/.cache"
    assert job["artifacts"]["reports"] == {
        "junit": "grader-reports/junit.xml",
        "codequality": "grader-reports/gl-code-quality-report.json",
    }
    assert job["artifacts"]["when"] == "always"
    assert "GRADER_INSTALL" not in GITLAB["variables"]
    assert job["allow_failure"] == {"exit_codes": 3}


NEEDS_DATA = (ROOT / "reference" / "dais2021-a4" / "FMSSVRC.ipynb").read_bytes()
nowhere = pytest.mark.skipif(
    fashion_mnist.DEBIAN.is_dir(), reason="this machine has the data where every user finds it"
)


@nowhere
def test_data_that_cannot_be_had_is_skipped_with_its_reason(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace" / "work"
    workspace.mkdir(parents=True)
    (workspace / "FMSSVRC.ipynb").write_bytes(NEEDS_DATA)
    done = run(tmp_path, RIGHT, more=offline(tmp_path), path="work/FMSSVRC.ipynb")
    assert done.code == 0, done.log
    assert done.outputs["folder"] == str(tmp_path / "cache/grader/fashion-mnist")
    assert done.outputs["passed"] == "false"
    (told,) = effective(done.log)
    assert told.startswith("::notice title=")
    assert "Not checked here: FMSSVRC.ipynb: Fashion-MNIST was not found" in told
    assert "Not checked here" in done.summary
    (suite,) = JUnitXml.fromfile(str(done.workspace / "grader-reports" / "junit.xml"))
    assert suite.tests == suite.skipped > 0


def gitlab(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The template's script as GitLab's runner runs it; what pip is to install is printed."""
    shims = folder / "shims"
    shims.mkdir()
    (shims / "python").write_text('#!/bin/sh\necho "python $*"\n')
    (shims / "python").chmod(0o755)
    own = GITLAB["variables"] | {"XDG_CACHE_HOME": str(folder / ".cache")} | variables
    around = surroundings(**offline(folder)) | own
    around["PATH"] = f"{shims}:{around['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
        input="\n".join(GITLAB["grader-check"]["script"]),
        cwd=folder,
        env=around,
        capture_output=True,
        text=True,
        check=False,
    )


@nowhere
def test_the_gitlab_job_installs_what_is_asked_for_and_checks(tmp_path: Path) -> None:
    (tmp_path / "FMSSVRC.ipynb").write_bytes(NEEDS_DATA)
    (tmp_path / public_file.FILE).write_bytes(public_file.dump(made()))
    (tmp_path / "requirements.txt").write_text("numpy\n")
    pinned = "git+https://git.example.org/course/grader@v0.2.0"
    done = gitlab(tmp_path, GRADER_INSTALL=pinned, GRADER_PATH="FMSSVRC.ipynb")
    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert first == f"python -m pip install --quiet {pinned} -r ./requirements.txt"
    assert "skipped: FMSSVRC.ipynb: Fashion-MNIST was not found" in done.stdout
    names = {path.name for path in (tmp_path / "grader-reports").iterdir()}
    assert names == {"badge.txt", "gl-code-quality-report.json", "junit.xml", "results.json"}
    badge = (tmp_path / "grader-reports/badge.txt").read_text()
    assert badge == "public checks: 0 of 6 items, 0.00 of 30.00 points, 6 not checked\n"


def test_the_gitlab_job_insists_on_a_version(tmp_path: Path) -> None:
    done = gitlab(tmp_path, GRADER_INSTALL="git+ssh://git@git.example.org/course/grader")
    assert done.returncode == 2
    assert "must name a version" in done.stdout


def test_the_hook_for_commits_is_a_command_of_ours() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert (hook["id"], hook["language"]) == ("grader-check", "python")
    command, *words = hook["entry"].split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert command in project["scripts"]
    assert CliRunner().invoke(main, [*words, "--help"]).exit_code == 0
    assert hook["pass_filenames"] is False
    assert re.search(hook["files"], "work/ActivationFunctions.ipynb")


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("check", ["grader check"]),
        ("selftest", ["grader selftest mine"]),
        ("bundle", ["grader release bundle --assignment mine --install x.whl"]),
    ],
)
def test_the_makefile_of_a_course_calls_commands_of_ours(target: str, told: list[str]) -> None:
    # The suite itself is run by a make, which tells those below it what it was called with.
    around = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    done = subprocess.run(
        ["make", "-n", "-f", ROOT / "ci/course.mk", target, "ASSIGNMENT=mine", "INSTALL=x.whl"],
        env=around,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == told
    assert told[0].split()[1] in main.commands
