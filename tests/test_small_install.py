"""The base package without any extra: what works, and what each missing extra is told as."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from grader.student import public_file
from tests import simulated
from tests.bundle import ROOT, made

RUBRIC = ["--assignment", "rubrics/kmeans-example"]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A course's folder with results, and the variables of a machine with the base alone."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(simulated.KEPT, folder, dirs_exist_ok=True)
    return folder, simulated.environment(folder / "simulated", simulated.BASE)


def test_marking_reports_and_the_quiz_need_no_extra(course: tuple[Path, dict[str, str]]) -> None:
    lines = simulated.bare()
    done = simulated.run(simulated.commands(*lines), *course)
    ended = [line for line in done.stdout.splitlines() if line.startswith("==")]
    assert ended == [f"== {line[0]} 0" for line in lines], done.stderr


def test_what_is_missing_is_one_sentence_with_its_extra(
    course: tuple[Path, dict[str, str]],
) -> None:
    zipfile.ZipFile(course[0] / "table.xlsx", "w").close()
    dais = ["--assignment", str(ROOT / "rubrics/dais2021-a4")]
    lines = [
        ["grade", "submissions", *dais, "--out", "new"],
        ["selftest", "rubrics/kmeans-example"],
        ["release", "made", *RUBRIC],
        ["quiz", "make", *dais],
        ["quiz", "mark", "table.xlsx", *dais],
        ["review", "results"],
        ["grade", "submissions", *RUBRIC, "--out", "new", "--engine", "dask://localhost:1"],
    ]
    done = simulated.run(simulated.commands(*lines), *course)
    told = [line for line in done.stderr.splitlines() if line.startswith("grader: ")]
    assert [line.rpartition(": ")[2] for line in told] == [
        "pip install 'grader[notebooks,quiz,retraining]'",
        "pip install 'grader[notebooks]'",
        "pip install 'grader[notebooks]'",
        "pip install 'grader[quiz]'",
        "pip install 'grader[tables]'",
        "pip install 'grader[review]'",
        "pip install 'grader[cluster]'",
    ]
    assert "grading dais2021-a4 needs " in told[0]
    assert " torch, " in told[0]
    ended = [line for line in done.stdout.splitlines() if line.startswith("==")]
    assert ended == [f"== {line[0]} 2" for line in lines]


def test_a_notebook_is_checked_without_kernel_and_pictures(
    course: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """Functions are judged; what draws says which extra is missing, and loses nothing."""
    (tmp_path / public_file.FILE).write_bytes(public_file.dump(made("kmeans-example", "kmeans")))
    shutil.copy(ROOT / "reference/kmeans-example/KMeans.ipynb", tmp_path)
    done = simulated.run(simulated.commands(["check"]), tmp_path, course[1])
    assert "passed   assign" in done.stdout, done.stderr
    assert "passed   update" in done.stdout
    assert "review   plot_clusters" in done.stdout
    assert "KMeans.ipynb needs matplotlib: pip install 'grader[notebooks]'" in done.stdout
    assert done.stdout.splitlines()[-1] == "== check 1"
    assert done.stderr.count("without a sandbox") == 1


def test_a_task_that_cannot_begin_is_skipped_with_its_reason(
    course: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    (tmp_path / public_file.FILE).write_bytes(public_file.dump(made()))
    shutil.copy(ROOT / "reference/dais2021-a4/FMSSVRC.ipynb", tmp_path)
    done = simulated.run(simulated.commands(["check", "FMSSVRC.ipynb"]), tmp_path, course[1])
    told = "skipped: FMSSVRC.ipynb needs torch, torchvision: pip install 'grader[retraining]'"
    assert told in done.stdout, done.stderr
    assert done.stdout.splitlines()[-1] == "== check 0"
