"""What is missing is one sentence, whose extra really brings it."""

from __future__ import annotations

import re
import tomllib

import pytest

from grader.core import extras
from grader.core.extras import MissingLibraryError
from tests.bundle import ROOT

THROUGH = {"IPython": "ipykernel", "distributed": "dask[distributed]"}
"""Brought by another package of the same extra."""


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "torch" else name)


@pytest.mark.usefixtures("without_torch")
def test_who_needs_it_is_told_what_to_install() -> None:
    with pytest.raises(MissingLibraryError) as told:
        extras.require("FMSSVRC.ipynb", "torch", "numpy")
    assert str(told.value) == "FMSSVRC.ipynb needs torch: pip install 'grader[retraining]'"
    assert told.value.exit_code == 2


@pytest.mark.usefixtures("without_torch")
def test_what_is_there_needs_no_word() -> None:
    extras.require("this", "numpy", "scipy")
    assert extras.missing("numpy", "torch") == ["torch"]


def test_several_are_one_command() -> None:
    told = extras.sentence("it", ["sklearn", "torch", "matplotlib"])
    assert told == (
        "it needs scikit-learn, torch, matplotlib: pip install 'grader[notebooks,retraining]'"
    )


@pytest.mark.parametrize("name", sorted(extras.LIBRARIES))
def test_the_extra_brings_the_library(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    distribution, extra = extras.LIBRARIES[name]
    lines = project["optional-dependencies"][extra]
    brought = {re.split(r"[>=<~!;\s]", line)[0] for line in lines}
    assert THROUGH.get(name, distribution) in brought
    base = {re.split(r"[>=<~!;\s]", line)[0] for line in project["dependencies"]}
    assert distribution not in base
    assert "course" in project["optional-dependencies"]


@pytest.mark.parametrize("error", [ImportError, ValueError])
def test_a_library_that_was_taken_away_is_missing(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def taken(name: str) -> None:
        raise error(name)

    monkeypatch.setattr(extras, "find_spec", taken)
    assert extras.missing("torch") == ["torch"]


@pytest.mark.usefixtures("without_torch")
def test_another_extra_may_be_told_than_the_librarys_own() -> None:
    with pytest.raises(MissingLibraryError, match=r"it needs torch: .*'grader\[quiz\]'"):
        extras.require("it", "torch", extra="quiz")
