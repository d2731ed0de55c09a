"""What a machine lacks is told, and is no verdict on the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.core import extras
from grader.core.errors import GraderError, UsageError
from grader.core.model import CellRun, Ending, Evidence, Status
from grader.retraining.datasets import fashion_mnist
from grader.student import missing_here
from tests.bundle import made

TASK = made().task("fmssvrc")


def test_a_library_that_fixtures_import_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    told = missing_here.for_task(TASK, None)
    assert told.startswith("FMSSVRC.ipynb needs torch, torchvision: pip install")
    assert missing_here.for_task(made().task("activation"), None) == ""


def test_data_that_is_nowhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: Any, **__: Any) -> None:
        raise GraderError("Fashion-MNIST was not found; `grader data` fetches it")

    monkeypatch.setattr(fashion_mnist, "prepare", nowhere)
    assert missing_here.for_task(TASK, None).endswith("`grader data` fetches it")


def test_a_folder_that_was_named_must_hold_the_data(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not hold Fashion-MNIST"):
        missing_here.for_task(TASK, tmp_path)


def test_imports_that_failed_are_told_with_their_extra() -> None:
    errors = ("", "ModuleNotFoundError: No module named 'seaborn'", "ModuleNotFoundError: x")
    own = "ModuleNotFoundError: No module named 'my_own_helper'"
    runs = [CellRun(index=n, id="", status="error", error=e) for n, e in enumerate([*errors, own])]
    evidence = Evidence(task="t", ending=Ending.COMPLETED, cells=tuple(runs))
    assert missing_here.for_imports("A.ipynb", evidence) == (
        "A.ipynb needs seaborn: pip install 'grader[notebooks]'."
    )


def test_what_is_skipped_is_for_nobody_to_lose() -> None:
    found = missing_here.skipped("no data")
    assert (found.status, found.message) == (Status.REVIEW, "Not checked here: no data.")
