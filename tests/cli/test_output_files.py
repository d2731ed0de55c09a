"""Every file that a command writes: whole or not at all, and a disk's refusal is one sentence."""

from __future__ import annotations

import ast
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grader.cli import output_files
from grader.cli.main import main
from grader.core import busy_files
from grader.core.errors import UsageError
from grader.store.store import Store
from tests.course import graded
from tests.test_architecture import MODULES, room

MEND = "make room"


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file that is opened by a path now lies on a disk without room."""
    opened = Path.open

    def without_room(path: Path, mode: str = "r", **more: Any) -> object:
        return opened(Path("/dev/full") if "a" in mode else path, mode, **more)

    monkeypatch.setattr(Path, "open", without_room)


def test_a_secret_is_its_owners_alone_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"old")
    output_files.write_secret(path, b"new", MEND)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)
    assert [one.name for one in tmp_path.iterdir()] == ["key"]
    with pytest.raises(UsageError, match="cannot be written"):
        output_files.write_secret(tmp_path / "no" / "key", b"", MEND)


def test_files_come_piece_by_piece_with_their_folders(tmp_path: Path) -> None:
    chunks = [("a/one", b"1"), ("two", b"2"), ("a/one", b"11")]
    written = output_files.stream(tmp_path, chunks, MEND)
    assert written == [tmp_path / "a/one", tmp_path / "two"]
    assert [path.read_bytes() for path in written] == [b"111", b"2"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "one", "two"]


def test_what_breaks_off_leaves_all_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"old")

    def broken() -> Iterator[tuple[str, bytes]]:
        yield "one", b"new"
        yield "two", b"new"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        output_files.stream(tmp_path, broken(), MEND)
    assert [path.name for path in tmp_path.iterdir()] == ["one"]
    assert (tmp_path / "one").read_bytes() == b"old"


def test_a_link_stays_one_and_a_pipe_takes_what_comes(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"old")
    (tmp_path / "link").symlink_to("there")
    output_files.write(tmp_path / "link", b"new", MEND)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_bytes() == b"new"
    os.mkfifo(tmp_path / "pipe")
    end = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    output_files.write(tmp_path / "pipe", b"through", MEND)
    assert os.read(end, 100) == b"through"
    os.close(end)


@pytest.mark.parametrize("name", ["page", "../mine", "folder/mine"])
def test_nothing_is_written_through_a_link_that_leads_out_of_the_folder(
    tmp_path: Path, name: str
) -> None:
    """The folder may be somebody else's, and the file it leads to one's own."""
    folder, mine = tmp_path / "folder", tmp_path / "mine"
    folder.mkdir()
    mine.write_bytes(b"old")
    (folder / "page").symlink_to(mine)
    (folder / "folder").symlink_to(tmp_path)
    with pytest.raises(UsageError) as refused:
        output_files.write_all(folder, {"first": b"new", name: b"new"}, MEND)
    assert str(refused.value) == (
        f"{folder / name} leads out of {folder}; remove that link, or use another folder"
    )
    assert mine.read_bytes() == b"old"
    assert not (folder / "first").exists()


def test_what_is_appended_to_keeps_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"1")
    output_files.append(tmp_path / "log", b"2", MEND)
    assert (tmp_path / "log").read_bytes() == b"12"


@pytest.mark.parametrize(
    "writing",
    [
        lambda path: output_files.write(path, b"new", MEND),
        lambda path: output_files.append(path, b"new", MEND),
    ],
)
@pytest.mark.usefixtures("full")
def test_a_full_disk_is_one_sentence_and_the_file_is_as_it_was(
    tmp_path: Path, writing: Callable[[Path], None]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(UsageError) as refusal:
        writing(path)
    assert str(refusal.value) == f"{path} cannot be written (No space left on device); {MEND}"
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of files that programs have open, on Windows: none is replaced or removed."""
    names: set[str] = set()

    def refusing(act: Callable[..., Any]) -> Callable[..., Any]:
        def bounded(path: Path, *to: Path, **more: Any) -> Any:
            if names & {place.name for place in (path, *to)}:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return act(path, *to, **more)

        return bounded

    for name in ("rename", "replace", "unlink"):
        monkeypatch.setattr(Path, name, refusing(getattr(Path, name)))
    monkeypatch.setattr(busy_files, "WINDOWS", True)
    monkeypatch.setattr(busy_files, "WAITS", (0,))
    return names


def test_what_somebody_has_open_is_one_sentence_and_all_are_as_they_were(
    tmp_path: Path, opened: set[str]
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"old")
    opened.add("two")
    told = rf"two cannot be \w+ \(Permission denied: close the program that has it open\); {MEND}"
    with pytest.raises(UsageError, match=told):
        output_files.write_all(tmp_path, {"one": b"new", "two": b"new"}, MEND)
    with pytest.raises(UsageError, match=told):
        output_files.write_secret(tmp_path / "two", b"new", MEND)
    with pytest.raises(UsageError, match=told):
        output_files.remove(tmp_path / "two", MEND)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "one": b"old",
        "two": b"old",
    }


def test_a_file_a_folder_and_a_link_itself_are_removed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("folder")
    for name in ("link", "folder", "none"):
        output_files.remove(tmp_path / name, MEND)
        assert (name, (tmp_path / "folder" / "file").exists()) == (name, name == "link")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (["mark", "results", "--export", "w.csv"], "w.csv"),
        (["report", "results", "--format", "csv", "--out", "again"], "again/grades.csv"),
        (["schema", "schemas"], "schemas/assignment.json"),
        (["schema", "schemas", "--page", "page.md"], "schemas/assignment.json"),
        (["new", "mine"], "rubrics/schema/assignment.json"),
        (["quiz", "make", "--assignment", "dais2021-a4"], "quiz.xml"),
        (["purge", "results", "--yes"], "results/statistics.json"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_no_command_takes_a_full_disk_for_its_own_bug(
    words: list[str],
    file: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    if "results" in words:
        (tmp_path / "results").mkdir()
        found = graded(tmp_path / "results", 1)
        monkeypatch.setattr("grader.assignment.rubric.find", lambda name, **_: found)
    monkeypatch.chdir(tmp_path)
    request.getfixturevalue("full")
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"grader: {file} cannot be written (No space left on device); ")
    if "results" in words:
        with Store(tmp_path / "results" / "grader.sqlite") as store:
            assert len(store.students()) == 1


def test_nothing_else_of_the_command_line_opens_or_removes_a_file() -> None:
    """Else a full disk, or who has it open, would be told as the grader's own failure."""
    writers = {"write_bytes", "write_text", "open", "unlink", "rmtree", "read_bytes"}
    for name, path in MODULES.items():
        if room(name) != "cli" or name == "grader.cli.output_files":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            word = getattr(called, "attr", getattr(called, "id", ""))
            assert word not in writers, f"{name}: {ast.unparse(node)}"


def test_a_folder_in_a_files_place_leaves_all_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"old")
    (tmp_path / "two").mkdir()
    with pytest.raises(UsageError) as refusal:
        output_files.write_all(tmp_path, {"one": b"new", "two": b"new"}, MEND)
    assert str(refusal.value) == f"{tmp_path / 'two'} cannot be written (Is a directory); {MEND}"
    assert (tmp_path / "one").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_file_in_a_folders_place_is_told_by_what_was_to_be_written(tmp_path: Path) -> None:
    (tmp_path / "students").write_bytes(b"old")
    with pytest.raises(UsageError) as refusal:
        output_files.write_all(tmp_path, {"students/ada.html": b"new"}, MEND)
    target = tmp_path / "students/ada.html"
    assert str(refusal.value) == f"{target} cannot be written (File exists); {MEND}"
    assert (tmp_path / "students").read_bytes() == b"old"


def test_what_an_ended_run_left_beside_a_file_is_not_in_the_next(tmp_path: Path) -> None:
    (tmp_path / f"one.{os.getpid()}.part").write_bytes(b"left")
    output_files.write(tmp_path / "one", b"new", MEND)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one": b"new"}
