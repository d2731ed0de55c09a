"""What a kernel leaves in /dev/shm: found by who holds it, by name, or by its user."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import pytest

from grader.sandbox.walls import sharedmemory


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sharedmemory, "FOLDER", tmp_path)
    return tmp_path


def names(*pids: int, all_of_user: bool = False) -> list[str]:
    found = sharedmemory.files_of(pids, os.getuid(), all_of_user=all_of_user)
    return sorted(path.name for path in found)


def test_files_are_found_by_the_number_in_their_names(folder: Path) -> None:
    for name in ("sem.loky-4711-abc", "torch_4711_1_0", "sem.loky-47110-abc", "x4711", "other"):
        (folder / name).touch()
    (folder / "joblib_memmapping_folder_4711_9f").mkdir()
    expected = ["joblib_memmapping_folder_4711_9f", "sem.loky-4711-abc", "torch_4711_1_0"]
    assert names(4711) == expected


def test_files_are_found_by_who_has_them_mapped(folder: Path) -> None:
    for name in ("mapped", "other"):
        (folder / name).write_bytes(bytes(4096))
    with (folder / "mapped").open("r+b") as file, mmap.mmap(file.fileno(), 4096):
        assert names(os.getpid()) == ["mapped"]
    assert names(os.getpid()) == []


@pytest.mark.parametrize("name", ["a\u2028b ", "a\x0bb ", "\udcff b", "a\nb "])
def test_a_mapped_file_of_an_odd_name_is_no_hindrance(tmp_path: Path, name: str) -> None:
    """What looks like the end of a line ended the supervisor, before it had ended the others."""
    place = tmp_path.joinpath(f"odd{name}", *tmp_path.parts[1:])  # ends as one in the folder does
    place.mkdir(parents=True)
    (tmp_path / "mapped").write_bytes(bytes(4096))
    (place / "x").write_bytes(bytes(4096))
    with (
        (place / "x").open("r+b") as odd,
        (tmp_path / "mapped").open("r+b") as plain,
        mmap.mmap(odd.fileno(), 4096),
        mmap.mmap(plain.fileno(), 4096),
    ):
        assert names(os.getpid()) == ["mapped"]


def test_a_user_for_sandboxes_alone_has_nothing_of_worth(folder: Path) -> None:
    (folder / "anything").touch()
    assert names() == []
    assert names(all_of_user=True) == ["anything"]
    assert sharedmemory.files_of([], os.getuid() + 1, all_of_user=True) == []


def test_files_folders_and_links_are_removed_and_nothing_behind_a_link(folder: Path) -> None:
    (folder / "deep/er").mkdir(parents=True)
    (folder / "kept").mkdir()
    (folder / "link").symlink_to(folder / "kept")
    (folder / "file").touch()
    stubborn = folder / "file" / "below"
    paths = [stubborn, folder / "deep", folder / "link", folder / "gone", folder / "file"]
    sharedmemory.remove(paths)
    assert [path.name for path in folder.iterdir()] == ["kept"]
