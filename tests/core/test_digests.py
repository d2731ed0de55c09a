"""Digests of folders, and of the code that decides which facts a run gives."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from grader.core import digests


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    (made / "inner").mkdir(parents=True)
    (made / "a.txt").write_text("one")
    (made / "inner" / "b.txt").write_text("two")
    return made


def test_the_same_content_elsewhere_has_the_same_digest(folder: Path, tmp_path: Path) -> None:
    before = digests.digest_of(folder)
    os.utime(folder / "a.txt", (1, 1))
    moved = folder.rename(tmp_path / "elsewhere")
    assert digests.digest_of(moved) == before
    assert len(before) == 64


@pytest.mark.parametrize("change", ["content", "name", "place", "more", "less"])
def test_every_change_of_a_file_changes_it(folder: Path, change: str) -> None:
    before = digests.digest_of(folder)
    file = folder / "a.txt"
    if change == "content":
        file.write_text("One")
    elif change == "name":
        file.rename(folder / "c.txt")
    elif change == "place":
        file.rename(folder / "inner" / "a.txt")
    elif change == "more":
        (folder / "c.txt").touch()
    else:
        file.unlink()
    assert digests.digest_of(folder) != before


def test_what_python_keeps_beside_its_sources_does_not_count(folder: Path) -> None:
    before = digests.digest_of(folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").write_text("compiled")
    (folder / "empty").mkdir()
    assert digests.digest_of(folder) == before


def test_names_and_contents_can_not_be_exchanged_for_each_other(tmp_path: Path) -> None:
    for name, content in (("one", ("ab", "c")), ("other", ("a", "bc"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / content[0]).write_text(content[1])
    assert digests.digest_of(tmp_path / "one") != digests.digest_of(tmp_path / "other")


def test_several_folders_count_in_their_order(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "x").write_text("x")
    assert digests.digest_of(folder, other) != digests.digest_of(other, folder)
    assert digests.digest_of(folder, other) != digests.digest_of(folder)
    assert digests.digest_of(tmp_path / "nowhere") == digests.digest_of()


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


def test_a_code_for_people_is_two_halves_without_signs_that_look_alike() -> None:
    codes = {digests.code("secret", "ada", str(n)) for n in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch("[A-Z2-7]{3}-[A-Z2-7]{3}", code) for code in codes)
    assert re.fullmatch("[A-Z2-7]{4}-[A-Z2-7]{3}", digests.code("secret", "ada", length=7))


def test_what_is_keyed_follows_from_secret_and_names_alone() -> None:
    first = digests.keyed("secret", "ab", "c")
    assert first == digests.keyed("secret", "ab", "c")
    assert len({first, digests.keyed("secret", "a", "bc"), digests.keyed("Secret", "ab", "c")}) == 3
    assert len(digests.keyed("ä", "a\ud800")) == 32  # a name that no encoding takes


def test_a_file_of_any_name_is_counted(tmp_path: Path) -> None:
    before = digests.digest_of(tmp_path)
    (tmp_path / "a\udcff.txt").touch()
    assert digests.digest_of(tmp_path) != before
