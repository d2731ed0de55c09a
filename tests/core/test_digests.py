"""Digests of folders, and of the code that decides which facts a run gives."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.core import digests


def observing(package: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(digests, "PACKAGE", package)
    digests.observing.cache_clear()
    found = digests.observing()
    digests.observing.cache_clear()
    return found


@pytest.mark.parametrize(
    ("changed", "other"),
    [
        ("core/codec.py", True),
        ("sandbox/inside/plain.py", True),
        ("sandbox/inside/probes/functions.py", True),
        ("sandbox/kernels/driver.py", True),
        ("retraining/runs.py", True),
        ("retraining/verdict.py", False),
        ("reports/html.py", False),
        ("checks/text.py", False),
    ],
)
def test_facts_change_with_the_code_that_observes_and_with_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, other: bool
) -> None:
    package = tmp_path / "grader"
    shutil.copytree(digests.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    before = observing(package, monkeypatch)
    (package / changed).write_text((package / changed).read_text() + "\n# another line\n")
    assert (observing(package, monkeypatch) != before) is other
