"""Commands are tried where there is one assignment, as in a course's own checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli import graded_folder
from tests.course import graded

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the rubric of `dais2021-a4` alone, by $GRADER_HOME."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "rubrics").mkdir()
    (folder / "rubrics" / "dais2021-a4").symlink_to(ROOT / "rubrics" / "dais2021-a4")
    monkeypatch.setenv("GRADER_HOME", str(folder))
    return folder


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two graded students, 3 points each, of an assignment that a test may change."""
    found: list[object] = [graded(tmp_path, 2, start=10)]
    monkeypatch.setattr("grader.assignment.rubric.find", lambda name, **_: found[-1])
    monkeypatch.setattr(graded_folder, "rubrics", found)
    assert graded_folder.run("report", tmp_path).exit_code == 0
    return tmp_path
