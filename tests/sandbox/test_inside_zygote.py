"""What the fork server imports before it forks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.sandbox.inside import zygote


def test_a_library_that_is_missing_or_broken_costs_no_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "half_installed.py").write_text("raise OSError('libcudart.so.12: cannot open')")
    (tmp_path / "last_of_all.py").write_text("there = True")
    monkeypatch.syspath_prepend(tmp_path)
    zygote.import_all(["no_such_library", "half_installed", "last_of_all"])
    assert sys.modules.pop("last_of_all").there
    assert not {"no_such_library", "half_installed"} & set(sys.modules)


def test_what_libraries_are_imported_is_written_once() -> None:
    assert len(set(zygote.LIBRARIES)) == len(zygote.LIBRARIES)
