"""Folders of submissions, read file by file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from grader.core.errors import UsageError
from grader.intake import files, folders


def refusing(refused: Path, call: Callable[..., Any]) -> Callable[..., Any]:
    """`call`, but for one path as the system answers where we may not look."""

    def answer(path: Any, *more: Any) -> Any:
        if Path(path) == refused:
            raise PermissionError(13, "Permission denied", str(path))
        return call(path, *more)

    return answer


def test_every_file_is_there_with_its_time_and_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "A.ipynb").write_bytes(b"1")
    os.utime(tmp_path / "a" / "b" / "A.ipynb", (1_600_000_000, 1_600_000_000))
    told: list[str] = []
    found = folders.read_folder(tmp_path, told)
    assert list(found) == ["a/b/A.ipynb"]
    assert found.times["a/b/A.ipynb"] == datetime.fromtimestamp(1_600_000_000)
    (tmp_path / "a" / "b" / "A.ipynb").write_bytes(b"22")
    assert found["a/b/A.ipynb"] == b"22"
    (tmp_path / "a" / "b" / "A.ipynb").unlink()
    with pytest.raises(UsageError) as refusal:
        found["a/b/A.ipynb"]
    assert str(refusal.value) == ("a/b/A.ipynb cannot be read any more (No such file or directory)")
    assert told == []


def test_a_folder_that_we_may_not_look_into_is_told_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A student whose work cannot be seen is not one who handed nothing in."""
    for name in ("Ada", "Mei"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "A.ipynb").write_bytes(b"1")
    monkeypatch.setattr(os, "scandir", refusing(tmp_path / "Ada", os.scandir))
    told: list[str] = []
    found = folders.read_folder(tmp_path, told)
    assert dict(found) == {
        "Ada/ (could not be read (Permission denied))": b"",
        "Mei/A.ipynb": b"1",
    }
    assert told == ["Ada could not be read (Permission denied)."]


def test_a_hidden_folder_is_named_if_anything_may_be_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (".empty", ".full", ".closed", "__MACOSX"):
        (tmp_path / name).mkdir()
    for name in (".full", "__MACOSX"):
        (tmp_path / name / "A.ipynb").write_bytes(b"1")
    iterdir: Callable[[Path], Iterator[Path]] = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", refusing(tmp_path / ".closed", iterdir))
    found = folders.read_folder(tmp_path, [])
    assert sorted(found) == [".closed/ (not looked into)", ".full/ (not looked into)"]


def test_a_file_that_cannot_be_opened_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "A.ipynb").write_bytes(b"1")
    monkeypatch.setattr(Path, "open", refusing(tmp_path / "A.ipynb", Path.open))
    told: list[str] = []
    found = folders.read_folder(tmp_path, told)
    assert list(found) == ["A.ipynb (could not be read (Permission denied))"]
    assert told == ["A.ipynb could not be read (Permission denied)."]


def test_a_large_file_is_named_and_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MAX_FILE", 1 << 20)
    (tmp_path / "big.ipynb").write_bytes(bytes((1 << 20) + 1))
    told: list[str] = []
    assert list(folders.read_folder(tmp_path, told)) == ["big.ipynb (is larger than 1 MiB)"]
    assert told == ["big.ipynb is larger than 1 MiB and was left out."]


def test_a_folder_of_results_is_left_out_with_all_in_it(tmp_path: Path) -> None:
    (tmp_path / "out" / "students").mkdir(parents=True)
    (tmp_path / "out" / folders.STORE).write_bytes(b"")
    (tmp_path / "out" / "students" / "A.ipynb").write_bytes(b"1")
    told: list[str] = []
    assert list(folders.read_folder(tmp_path, told)) == []
    assert told == ["out holds results of the grader and was left out."]


def test_no_folder_of_a_student_hides_the_next_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_EACH", 2)
    for name, count in (("Ada", 4), ("Mei", 1)):
        (tmp_path / name).mkdir()
        for number in range(count):
            (tmp_path / name / f"{number}.ipynb").write_bytes(b"1")
    told: list[str] = []
    found = folders.read_folder(tmp_path, told)
    assert sorted(found) == [
        "Ada/0.ipynb",
        "Ada/1.ipynb",
        "Ada/… (too many files)",
        "Mei/0.ipynb",
    ]
    assert told == ["Ada has more than 2 files; the rest was left."]
