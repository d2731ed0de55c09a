"""Commands are tried where there is one assignment, as in a course's own checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the rubric of `dais2021-a4` alone, by $GRADER_HOME."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "rubrics").mkdir()
    (folder / "rubrics" / "dais2021-a4").symlink_to(ROOT / "rubrics" / "dais2021-a4")
    monkeypatch.setenv("GRADER_HOME", str(folder))
    return folder
