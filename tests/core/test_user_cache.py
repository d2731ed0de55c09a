"""The grader's folder in the user's cache: one rule for all that is kept there."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.core import user_cache
from grader.retraining.datasets import fashion_mnist
from grader.sandbox.walls import bwrap


def test_all_that_is_kept_lies_in_one_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert fashion_mnist.cache_folder() == tmp_path / "grader" / "fashion-mnist"
    binary = tmp_path / "grader" / "bubblewrap" / "usr" / "bin" / "bwrap"
    binary.parent.mkdir(parents=True)
    binary.touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("GRADER_BWRAP", raising=False)
    assert bwrap.find() == binary


@pytest.mark.parametrize(
    ("name", "variables", "folder"),
    [
        ("posix", {"HOME": "/home/ada"}, "/home/ada/.cache/grader"),
        ("posix", {"HOME": "/home/ada", "XDG_CACHE_HOME": ""}, "/home/ada/.cache/grader"),
        ("nt", {"HOME": "/home/ada", "LOCALAPPDATA": "/local"}, "/local/grader"),
    ],
)
def test_without_a_wish_it_is_where_the_system_says(
    monkeypatch: pytest.MonkeyPatch, name: str, variables: dict[str, str], folder: str
) -> None:
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(user_cache, "NAME", name)
    assert user_cache.folder() == Path(folder)


def test_a_wish_may_begin_with_ones_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("XDG_CACHE_HOME", "~/cache")
    assert user_cache.folder() == Path("/home/ada/cache/grader")
