"""The composite action, run as GitHub's runner does: its steps in a clean folder, its files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

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


def run(folder: Path, notebook: bytes, **given: str) -> Ran:
    inputs = {name: str(spec.get("default", "")) for name, spec in ACTION["inputs"].items()}
    inputs |= given | {"install": "false"}
    workspace = folder / "workspace"
    (workspace / "work").mkdir(parents=True)
    (workspace / NAME).write_bytes(notebook)
    (workspace / public_file.FILE).write_bytes(public_file.dump(made()))
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(Path.home()),
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }
    for name in ("output", "summary"):
        (folder / name).touch()
    log, code = "", 0
    for step in ACTION["runs"]["steps"]:
        if step.get("if") == "inputs.install == 'true'" and inputs["install"] != "true":
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
    outputs = dict(line.split("=", 1) for line in (folder / "output").read_text().splitlines())
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
    assert failing.outputs == {"points": "1.50", "max_points": "15.00", "passed": "false"}


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
    assert done.outputs == {"points": "15.00", "max_points": "15.00", "passed": "true"}
    assert "9 of 9 items passed" in done.summary
    (suite,) = JUnitXml.fromfile(str(done.workspace / "grader-reports" / "junit.xml"))
    assert (suite.tests, suite.failures, suite.errors) == (9, 0, 0)


def test_a_path_is_never_part_of_the_script(tmp_path: Path) -> None:
    done = run(tmp_path, RIGHT, path="x; touch forged; $(touch forged)")
    assert done.code == 2
    assert not list(tmp_path.rglob("forged"))
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_every_output_of_the_action_is_one_that_is_written() -> None:
    written = {"points", "max_points", "passed"}
    assert {spec["value"] for spec in ACTION["outputs"].values()} == {
        f"${{{{ steps.check.outputs.{name} }}}}" for name in written
    }
    assert set(ACTION["outputs"]) == written
    assert all(step["shell"] == "bash" for step in ACTION["runs"]["steps"])


def test_the_gitlab_job_uploads_what_check_writes() -> None:
    job: dict[str, Any] = GITLAB["grader-check"]
    assert "--format junit --format codequality" in job["script"][-1]
    assert job["artifacts"]["reports"] == {
        "junit": "grader-reports/junit.xml",
        "codequality": "grader-reports/gl-code-quality-report.json",
    }
    assert job["artifacts"]["when"] == "always"
    assert "GRADER_INSTALL" not in GITLAB["variables"]
    assert job["allow_failure"] == {"exit_codes": 3}
